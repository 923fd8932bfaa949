# DukeMTMC-reID with itself, for the pairs of cameras that tools/camstyle.py names: 8 cameras, hence 28 pairs.
# 256 x 256 although persons are upright: as CamStyle released it.
_transforms = [
    dict(type="Resize", height=286, width=286, interpolation="bicubic"),
    dict(type="RandomCrop", height=256, width=256),
    dict(type="RandomFlip"),
]
train_dataloader = dict(
    batch_size=1,  # images of each camera, a process
    num_workers=4,
    persistent_workers=True,
    drop_last=True,
    collate_fn=dict(type="default_collate"),
    sampler=dict(type="ShuffleSampler"),
    dataset=dict(
        type="UnpairedImages",
        source=dict(type="DukeMTMCreID", root="data/dukemtmc-reid", split="train", transforms=_transforms),
        target=dict(type="DukeMTMCreID", root="data/dukemtmc-reid", split="train", transforms=_transforms),
    ),
)
