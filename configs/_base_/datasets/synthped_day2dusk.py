# SynthPed, trained on day and tested on dusk (direct transfer): `make synthped` renders both.
_size = dict(height=128, width=64)
train_dataloader = dict(
    batch_size=64,  # images a process
    num_workers=0,  # on two cores the training itself needs both
    drop_last=True,
    collate_fn=dict(type="default_collate"),
    sampler=dict(type="ShuffleSampler"),
    dataset=dict(
        type="SynthPed",
        root="data/synthped-day",
        split="train",
        transforms=[dict(type="Resize", **_size), dict(type="PadCrop", padding=5), dict(type="RandomFlip")],
    ),
)
test_dataloader = dict(
    batch_size=128,
    num_workers=0,
    collate_fn=dict(type="default_collate"),
    sampler=dict(type="DefaultSampler", shuffle=False),
    dataset=dict(type="SynthPed", root="data/synthped-dusk", split="test", transforms=[dict(type="Resize", **_size)]),
)
