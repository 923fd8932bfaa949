# SynthPed day for methods that draw from noise: images without labels, at half the size that re-ID reads (LSRO: 128 of 256).
train_dataloader = dict(
    batch_size=32,  # images a process
    num_workers=0,  # on two cores the training itself needs both
    drop_last=True,
    collate_fn=dict(type="default_collate"),
    sampler=dict(type="ShuffleSampler"),
    dataset=dict(
        type="SynthPed",
        root="data/synthped-day",
        split="train",
        transforms=[dict(type="Resize", height=64, width=32), dict(type="RandomFlip")],
    ),
)
