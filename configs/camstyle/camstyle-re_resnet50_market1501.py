# CamStyle with Random Erasing, ResNet-50 on Market-1501: 128 real and 46 drawn a batch, label smoothing on these.
# both stages: python tools/run_stages.py configs/camstyle/camstyle_resnet9_market1501.py configs/camstyle/camstyle-re_resnet50_market1501.py
# this stage:  python tools/train.py configs/camstyle/camstyle-re_resnet50_market1501.py
# published:   rank-1 89.4, mAP 71.5 (the authors' repository, official AP)
# as released: the two kinds pass apart; drawn images are square, so RandomRectCrop only resizes them
_base_ = ["../_base_/datasets/market1501.py", "../_base_/runtime/default.py"]

_erase = dict(type="RandomErasing", max_area=0.2, min_aspect=0.3, max_aspect=3.0, fill=(152, 142, 127))
_transforms = [dict(type="RandomRectCrop", height=256, width=128), dict(type="RandomFlip"), _erase]
model = dict(
    type="CamStyle",
    backbone=dict(type="TorchvisionResNet", depth=50, weights="imagenet"),
    head=dict(type="LinearHead", hidden=1024, dropout=0.5),
)
_drawn = "work_dirs/camstyle_resnet9_market1501/seed0/translated"
train_dataloader = dict(
    batch_size=174,  # an epoch is one pass over the real images
    sampler=dict(type="RealFakeSampler", real_fake=(128, 46)),
    dataset=dict(
        _delete_=True,
        type="RealAndGenerated",
        real=dict(type="Market1501", root="data/market1501", split="train", transforms=_transforms),
        generated=dict(type="GeneratedFolder", root=_drawn, split="train", transforms=_transforms),
    ),
)
optim_wrapper = dict(
    type="AutocastOptimWrapper",
    optimizer=dict(type="SGD", lr=0.1, momentum=0.9, weight_decay=5e-4, nesterov=True),
    paramwise_cfg=dict(custom_keys={"backbone": dict(lr_mult=0.1)}),  # 0.01 for what starts from ImageNet
)
param_scheduler = [dict(type="MultiStepLR", milestones=[40], gamma=0.1, by_epoch=True)]
train_cfg = dict(type="SeededEpochLoop", max_epochs=50)
