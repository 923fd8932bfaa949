# SynthPed day for methods that draw persons in other poses: pairs of images of one person, with its exact poses.
# Nothing is mirrored: of source and target each would be for itself, and the mirror image of a person is somebody else.
train_dataloader = dict(
    batch_size=8,  # pairs a process
    num_workers=0,  # on two cores the training itself needs both
    drop_last=True,
    collate_fn=dict(type="default_collate"),
    sampler=dict(type="ShuffleSampler"),
    dataset=dict(
        type="PosePairs",
        annotations="keypoints-train.csv",
        dataset=dict(
            type="SynthPed",
            root="data/synthped-day",
            split="train",
            transforms=[dict(type="Resize", height=128, width=64)],
        ),
    ),
)
