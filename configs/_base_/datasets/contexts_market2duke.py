# Each training image of Market-1501 with one of DukeMTMC-reID whose context its person is rendered in; tested on DukeMTMC-reID.
# Masks of the persons, for training: see rendering_market2duke.py.
_mask = dict(type="LoadMask")
_resize = dict(type="Resize", height=256, width=128)
_transforms = [_mask, _resize, dict(type="RandomFlip")]
train_dataloader = dict(
    batch_size=64,  # images a process, and as many contexts
    num_workers=4,
    persistent_workers=True,
    drop_last=True,
    collate_fn=dict(type="default_collate"),
    sampler=dict(type="ShuffleSampler"),
    dataset=dict(
        type="SourceInContexts",
        distinct=True,
        source=dict(type="Market1501", root="data/market1501", split="train", transforms=_transforms),
        target=dict(type="DukeMTMCreID", root="data/dukemtmc-reid", split="train", transforms=_transforms),
    ),
)
test_dataloader = dict(
    batch_size=128,
    num_workers=4,
    collate_fn=dict(type="default_collate"),
    sampler=dict(type="DefaultSampler", shuffle=False),
    dataset=dict(type="DukeMTMCreID", root="data/dukemtmc-reid", split="test", transforms=[_resize]),
)
