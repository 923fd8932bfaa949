# Deformable GAN on SynthPed day: the full objective, nearest neighbours in the first layer of our studio network.
# train:      python tools/train.py configs/deformable/deformable_unet6_synthped-day.py
# expect:     see model_zoo/README.md
# differs:    a quarter of the channels; OSNet's first convolution for VGG-19, whose weights nobody can bring along, and
#             a weight of the distance such that it starts where L1 on pixels x 100 does
_base_ = ["../_base_/datasets/pose_synthped_day.py", "../_base_/runtime/pose_transfer.py"]

model = dict(
    type="DeformableGAN",
    generator=dict(type="DeformableGenerator", width=16),
    discriminator=dict(type="DeformableDiscriminator", width=16),
    reconstruction_loss=dict(type="NearestNeighbourLoss", window=3),
    reconstruction_weight=5.0,
    features=dict(type="OSNet", width=0.25, weights="model_zoo/checkpoints/osnet-x0-25_synthped-studio.safetensors"),
    feature_layer="conv1",
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
