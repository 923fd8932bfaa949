# LSRO's IDE (Zheng et al., ICCV 2017), its MatConvNet baseline without generated images: dropout 0.75 and one FC.
# train:     tools/dist_train.sh configs/ide/ide-lsro_resnet50_market1501.py 1      (or python tools/train.py CONFIG)
# published: rank-1 82.16, mAP 60.38 with batches of 10 (issue 6 of the authors' repository, official AP); none verified with 64
# differs:   one rate of 0.002 for the backbone, where MatConvNet alternates 0.002 and 0.0001 from parameter to parameter;
#            ImageNet's mean and deviation for the set's mean; at test one pool over the map for the sum over its positions.
_base_ = ["../_base_/datasets/market1501.py", "../_base_/runtime/default.py"]

_size = dict(height=256, width=256, interpolation="bicubic")
_crop = dict(type="RandomScaleCrop", height=224, width=224, min_share=0.85, interpolation="bicubic")
model = dict(
    type="IDE",
    backbone=dict(type="TorchvisionResNet", depth=50, weights="imagenet"),
    head=dict(type="LinearHead", hidden=None, dropout=0.75),
)
train_dataloader = dict(
    batch_size=64,
    dataset=dict(transforms=[dict(type="Resize", **_size), _crop, dict(type="RandomFlip")]),
)
test_dataloader = dict(dataset=dict(transforms=[dict(type="Resize", **_size)]))
test_cfg = dict(type="FlipTestLoop")
optim_wrapper = dict(
    type="AutocastOptimWrapper",
    optimizer=dict(type="SGD", lr=0.002, momentum=0.9, weight_decay=1e-4, nesterov=True),
    paramwise_cfg=dict(custom_keys={"head": dict(lr_mult=50)}, norm_decay_mult=0),  # 0.1 for the new FC
)
param_scheduler = [dict(type="MultiStepLR", milestones=[40], gamma=0.1, by_epoch=True)]
train_cfg = dict(type="SeededEpochLoop", max_epochs=50)
