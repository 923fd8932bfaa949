# MSMT17, trained on list_train and list_val: 32,621 images of 1,041 identities, 11,659 queries, 15 cameras.
# How the folder must look: docs/datasets.md.
_root = "data/msmt17"
_size = dict(height=256, width=128)
train_dataloader = dict(
    batch_size=128,  # images a process
    num_workers=4,
    persistent_workers=True,
    drop_last=True,
    collate_fn=dict(type="default_collate"),
    sampler=dict(type="ShuffleSampler"),
    dataset=dict(
        type="MSMT17",
        root=_root,
        with_val=True,
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
        type="MSMT17",
        root=_root,
        with_val=True,
        split="test",
        transforms=[dict(type="Resize", interpolation="bicubic", **_size)],
    ),
)
