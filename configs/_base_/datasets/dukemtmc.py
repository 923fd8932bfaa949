# DukeMTMC-reID: 16,522 training images of 702 identities, 2,228 queries, 8 cameras; withdrawn by its makers in 2019.
# How the folder must look: docs/datasets.md.
_root = "data/dukemtmc-reid"
_size = dict(height=256, width=128)
train_dataloader = dict(
    batch_size=128,  # images a process
    num_workers=4,
    persistent_workers=True,
    drop_last=True,
    collate_fn=dict(type="default_collate"),
    sampler=dict(type="ShuffleSampler"),
    dataset=dict(
        type="DukeMTMCreID",
        root=_root,
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
        type="DukeMTMCreID",
        root=_root,
        split="test",
        transforms=[dict(type="Resize", interpolation="bicubic", **_size)],
    ),
)
