# GAN on SynthPed day: the minimax game of 2014 between DCGAN's networks, persons of 64 x 32 from noise.
# train:      python tools/train.py configs/gan/gan_conv4_synthped-day.py
# sample:     python tools/sample.py configs/gan/gan_conv4_synthped-day.py work_dirs/gan_conv4_synthped-day/epoch_32.pth \
#             --out data/synthped-day-gan --count 2954
# expect:     see model_zoo/README.md
_base_ = ["../_base_/datasets/sampling_synthped_day.py", "../_base_/runtime/sampling.py"]

model = dict(
    type="GAN",
    generator=dict(type="DCGANGenerator", width=24, image_size=[64, 32]),
    discriminator=dict(type="DCGANDiscriminator", width=24, image_size=[64, 32]),
    adversarial_loss=dict(type="VanillaGANLoss", game="minimax"),
)
# fused: one pass over all parameters
_adam = dict(type="Adam", lr=3e-4, betas=(0.5, 0.999), fused=True)
_wrapper = dict(type="AutocastOptimWrapper", precision="bf16", optimizer=_adam)
optim_wrapper = dict(constructor="MethodOptimWrapperConstructor", generator=_wrapper, discriminator=_wrapper)
train_cfg = dict(type="SeededEpochLoop", max_epochs=32)  # of 92 steps
default_hooks = dict(checkpoint=dict(interval=4))
custom_hooks = [dict(type="SampleGridHook", interval=4)]
