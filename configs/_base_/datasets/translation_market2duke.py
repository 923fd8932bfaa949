# Market-1501 (source) and DukeMTMC-reID (target), unpaired: 12,936 and 16,522 training images, 16,522 items an epoch.
# One translation serves both directions. Images of Market have 128 x 64 pixels, those of Duke many sizes.
_transforms = [  # as SPGAN's authors released them in PyTorch
    dict(type="Resize", height=286, width=144, interpolation="bicubic"),
    dict(type="RandomCrop", height=256, width=128),
    dict(type="RandomFlip"),
]
train_dataloader = dict(
    batch_size=8,  # images of each domain, a process
    num_workers=4,
    persistent_workers=True,
    drop_last=True,
    collate_fn=dict(type="default_collate"),
    sampler=dict(type="ShuffleSampler"),
    dataset=dict(
        type="UnpairedImages",
        source=dict(type="Market1501", root="data/market1501", split="train", transforms=_transforms),
        target=dict(type="DukeMTMCreID", root="data/dukemtmc-reid", split="train", transforms=_transforms),
    ),
)
