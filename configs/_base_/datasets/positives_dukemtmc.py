# DukeMTMC-reID for DG-Net: each training image with another one of its person.
# How the folder must look: docs/datasets.md.
_root = "data/dukemtmc-reid"
_size = dict(height=256, width=128, interpolation="bicubic")
train_dataloader = dict(
    batch_size=16,  # 8 pairs of images a process, each with its positive
    num_workers=4,
    persistent_workers=True,
    drop_last=True,
    collate_fn=dict(type="default_collate"),
    sampler=dict(type="ShuffleSampler"),
    dataset=dict(
        type="PositivePairs",
        dataset=dict(
            type="DukeMTMCreID",
            root=_root,
            split="train",
            transforms=[
                dict(type="RandomFlip"),
                dict(type="Resize", **_size),
                dict(type="PadCrop", padding=10, fill="edge"),
            ],
        ),
    ),
)
test_dataloader = dict(
    batch_size=128,
    num_workers=4,
    collate_fn=dict(type="default_collate"),
    sampler=dict(type="DefaultSampler", shuffle=False),
    dataset=dict(
        type="DukeMTMCreID",
        root=_root,
        split="test",
        transforms=[dict(type="Resize", **_size)],
    ),
)
