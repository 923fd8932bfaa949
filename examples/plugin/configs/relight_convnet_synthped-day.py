# Relight, the method of the example plugin, on SynthPed day.
# train:  python tools/train.py examples/plugin/configs/relight_convnet_synthped-day.py
# test:   python tools/test.py examples/plugin/configs/relight_convnet_synthped-day.py CHECKPOINT
_size = dict(height=128, width=64)
_loader = dict(num_workers=0, collate_fn=dict(type="default_collate"))
_data = dict(type="SynthPed", root="data/synthped-day")
_epochs = 15

default_scope = "reidzoo"
randomness = dict(seed=0)
model = dict(
    type="Relight",
    backbone=dict(type="RelightConvNet", width=16),
    generator=dict(type="ColourGenerator"),
    discriminator=dict(type="LightPatchDiscriminator"),
    adversarial_loss=dict(type="LeastSquaresScore"),
    id_loss=dict(type="CrossEntropy", label_smoothing=0.1),
)
_adam = dict(type="AutocastOptimWrapper", optimizer=dict(type="Adam", lr=2e-4, betas=(0.5, 0.999)))
optim_wrapper = dict(
    constructor="MethodOptimWrapperConstructor",  # one optimiser for each name in Relight.optimized()
    generators=_adam,
    discriminators=_adam,
    embedders=dict(type="AutocastOptimWrapper", optimizer=dict(type="AdamW", lr=2e-3, weight_decay=5e-4)),
)
_cosine = [dict(type="CosineAnnealingLR", T_max=_epochs, by_epoch=True, convert_to_iter_based=True)]
param_scheduler = dict(generators=[], discriminators=[], embedders=_cosine)
train_cfg = dict(type="SeededEpochLoop", max_epochs=_epochs)
train_dataloader = dict(
    batch_size=64,
    drop_last=True,
    sampler=dict(type="ShuffleSampler"),
    dataset=dict(split="train", transforms=[dict(type="Resize", **_size), dict(type="RandomFlip")], **_data),
    **_loader,
)
test_dataloader = dict(
    batch_size=128,
    sampler=dict(type="DefaultSampler", shuffle=False),
    dataset=dict(split="test", transforms=[dict(type="Resize", **_size)], **_data),
    **_loader,
)
test_cfg = dict(type="TestLoop")
test_evaluator = dict(type="RetrievalMetric")
custom_hooks = [dict(type="RelitImagesHook", count=4)]
default_hooks = dict(checkpoint=dict(type="CheckpointHook", interval=1, max_keep_ckpts=1))
