# ResNet-50 trained on DukeMTMC-reID as CR-GAN renders it on the fly in contexts of Market-1501, tested on Market-1501; needs masks of both sets.
# all stages: python tools/run_stages.py configs/ide/ide_resnet50_dukemtmc.py configs/cr_gan/cr-gan_unet_duke2market.py configs/cr_gan/cr-gan_resnet50_duke2market.py
# this stage: tools/dist_train.sh configs/cr_gan/cr-gan_resnet50_duke2market.py 1      (or python tools/train.py CONFIG)
# LMP:        test with --cfg-options model.head.test_parts=7 model.head.test_pooling=max
# published:  rank-1 64.5 (mAP 33.2) with LMP, 77.7 (mAP 54.0) with TAUDL: CR-GAN's poster
# ours:       all numbers below, for want of a source; withdrawn data
_base_ = ["../_base_/datasets/contexts_duke2market.py", "../_base_/runtime/default.py"]

model = dict(
    type="IDE",
    backbone=dict(type="TorchvisionResNet", depth=50),
    head=dict(type="LinearHead", hidden=1024, dropout=0.5),
    data_preprocessor=dict(
        type="ContextRendering",
        renderer=dict(type="CRGAN", generator=dict(type="CRGANGenerator", width=64, blocks=6)),
        renderer_weights="work_dirs/cr-gan_unet_duke2market/seed0/epoch_60.pth",
    ),
)
load_from = "work_dirs/ide_resnet50_dukemtmc/seed0/epoch_50.pth"  # where run_stages.py leaves the first stage
optim_wrapper = dict(
    type="AutocastOptimWrapper",
    optimizer=dict(type="SGD", lr=0.1, momentum=0.9, weight_decay=5e-4, nesterov=True),
    paramwise_cfg=dict(custom_keys={"backbone": dict(lr_mult=0.1)}),  # 0.01
)
param_scheduler = [dict(type="MultiStepLR", milestones=[40], gamma=0.1, by_epoch=True)]
train_cfg = dict(type="SeededEpochLoop", max_epochs=60)
