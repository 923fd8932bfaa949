# SynthPed, each training image of dusk with one of day whose context its person is rendered in; tested on day: `make synthped` renders both.
_mask = dict(type="LoadMask")
_resize = dict(type="Resize", height=128, width=64)
_flip = dict(type="RandomFlip")
train_dataloader = dict(
    batch_size=64,  # images a process, and as many contexts
    num_workers=0,  # on two cores the training itself needs both
    drop_last=True,
    collate_fn=dict(type="default_collate"),
    sampler=dict(type="ShuffleSampler"),
    dataset=dict(
        type="SourceInContexts",
        distinct=True,
        source=dict(
            type="SynthPed",
            root="data/synthped-dusk",
            split="train",
            transforms=[_mask, _resize, dict(type="PadCrop", padding=5), _flip],
        ),
        target=dict(type="SynthPed", root="data/synthped-day", split="train", transforms=[_mask, _resize, _flip]),
    ),
)
test_dataloader = dict(
    batch_size=128,
    num_workers=0,
    collate_fn=dict(type="default_collate"),
    sampler=dict(type="DefaultSampler", shuffle=False),
    dataset=dict(type="SynthPed", root="data/synthped-day", split="test", transforms=[_resize]),
)
