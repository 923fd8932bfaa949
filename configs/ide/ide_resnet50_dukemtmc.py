# IDE with ResNet-50 as CamStyle and HHL train it: FC 1024, BN, ReLU, dropout 0.5; the test feature is the pooled map.
# train:     tools/dist_train.sh configs/ide/ide_resnet50_dukemtmc.py 1      (or python tools/train.py CONFIG)
# published: rank-1 72.3, mAP 51.8 (CamStyle's repository, official AP); withdrawn data
_base_ = ["../_base_/datasets/dukemtmc.py", "../_base_/runtime/default.py"]

model = dict(
    type="IDE",
    backbone=dict(type="TorchvisionResNet", depth=50, weights="imagenet"),
    head=dict(type="LinearHead", hidden=1024, dropout=0.5),
)
optim_wrapper = dict(
    type="AutocastOptimWrapper",
    optimizer=dict(type="SGD", lr=0.1, momentum=0.9, weight_decay=5e-4, nesterov=True),
    paramwise_cfg=dict(custom_keys={"backbone": dict(lr_mult=0.1)}),  # 0.01 for what starts from ImageNet
)
param_scheduler = [dict(type="MultiStepLR", milestones=[40], gamma=0.1, by_epoch=True)]
train_cfg = dict(type="SeededEpochLoop", max_epochs=50)
