# DeepFashion (in-shop) for methods that draw persons in other poses, with the annotation file of Deformable GAN's authors.
# Names as in that file: fashionWOMENShortsid0000074801_2side.jpg is a person, a garment and a view.
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
        annotations="fasion-annotation-train.csv",  # beside the folder train/
        dataset=dict(
            type="ImageFolder",
            root="data/deepfashion",
            split="train",
            pattern=r"(?P<pid>.+id\d+)_.+",
            transforms=[dict(type="Resize", height=256, width=256)],
        ),
    ),
)
