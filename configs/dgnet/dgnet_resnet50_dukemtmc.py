# DG-Net with ResNet-50 on DukeMTMC-reID, as released.
# both stages: python tools/run_stages.py configs/ide/ide-layumi_resnet50_dukemtmc.py configs/dgnet/dgnet_resnet50_dukemtmc.py
# this stage:  tools/dist_train.sh configs/dgnet/dgnet_resnet50_dukemtmc.py 1      (or python tools/train.py CONFIG)
# published:   rank-1 86.6, mAP 74.8 (official AP, README of the release); withdrawn data
# differs:     batches of 8 + 8 images come from one shuffled loader, not from two
_base_ = ["../_base_/datasets/positives_dukemtmc.py", "../_base_/runtime/swapping.py"]

model = dict(
    type="DGNet",
    backbone=dict(type="TorchvisionResNet", depth=50, last_stride=1, weights="imagenet"),
    head=dict(type="PrimaryFineHead"),
    generator=dict(type="DGNetGenerator"),
    discriminator=dict(type="MultiScaleDiscriminator"),
    teacher=dict(
        type="IDE",
        backbone=dict(type="TorchvisionResNet", depth=50),
        head=dict(type="LinearHead", hidden=512, hidden_relu=False, dropout=0.5),
    ),
    teacher_weights="work_dirs/ide-layumi_resnet50_dukemtmc/seed0/epoch_60.pth",
)
_adam = dict(type="Adam", lr=1e-4, betas=(0.0, 0.999), weight_decay=5e-4)
_drawing = dict(type="AutocastOptimWrapper", optimizer=_adam)
optim_wrapper = dict(
    constructor="MethodOptimWrapperConstructor",
    appearance=dict(
        type="AutocastOptimWrapper",
        optimizer=dict(type="SGD", lr=0.02, momentum=0.9, weight_decay=5e-4, nesterov=True),
        paramwise_cfg=dict(custom_keys={"backbone": dict(lr_mult=0.1)}),  # 0.002 for what starts from ImageNet
    ),
    generator=_drawing,
    discriminator=_drawing,
)
param_scheduler = [dict(type="MultiStepLR", milestones=[60000, 90000], gamma=0.1, by_epoch=False)]
train_cfg = dict(type="SeededEpochLoop", max_epochs=97)  # of 1,032 steps, 100,104; 100,000 released
