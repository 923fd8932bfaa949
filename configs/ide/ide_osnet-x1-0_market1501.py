# IDE with OSNet x1.0 on Market-1501, after torchreid's softmax recipe, without its 10 classifier-only epochs.
# train:     tools/dist_train.sh configs/ide/ide_osnet-x1-0_market1501.py 1      (or python tools/train.py CONFIG)
# published: rank-1 94.2, mAP 82.6 (torchreid's model zoo, step AP, from ImageNet weights)
# weights:   --cfg-options model.backbone.weights=FILE takes torchreid's ImageNet or re-ID checkpoint; None starts anew
_base_ = ["../_base_/datasets/market1501.py", "../_base_/runtime/default.py"]

_size = dict(height=256, width=128)
model = dict(
    type="IDE",
    backbone=dict(type="OSNet", width=1.0, embedding=True, weights=None),
    head=dict(type="LinearHead", hidden=None, dropout=0.0),
    loss=dict(type="CrossEntropy", label_smoothing=0.1),
)
train_dataloader = dict(
    batch_size=64,
    dataset=dict(transforms=[dict(type="Resize", **_size), dict(type="PadCrop", padding=10), dict(type="RandomFlip")]),
)
test_evaluator = dict(normalize=False)  # raw features, as its authors compare them
optim_wrapper = dict(
    type="AutocastOptimWrapper",
    optimizer=dict(type="Adam", lr=1.5e-3, weight_decay=5e-4, amsgrad=True),
)
param_scheduler = [dict(type="MultiStepLR", milestones=[60, 120], gamma=0.1, by_epoch=True)]
train_cfg = dict(type="SeededEpochLoop", max_epochs=150)
