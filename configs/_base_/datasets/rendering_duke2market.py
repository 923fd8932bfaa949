# DukeMTMC-reID (source) and Market-1501 (target), unpaired, with masks of the persons: 16,522 and 12,936 training images, 16,522 items an epoch.
# Masks: any person segmentation, written as <root>/masks/<folder>/<stem>.png for each <root>/<folder>/<stem>.jpg, of its
# size, 255 person and 0 rest; none is shipped. tools/extract_pose.py finds some. EllipseMask in the place of LoadMask needs none.
_transforms = [dict(type="LoadMask"), dict(type="Resize", height=256, width=128), dict(type="RandomFlip")]
train_dataloader = dict(
    batch_size=16,  # images of each domain, a process
    num_workers=4,
    persistent_workers=True,
    drop_last=True,
    collate_fn=dict(type="default_collate"),
    sampler=dict(type="ShuffleSampler"),
    dataset=dict(
        type="UnpairedImages",
        distinct=True,
        source=dict(type="DukeMTMCreID", root="data/dukemtmc-reid", split="train", transforms=_transforms),
        target=dict(type="Market1501", root="data/market1501", split="train", transforms=_transforms),
    ),
)
