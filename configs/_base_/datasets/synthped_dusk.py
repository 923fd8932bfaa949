# SynthPed, domain dusk: python tools/make_synthped.py --out data/synthped-dusk --domain dusk
_root = "data/synthped-dusk"
_size = dict(height=128, width=64)
train_dataloader = dict(
    batch_size=64,  # images a process
    num_workers=0,  # on two cores the training itself needs both
    drop_last=True,
    collate_fn=dict(type="default_collate"),
    sampler=dict(type="ShuffleSampler"),
    dataset=dict(
        type="SynthPed",
        root=_root,
        split="train",
        transforms=[dict(type="Resize", **_size), dict(type="PadCrop", padding=5), dict(type="RandomFlip")],
    ),
)
test_dataloader = dict(
    batch_size=128,
    num_workers=0,
    collate_fn=dict(type="default_collate"),
    sampler=dict(type="DefaultSampler", shuffle=False),
    dataset=dict(type="SynthPed", root=_root, split="test", transforms=[dict(type="Resize", **_size)]),
)
