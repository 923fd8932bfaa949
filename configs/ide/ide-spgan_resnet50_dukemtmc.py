# SPGAN's IDE (Deng et al., CVPR 2018), its supervised baseline on DukeMTMC-reID: batch norms, conv1 and res2 stay ImageNet's.
# train:     tools/dist_train.sh configs/ide/ide-spgan_resnet50_dukemtmc.py 1      (or python tools/train.py CONFIG)
# published: rank-1 66.7 (figure in the authors' README); withdrawn data
# differs:   the released solver names the Market network by mistake; torchvision's network and normalisation.
_base_ = ["../_base_/datasets/dukemtmc.py", "../_base_/runtime/default.py"]

_size = dict(height=224, width=224)
model = dict(
    type="IDE",
    backbone=dict(type="TorchvisionResNet", depth=50, weights="imagenet", frozen_stages=2, freeze_bn="affine"),
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
train_cfg = dict(type="SeededEpochLoop", max_epochs=48)  # 50,000 steps
