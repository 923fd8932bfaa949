# SynthPed day with itself, for the pairs of cameras that tools/camstyle.py names: 6 cameras, hence 15 pairs.
_transforms = [dict(type="Resize", height=128, width=64), dict(type="RandomFlip")]
train_dataloader = dict(
    batch_size=2,  # images of each camera, a process
    num_workers=0,  # on two cores the training itself needs both
    drop_last=True,
    collate_fn=dict(type="default_collate"),
    sampler=dict(type="ShuffleSampler"),
    dataset=dict(
        type="UnpairedImages",
        source=dict(type="SynthPed", root="data/synthped-day", split="train", transforms=_transforms),
        target=dict(type="SynthPed", root="data/synthped-day", split="train", transforms=_transforms),
    ),
)
