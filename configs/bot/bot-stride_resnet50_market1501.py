# Bag of tricks with ResNet-50 on Market-1501: + warm-up, Random Erasing, label smoothing, last stride 1.
# train:     tools/dist_train.sh configs/bot/bot-stride_resnet50_market1501.py 1      (or python tools/train.py CONFIG)
# published: rank-1 (mAP) 92.0 (81.7), step AP, the authors' repository
_base_ = ["../_base_/datasets/market1501.py", "../_base_/runtime/default.py"]

_size = dict(height=256, width=128)
model = dict(
    type="BagOfTricks",
    backbone=dict(type="TorchvisionResNet", depth=50, last_stride=1, weights="imagenet"),
    head=dict(type="LinearHead", hidden=None, dropout=0.0),
    id_loss=dict(type="CrossEntropy", label_smoothing=0.1),
    triplet_loss=dict(type="BatchHardTriplet", margin=0.3),
)
_erase = dict(type="RandomErasing", fill=(152, 142, 127))  # the mean, written after normalising as released
_augment = [dict(type="Resize", **_size), dict(type="RandomFlip"), dict(type="PadCrop", padding=10), _erase]
train_dataloader = dict(
    batch_size=64,  # P x K = 16 x 4
    sampler=dict(type="IdentitySampler", images_per_pid=4, _delete_=True),
    dataset=dict(transforms=_augment),
)
optim_wrapper = dict(type="AutocastOptimWrapper", optimizer=dict(type="Adam", lr=3.5e-4, weight_decay=5e-4))
param_scheduler = [
    dict(type="LinearLR", start_factor=0.01, end=10, by_epoch=True),
    dict(type="MultiStepLR", milestones=[40, 70], gamma=0.1, by_epoch=True),
]
train_cfg = dict(type="SeededEpochLoop", max_epochs=120)
