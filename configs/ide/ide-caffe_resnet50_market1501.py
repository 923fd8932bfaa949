# Caffe IDE (Zheng et al., 2016; IDE-baseline-Market-1501): ResNet-50 on ImageNet's batch norm statistics, one FC.
# train:     tools/dist_train.sh configs/ide/ide-caffe_resnet50_market1501.py 1      (or python tools/train.py CONFIG)
# published: rank-1 75.62, mAP 50.68; 78.92, 55.03 with --cfg-options model.head.dropout=0.5 (its README, official AP)
# differs:   torchvision's ResNet-50 and normalisation for Caffe's (stride in the 3 x 3 convolution; mean and deviation,
#            at test too, where Caffe subtracts a mean image).
_base_ = ["../_base_/datasets/market1501.py", "../_base_/runtime/default.py"]

_size = dict(height=224, width=224)
model = dict(
    type="IDE",
    backbone=dict(type="TorchvisionResNet", depth=50, weights="imagenet", freeze_bn="statistics"),
    head=dict(type="LinearHead", hidden=None, dropout=0.0),
)
train_dataloader = dict(
    batch_size=16,
    dataset=dict(transforms=[dict(type="Resize", **_size), dict(type="RandomFlip")]),  # 224 cut out of 224: no crop
)
test_dataloader = dict(dataset=dict(transforms=[dict(type="Resize", **_size)]))
_rates = {"head.classifier.bias": dict(lr_mult=2, decay_mult=0)}  # as Caffe's layers have it
optim_wrapper = dict(
    type="AutocastOptimWrapper",
    optimizer=dict(type="SGD", lr=1e-3, momentum=0.9, weight_decay=5e-4),
    paramwise_cfg=dict(custom_keys=_rates),
)
param_scheduler = [dict(type="MultiStepLR", milestones=[20_000, 40_000], gamma=0.1, by_epoch=False)]
train_cfg = dict(type="SeededEpochLoop", max_epochs=62)  # 50,000 steps
