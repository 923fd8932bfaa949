# SynthPed day for DG-Net: each training image with another one of its person.
_root = "data/synthped-day"
_size = dict(height=128, width=64)
train_dataloader = dict(
    batch_size=16,  # 8 pairs of images, each with its positive
    num_workers=0,  # on two cores the training itself needs both
    drop_last=True,
    collate_fn=dict(type="default_collate"),
    sampler=dict(type="ShuffleSampler"),
    dataset=dict(
        type="PositivePairs",
        dataset=dict(
            type="SynthPed",
            root=_root,
            split="train",
            transforms=[
                dict(type="RandomFlip"),
                dict(type="Resize", **_size),
                dict(type="PadCrop", padding=5, fill="edge"),
            ],
        ),
    ),
)
test_dataloader = dict(
    batch_size=128,
    num_workers=0,
    collate_fn=dict(type="default_collate"),
    sampler=dict(type="DefaultSampler", shuffle=False),
    dataset=dict(type="SynthPed", root=_root, split="test", transforms=[dict(type="Resize", **_size)]),
)
