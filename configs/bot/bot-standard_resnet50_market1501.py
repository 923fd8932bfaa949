# Bag of tricks with ResNet-50 on Market-1501: standard baseline: classification and triplets.
# train:     tools/dist_train.sh configs/bot/bot-standard_resnet50_market1501.py 1      (or python tools/train.py CONFIG)
# published: rank-1 (mAP) 87.7 (74.0), step AP, the authors' repository
_base_ = ["../_base_/datasets/market1501.py", "../_base_/runtime/default.py"]

_size = dict(height=256, width=128)
model = dict(
    type="BagOfTricks",
    backbone=dict(type="TorchvisionResNet", depth=50, last_stride=2, weights="imagenet"),
    head=dict(type="LinearHead", hidden=None, dropout=0.0),
    id_loss=dict(type="CrossEntropy", label_smoothing=0.0),
    triplet_loss=dict(type="BatchHardTriplet", margin=0.3),
)
_augment = [dict(type="Resize", **_size), dict(type="RandomFlip"), dict(type="PadCrop", padding=10)]
train_dataloader = dict(
    batch_size=64,  # P x K = 16 x 4
    sampler=dict(type="IdentitySampler", images_per_pid=4, _delete_=True),
    dataset=dict(transforms=_augment),
)
optim_wrapper = dict(type="AutocastOptimWrapper", optimizer=dict(type="Adam", lr=3.5e-4, weight_decay=5e-4))
param_scheduler = [dict(type="MultiStepLR", milestones=[40, 70], gamma=0.1, by_epoch=True)]
train_cfg = dict(type="SeededEpochLoop", max_epochs=120)
