# DCGAN on SynthPed day: persons of 128 x 64 from noise.
# train:      python tools/train.py configs/dcgan/dcgan_conv4_synthped-day.py
# sample:     python tools/sample.py configs/dcgan/dcgan_conv4_synthped-day.py work_dirs/dcgan_conv4_synthped-day/epoch_20.pth \
#             --out data/synthped-day-dcgan --count 2946
# expect:     see model_zoo/README.md
_base_ = ["../_base_/datasets/sampling_synthped_day.py", "../_base_/runtime/sampling.py"]

_size = (128, 64)
model = dict(
    type="DCGAN",
    generator=dict(type="DCGANGenerator", width=16, image_size=_size),
    discriminator=dict(type="DCGANDiscriminator", width=16, image_size=_size),
)
# fused: one pass over all parameters
_adam = dict(type="Adam", lr=5e-4, betas=(0.5, 0.999), fused=True)
_wrapper = dict(type="AutocastOptimWrapper", precision="bf16", optimizer=_adam)
optim_wrapper = dict(constructor="MethodOptimWrapperConstructor", generator=_wrapper, discriminator=_wrapper)
train_cfg = dict(type="SeededEpochLoop", max_epochs=20)  # of 46 steps
