# Market-1501 for methods that draw persons in other poses, with the annotation file of Deformable GAN's authors.
# Nothing is mirrored: of source and target each would be for itself, and the mirror image of a person is somebody else.
train_dataloader = dict(
    batch_size=4,  # pairs a process
    num_workers=4,
    persistent_workers=True,
    drop_last=True,
    collate_fn=dict(type="default_collate"),
    sampler=dict(type="ShuffleSampler"),
    dataset=dict(
        type="PosePairs",
        annotations="market-annotation-train.csv",  # beside the folders of images
        dataset=dict(
            type="Market1501",
            root="data/market1501",
            split="train",
            transforms=[dict(type="Resize", height=128, width=64)],
        ),
    ),
)
