# Deformable GAN on SynthPed day: nearest neighbours among pixels, in place of those among features.
# train:      python tools/train.py configs/deformable/deformable-pixels_unet6_synthped-day.py
# expect:     see model_zoo/README.md
# differs:    a quarter of the channels. OSNet's first convolution, the features of deformable_unet6_synthped-day.py, hardly
#             answers to a pattern of single pixels, and the generator draws one; pixels themselves do
_base_ = ["../_base_/datasets/pose_synthped_day.py", "../_base_/runtime/pose_transfer.py"]

model = dict(
    type="DeformableGAN",
    generator=dict(type="DeformableGenerator", width=16),
    discriminator=dict(type="DeformableDiscriminator", width=16),
    reconstruction_loss=dict(type="NearestNeighbourLoss", window=3),
    reconstruction_weight=100.0,  # L1's number, but the loss sums three channels
)
# fused: one pass over all parameters. G learns five times as fast as released, for a sixtieth of the steps.
_adam = dict(type="Adam", betas=(0.5, 0.999), fused=True)
_wrapper = dict(type="AutocastOptimWrapper", precision="bf16")
optim_wrapper = dict(
    constructor="MethodOptimWrapperConstructor",
    generator=dict(optimizer=dict(lr=1e-3, **_adam), **_wrapper),
    discriminator=dict(optimizer=dict(lr=2e-4, **_adam), **_wrapper),
)
train_cfg = dict(type="SeededEpochLoop", max_epochs=5)  # of 296 steps
