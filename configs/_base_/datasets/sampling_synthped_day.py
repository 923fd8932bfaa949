# SynthPed day for methods that draw from noise: images without labels, in the size that re-ID reads them in.
train_dataloader = dict(
    batch_size=64,  # images a process
    num_workers=0,  # on two cores the training itself needs both
    drop_last=True,
    collate_fn=dict(type="default_collate"),
    sampler=dict(type="ShuffleSampler"),
    dataset=dict(
        type="SynthPed",
        root="data/synthped-day",
        split="train",
        transforms=[dict(type="Resize", height=128, width=64), dict(type="RandomFlip")],
    ),
)
