# CamStyle's CycleGAN on SynthPed day, one for each of 15 pairs of cameras: all images in the style of each other camera.
# all pairs:   python tools/camstyle.py configs/camstyle/camstyle_resnet3_synthped-day.py      (tools/train.py would mix the cameras)
# and re-ID:   python tools/run_stages.py configs/camstyle/camstyle_resnet3_synthped-day.py configs/camstyle/camstyle_osnet-x0-25_synthped-day.py
# expect:      see model_zoo/README.md
_base_ = ["../_base_/datasets/translation_synthped_day.py", "../_base_/runtime/translation.py"]

_epochs = 4  # of about 250 steps for a pair of cameras; the rate goes to 0 in the last two
model = dict(
    type="CycleGAN",
    generator=dict(type="ResNetGenerator", width=16, blocks=3, residual=True),
    discriminator=dict(type="PatchDiscriminator", width=16, layers=3),
)
# as in cyclegan_resnet3_synthped-day2dusk.py, which says why the two rates differ
_adam = dict(type="Adam", betas=(0.5, 0.999), fused=True)
_wrapper = dict(type="AutocastOptimWrapper", precision="bf16")
optim_wrapper = dict(
    constructor="MethodOptimWrapperConstructor",
    generators=dict(optimizer=dict(lr=5e-4, **_adam), **_wrapper),
    discriminators=dict(optimizer=dict(lr=1e-4, **_adam), **_wrapper),
)
_decay = dict(start_factor=1.0, end_factor=0.0, begin=2, end=_epochs, convert_to_iter_based=True)
param_scheduler = [dict(type="LinearLR", **_decay)]
train_cfg = dict(type="SeededEpochLoop", max_epochs=_epochs)
