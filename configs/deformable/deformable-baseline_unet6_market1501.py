# Deformable GAN on Market-1501, ablation: a U-Net with plain skips, L1 between pixels.
# train:      python tools/train.py configs/deformable/deformable-baseline_unet6_market1501.py
# published:  90,000 steps of 4 pairs, about 30 epochs as counted here
_base_ = ["../_base_/datasets/pose_market1501.py", "../_base_/runtime/pose_transfer.py"]

model = dict(
    type="DeformableGAN",
    generator=dict(type="DeformableGenerator", deformable=False),
    discriminator=dict(type="DeformableDiscriminator"),
    reconstruction_loss=dict(type="L1Loss"),
    reconstruction_weight=100.0,
)
_adam = dict(type="AutocastOptimWrapper", optimizer=dict(type="Adam", lr=2e-4, betas=(0.5, 0.999)))
optim_wrapper = dict(constructor="MethodOptimWrapperConstructor", generator=_adam, discriminator=_adam)
train_cfg = dict(type="SeededEpochLoop", max_epochs=30)  # of 3,029 steps where all 12,116 valid images have a partner
