# CR-GAN: persons of Market-1501 rendered into the contexts of DukeMTMC-reID; needs masks of both sets.
# train:       tools/dist_train.sh configs/cr_gan/cr-gan_unet_market2duke.py 1      (or python tools/train.py CONFIG)
# both stages: python tools/run_stages.py configs/ide/ide_resnet50_market1501.py configs/cr_gan/cr-gan_unet_market2duke.py
# masks:       see configs/_base_/datasets/rendering_market2duke.py
# ours:        all numbers below, for want of a source; withdrawn data
_base_ = ["../_base_/datasets/rendering_market2duke.py", "../_base_/runtime/rendering.py"]

_epochs = 60  # of 1,032 steps; the rate falls to 0 over the second half
model = dict(
    type="CRGAN",
    generator=dict(type="CRGANGenerator", width=64, blocks=6),
    discriminator=dict(type="CameraDiscriminator", width=64, layers=3),
    identity=dict(
        type="IDE",
        backbone=dict(type="TorchvisionResNet", depth=50),
        head=dict(type="LinearHead", hidden=1024, dropout=0.5),
    ),
    identity_weights="work_dirs/ide_resnet50_market1501/seed0/epoch_50.pth",
    attention_loss=dict(type="AttentionLoss"),
)
_adam = dict(type="AutocastOptimWrapper", optimizer=dict(type="Adam", lr=2e-4, betas=(0.5, 0.999)))
optim_wrapper = dict(constructor="MethodOptimWrapperConstructor", generator=_adam, discriminator=_adam)
_decay = dict(start_factor=1.0, end_factor=0.0, begin=_epochs // 2, end=_epochs, convert_to_iter_based=True)
param_scheduler = [dict(type="LinearLR", **_decay)]
train_cfg = dict(type="SeededEpochLoop", max_epochs=_epochs)
