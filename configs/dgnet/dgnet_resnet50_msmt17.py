# DG-Net with ResNet-50 on MSMT17, as released.
# both stages: python tools/run_stages.py configs/ide/ide-layumi_resnet50_msmt17.py configs/dgnet/dgnet_resnet50_msmt17.py
# this stage:  tools/dist_train.sh configs/dgnet/dgnet_resnet50_msmt17.py 1      (or python tools/train.py CONFIG)
# published:   rank-1 77.2, mAP 52.3 (official AP, README of the release)
# differs:     batches of 8 + 8 images come from one shuffled loader, not from two; 150,000 steps as its issue 28 says
_base_ = ["../_base_/datasets/positives_msmt17.py", "../_base_/runtime/swapping.py"]

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
    teacher_weights="work_dirs/ide-layumi_resnet50_msmt17/seed0/epoch_60.pth",
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
param_scheduler = [dict(type="MultiStepLR", milestones=[60000, 90000, 105000], gamma=0.1, by_epoch=False)]
train_cfg = dict(type="SeededEpochLoop", max_epochs=74)  # of 2,038 steps, 150,812; 150,000 as the authors advise
