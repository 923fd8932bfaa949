# SPGAN's IDE (Deng et al., CVPR 2018) trained on Market-1501 as it is, tested on DukeMTMC-reID: direct transfer.
# train:     tools/dist_train.sh configs/ide/ide-spgan_resnet50_market2duke.py 1      (or python tools/train.py CONFIG)
# beside:    python tools/run_stages.py GAN REID --beside configs/ide/ide-spgan_resnet50_market2duke.py, see configs/spgan
# published: rank-1 33.1, mAP 16.7 (issue 1 of the authors' repository, official AP); withdrawn data
_base_ = ["../_base_/datasets/market2duke.py", "../_base_/runtime/default.py"]

model = dict(
    type="IDE",
    backbone=dict(type="TorchvisionResNet", depth=50, weights="imagenet", frozen_stages=2, freeze_bn="affine"),
    head=dict(type="LinearHead", hidden=None, dropout=0.0),
)
_rates = {"head.classifier.bias": dict(lr_mult=2, decay_mult=0)}  # as Caffe's layers have it
optim_wrapper = dict(
    type="AutocastOptimWrapper",
    optimizer=dict(type="SGD", lr=1e-3, momentum=0.9, weight_decay=5e-4),
    paramwise_cfg=dict(custom_keys=_rates),
)
param_scheduler = [dict(type="MultiStepLR", milestones=[20_000, 40_000], gamma=0.1, by_epoch=False)]
train_cfg = dict(type="SeededEpochLoop", max_epochs=62)  # 50,000 steps
