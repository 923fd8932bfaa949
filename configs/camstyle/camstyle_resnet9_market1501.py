# CamStyle's CycleGAN on Market-1501, one for each of 15 pairs of cameras: all in the style of each other camera.
# all pairs:   python tools/camstyle.py configs/camstyle/camstyle_resnet9_market1501.py      (one GPU; tools/train.py would mix the cameras)
# both stages: python tools/run_stages.py configs/camstyle/camstyle_resnet9_market1501.py configs/camstyle/camstyle_resnet50_market1501.py
# published:   see camstyle_resnet50_market1501.py
# as released: 256 x 256; dropout in the generators, also when they draw; 2e-4 for the discriminators, too
# differs:     the rate falls step by step and reaches 0 at the end (theirs by epoch, the last of which has rate 0).
_base_ = ["../_base_/datasets/translation_market1501.py", "../_base_/runtime/translation.py"]

_epochs = 50
_decay = 20
model = dict(
    type="CycleGAN",
    generator=dict(type="ResNetGenerator", width=64, blocks=9, dropout=0.5),
    discriminator=dict(type="PatchDiscriminator", width=64, layers=3),
    stochastic=True,
)
_adam = dict(type="AutocastOptimWrapper", optimizer=dict(type="Adam", lr=2e-4, betas=(0.5, 0.999)))
optim_wrapper = dict(constructor="MethodOptimWrapperConstructor", generators=_adam, discriminators=_adam)
_falling = dict(begin=_epochs - _decay, end=_epochs, convert_to_iter_based=True)
param_scheduler = [dict(type="LinearLR", start_factor=1.0, end_factor=0.0, **_falling)]
train_cfg = dict(type="SeededEpochLoop", max_epochs=_epochs)
