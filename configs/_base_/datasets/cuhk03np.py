# CUHK03-NP, detected boxes: 7,365 training images of 767 identities, 1,400 queries, 2 cameras.
# How the folder must look: docs/datasets.md.
_root = "data/cuhk03-np"
_size = dict(height=256, width=128)
train_dataloader = dict(
    batch_size=128,  # images a process
    num_workers=4,
    persistent_workers=True,
    drop_last=True,
    collate_fn=dict(type="default_collate"),
    sampler=dict(type="ShuffleSampler"),
    dataset=dict(
        type="CUHK03NP",
        root=_root,
        boxes="detected",
        split="train",
        transforms=[dict(type="RandomRectCrop", **_size), dict(type="RandomFlip")],  # as CamStyle and HHL released them
    ),
)
test_dataloader = dict(
    batch_size=128,
    num_workers=4,
    collate_fn=dict(type="default_collate"),
    sampler=dict(type="DefaultSampler", shuffle=False),
    dataset=dict(
        type="CUHK03NP",
        root=_root,
        boxes="detected",
        split="test",
        transforms=[dict(type="Resize", interpolation="bicubic", **_size)],
    ),
)
