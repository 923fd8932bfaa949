# Deformable GAN on SynthPed day, ablation: deformable skips, L1 between pixels.
# train:      python tools/train.py configs/deformable/deformable-dsc_unet6_synthped-day.py
# expect:     see model_zoo/README.md
# differs:    a quarter of the channels
_base_ = ["../_base_/datasets/pose_synthped_day.py", "../_base_/runtime/pose_transfer.py"]

model = dict(
    type="DeformableGAN",
    generator=dict(type="DeformableGenerator", width=16),
    discriminator=dict(type="DeformableDiscriminator", width=16),
    reconstruction_loss=dict(type="L1Loss"),
    reconstruction_weight=100.0,
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
