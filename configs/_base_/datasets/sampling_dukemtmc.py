# DukeMTMC-reID for methods that draw from noise. 128 x 128 although persons are upright: as LSRO released it.
train_dataloader = dict(
    batch_size=64,  # images a process
    num_workers=4,
    persistent_workers=True,
    drop_last=True,
    collate_fn=dict(type="default_collate"),
    sampler=dict(type="ShuffleSampler"),
    dataset=dict(
        type="DukeMTMCreID",
        root="data/dukemtmc-reid",
        split="train",
        transforms=[dict(type="Resize", height=128, width=128)],
    ),
)
