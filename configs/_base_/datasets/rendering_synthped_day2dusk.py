# SynthPed day (source) and dusk (target), unpaired, with the renderer's masks of the persons: `make synthped` renders both.
_transforms = [dict(type="LoadMask"), dict(type="Resize", height=128, width=64), dict(type="RandomFlip")]
train_dataloader = dict(
    batch_size=4,  # images of each domain, a process
    num_workers=0,  # on two cores the training itself needs both
    drop_last=True,
    collate_fn=dict(type="default_collate"),
    sampler=dict(type="ShuffleSampler"),
    dataset=dict(
        type="UnpairedImages",
        distinct=True,
        source=dict(type="SynthPed", root="data/synthped-day", split="train", transforms=_transforms),
        target=dict(type="SynthPed", root="data/synthped-dusk", split="train", transforms=_transforms),
    ),
)
