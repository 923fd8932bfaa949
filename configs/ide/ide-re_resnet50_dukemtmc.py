# IDE of CamStyle and HHL with Random Erasing, ResNet-50 on DukeMTMC-reID.
# train:     tools/dist_train.sh configs/ide/ide-re_resnet50_dukemtmc.py 1      (or python tools/train.py CONFIG)
# published: nothing that may be printed for this variant
# erasing:   as the authors' re-ID code: area 0.02 to 0.2, aspect 0.3 to 3, the mean written after normalising
_base_ = ["../_base_/datasets/dukemtmc.py", "../_base_/runtime/default.py"]

_size = dict(height=256, width=128)
_erase = dict(type="RandomErasing", max_area=0.2, min_aspect=0.3, max_aspect=3.0, fill=(152, 142, 127))
model = dict(
    type="IDE",
    backbone=dict(type="TorchvisionResNet", depth=50, weights="imagenet"),
    head=dict(type="LinearHead", hidden=1024, dropout=0.5),
)
train_dataloader = dict(
    dataset=dict(transforms=[dict(type="RandomRectCrop", **_size), dict(type="RandomFlip"), _erase]),
)
optim_wrapper = dict(
    type="AutocastOptimWrapper",
    optimizer=dict(type="SGD", lr=0.1, momentum=0.9, weight_decay=5e-4, nesterov=True),
    paramwise_cfg=dict(custom_keys={"backbone": dict(lr_mult=0.1)}),  # 0.01 for what starts from ImageNet
)
param_scheduler = [dict(type="MultiStepLR", milestones=[40], gamma=0.1, by_epoch=True)]
train_cfg = dict(type="SeededEpochLoop", max_epochs=50)
