# LSGAN on Market-1501: the unconditional baseline of DG-Net's table of FIDs, persons of 128 x 64 from noise.
# train:       python tools/train.py configs/lsgan/lsgan_res5_market1501.py
# sample:      python tools/sample.py configs/lsgan/lsgan_res5_market1501.py work_dirs/lsgan_res5_market1501/epoch_100.pth \
#              --out data/market1501-lsgan --count 12936
# published:   FID 136.26 (DG-Net, CVPR 2019)
# differs:     no encoder that reads the noise back from the images, which the released code trains beside G by default;
#              equation 9's half stands before D's loss and its penalty, a factor that Adam does not see.
_base_ = ["../_base_/datasets/sampling_market1501.py", "../_base_/runtime/sampling.py"]

model = dict(
    type="LSGAN",
    generator=dict(type="LSGANGenerator", width=64),
    discriminator=dict(type="LSGANDiscriminator", width=32),
)
train_dataloader = dict(batch_size=128, dataset=dict(transforms=[dict(type="Resize", height=128, width=64)]))
_adam = dict(type="Adam", betas=(0.0, 0.999))
optim_wrapper = dict(
    constructor="MethodOptimWrapperConstructor",
    generator=dict(type="AutocastOptimWrapper", optimizer=dict(lr=3e-4, **_adam)),
    discriminator=dict(type="AutocastOptimWrapper", optimizer=dict(lr=6e-4, **_adam)),
)
param_scheduler = [dict(type="StepLR", step_size=40, gamma=0.5)]
train_cfg = dict(type="SeededEpochLoop", max_epochs=100)
