# SPGAN's IDE trained on Market-1501 as CycleGAN draws it in the style of DukeMTMC-reID, tested on DukeMTMC-reID.
# both stages: python tools/run_stages.py configs/cyclegan/cyclegan_resnet9_market2duke.py configs/cyclegan/cyclegan_resnet50_market2duke.py
# this stage:  python tools/train.py configs/cyclegan/cyclegan_resnet50_market2duke.py
# published:   rank-1 38.5; without the identity mapping 38.1 (figure in the README of SPGAN's authors); withdrawn data
# differs:     torchvision's network and normalisation, where the release has Caffe's.
_base_ = ["../_base_/datasets/market2duke.py", "../_base_/runtime/default.py"]

model = dict(
    type="IDE",
    backbone=dict(type="TorchvisionResNet", depth=50, weights="imagenet", frozen_stages=2, freeze_bn="affine"),
    head=dict(type="LinearHead", hidden=None, dropout=0.0),
)
train_dataloader = dict(
    dataset=dict(type="GeneratedFolder", root="work_dirs/cyclegan_resnet9_market2duke/seed0/translated-s2t"),
)
_rates = {  # of their networks for translated images, in Caffe
    "head.classifier.weight": dict(lr_mult=2, decay_mult=2),
    "head.classifier.bias": dict(lr_mult=4, decay_mult=0),
}
optim_wrapper = dict(
    type="AutocastOptimWrapper",
    optimizer=dict(type="SGD", lr=1e-3, momentum=0.9, weight_decay=5e-4),
    paramwise_cfg=dict(custom_keys=_rates),
)
param_scheduler = [dict(type="MultiStepLR", milestones=[20_000, 40_000], gamma=0.1, by_epoch=False)]
train_cfg = dict(type="SeededEpochLoop", max_epochs=62)  # about 50,000 steps
