# CR-GAN from SynthPed day to dusk, ablation: without the adversarial loss; the discriminator tells cameras only.
# train:   python tools/train.py configs/cr_gan/cr-gan-noadv_unet_synthped-day2dusk.py
# expect:  see model_zoo/README.md
# differs: a quarter of the channels; the rendering starts as its context
_base_ = ["../_base_/datasets/rendering_synthped_day2dusk.py", "../_base_/runtime/rendering.py"]

_epochs = 4  # of 742 steps; the rate falls to 0 over the last two
model = dict(
    type="CRGAN",
    generator=dict(type="CRGANGenerator", width=16, blocks=3, residual=True),
    discriminator=dict(type="CameraDiscriminator", width=16, layers=3),
    identity=dict(
        type="IDE",
        backbone=dict(type="OSNet", width=0.25, embedding=True),
        head=dict(type="LinearHead", hidden=None, dropout=0.0),
    ),
    identity_weights="model_zoo/checkpoints/ide_osnet-x0-25_synthped-day.safetensors",
    adversarial_weight=0.0,
    attention_loss=dict(type="AttentionLoss"),
)
# fused: one pass over all parameters. D learns five times more slowly, as in the other GANs here on SynthPed.
_adam = dict(type="Adam", betas=(0.5, 0.999), fused=True)
_wrapper = dict(type="AutocastOptimWrapper", precision="bf16")
optim_wrapper = dict(
    constructor="MethodOptimWrapperConstructor",
    generator=dict(optimizer=dict(lr=5e-4, **_adam), **_wrapper),
    discriminator=dict(optimizer=dict(lr=1e-4, **_adam), **_wrapper),
)
_decay = dict(start_factor=1.0, end_factor=0.0, begin=_epochs // 2, end=_epochs, convert_to_iter_based=True)
param_scheduler = [dict(type="LinearLR", **_decay)]
train_cfg = dict(type="SeededEpochLoop", max_epochs=_epochs)
