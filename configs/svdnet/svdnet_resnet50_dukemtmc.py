# SVDNet with ResNet-50 on DukeMTMC-reID, after the authors' Caffe release: 25,000 steps, then 7 rounds of 8,000 + 8,000.
# train:     tools/dist_train.sh configs/svdnet/svdnet_resnet50_dukemtmc.py 1      (or python tools/train.py CONFIG)
# published: rank-1 76.7, mAP 56.8 (as DG-Net's authors report it, CVPR 2019; AP flavour not said); withdrawn data
# differs:   relaxation trains conv1 and res2 too (release: fixed)
_base_ = ["../_base_/datasets/dukemtmc.py", "../_base_/runtime/default.py"]

_size = dict(height=224, width=224)
_step0 = 25_000  # steps of 32 images
_phase = 8_000
_rounds = 7
_end = _step0 + 2 * _phase * _rounds
model = dict(
    type="SVDNet",
    backbone=dict(type="TorchvisionResNet", depth=50, weights="imagenet", freeze_bn="statistics"),
    head=dict(type="EigenHead", dropout=0.5),  # 2048 to 1024
    steps_before=_step0,
    rounds=_rounds,
    restraint_steps=_phase,
    relaxation_steps=_phase,
)
model_wrapper_cfg = dict(type="OwnStepDistributedDataParallel", broadcast_buffers=False)
train_dataloader = dict(batch_size=32, dataset=dict(transforms=[dict(type="Resize", **_size), dict(type="RandomFlip")]))
test_dataloader = dict(dataset=dict(transforms=[dict(type="Resize", **_size)]))
test_evaluator = dict(normalize=False)  # Euclidean distance of the Eigenlayer's output
optim_wrapper = dict(type="AutocastOptimWrapper", optimizer=dict(type="SGD", lr=1e-3, momentum=0.9, weight_decay=5e-4))
_tenth = dict(type="ConstantLR", factor=0.1, by_epoch=False)  # from begin to end - 2: MMEngine restores one step early
param_scheduler = [  # a tenth: every 10,000 steps of step 0, after 5,000 of each phase, and from round 4 on
    dict(begin=10_000, end=_step0 + 1, **_tenth),
    dict(begin=20_000, end=_step0 + 1, **_tenth),
    *[dict(begin=start + 5_000, end=start + _phase + 1, **_tenth) for start in range(_step0, _end, _phase)],
    dict(type="MultiStepLR", milestones=[_step0 + 3 * 2 * _phase], gamma=0.1, by_epoch=False),
]
train_cfg = dict(type="SeededEpochLoop", max_epochs=265)  # of 516 steps: 136,740 of 137,000
