# LSGAN on SynthPed day: persons of 64 x 32 from noise, by residual networks and least squares.
# train:      python tools/train.py configs/lsgan/lsgan_res5_synthped-day.py
# sample:     python tools/sample.py configs/lsgan/lsgan_res5_synthped-day.py work_dirs/lsgan_res5_synthped-day/epoch_32.pth \
#             --out data/synthped-day-lsgan --count 2954
# expect:     see model_zoo/README.md
_base_ = ["../_base_/datasets/sampling_synthped_day.py", "../_base_/runtime/sampling.py"]

model = dict(
    type="LSGAN",
    generator=dict(type="LSGANGenerator", width=16, image_size=[64, 32]),
    discriminator=dict(type="LSGANDiscriminator", width=16),
)
_adam = dict(type="Adam", betas=(0.0, 0.999), fused=True)  # one pass over all parameters
_wrapper = dict(type="AutocastOptimWrapper", precision="bf16")
optim_wrapper = dict(
    constructor="MethodOptimWrapperConstructor",
    generator=dict(optimizer=dict(lr=6e-4, **_adam), **_wrapper),
    discriminator=dict(optimizer=dict(lr=1.2e-3, **_adam), **_wrapper),
)
train_cfg = dict(type="SeededEpochLoop", max_epochs=32)  # of 92 steps
default_hooks = dict(checkpoint=dict(interval=4))
custom_hooks = [dict(type="SampleGridHook", interval=4)]
