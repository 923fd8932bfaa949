# DCGAN on a quarter of SynthPed day, for as many steps as on all of it.
# train:      python tools/train.py configs/dcgan/dcgan-quarter_conv4_synthped-day.py
# sample:     python tools/sample.py configs/dcgan/dcgan-quarter_conv4_synthped-day.py work_dirs/dcgan-quarter_conv4_synthped-day/epoch_84.pth \
#             --out data/synthped-day-dcgan-quarter --count 2946
# expect:     see model_zoo/README.md
_base_ = ["../_base_/datasets/sampling_synthped_day.py", "../_base_/runtime/sampling.py"]

_size = (128, 64)
model = dict(
    type="DCGAN",
    generator=dict(type="DCGANGenerator", width=16, image_size=_size),
    discriminator=dict(type="DCGANDiscriminator", width=16, image_size=_size),
)
train_dataloader = dict(dataset=dict(share=0.25))
# fused: one pass over all parameters
_adam = dict(type="Adam", lr=5e-4, betas=(0.5, 0.999), fused=True)
_wrapper = dict(type="AutocastOptimWrapper", precision="bf16", optimizer=_adam)
optim_wrapper = dict(constructor="MethodOptimWrapperConstructor", generator=_wrapper, discriminator=_wrapper)
train_cfg = dict(type="SeededEpochLoop", max_epochs=84)  # of 11 steps
default_hooks = dict(checkpoint=dict(interval=12))
custom_hooks = [dict(type="SampleGridHook", interval=12)]
