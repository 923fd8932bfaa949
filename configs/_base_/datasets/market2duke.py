# Trained on Market-1501 and tested on DukeMTMC-reID, both as SPGAN's IDE sees them: 224 x 224 and no crop.
# How the folders must look: docs/datasets.md. Images of a translation take the place of the training set in configs.
_size = dict(height=224, width=224)
train_dataloader = dict(
    batch_size=16,  # images a process
    num_workers=4,
    persistent_workers=True,
    drop_last=True,
    collate_fn=dict(type="default_collate"),
    sampler=dict(type="ShuffleSampler"),
    dataset=dict(
        type="Market1501",
        root="data/market1501",
        split="train",
        transforms=[dict(type="Resize", **_size), dict(type="RandomFlip")],
    ),
)
test_dataloader = dict(
    batch_size=128,
    num_workers=4,
    collate_fn=dict(type="default_collate"),
    sampler=dict(type="DefaultSampler", shuffle=False),
    dataset=dict(
        type="DukeMTMCreID",
        root="data/dukemtmc-reid",
        split="test",
        transforms=[dict(type="Resize", **_size)],
    ),
)
