# SynthPed day (source) and dusk (target), unpaired: `make synthped` renders both. One translation serves both directions.
_transforms = [dict(type="Resize", height=128, width=64), dict(type="RandomFlip")]
train_dataloader = dict(
    batch_size=2,  # images of each domain, a process
    num_workers=0,  # on two cores the training itself needs both
    drop_last=True,
    collate_fn=dict(type="default_collate"),
    sampler=dict(type="ShuffleSampler"),
    dataset=dict(
        type="UnpairedImages",
        source=dict(type="SynthPed", root="data/synthped-day", split="train", transforms=_transforms),
        target=dict(type="SynthPed", root="data/synthped-dusk", split="train", transforms=_transforms),
    ),
)
