# Verif-Identif with ResNet-50 on MSMT17, after the authors' MatConvNet release: dropout 0.9 before both classifiers.
# train:     tools/dist_train.sh configs/verif_identif/verif-identif_resnet50_msmt17.py 1      (or python tools/train.py CONFIG)
# published: nothing published by its authors
# differs:   pairs 1:1 within a batch (release: 48 random pairs, 1:4); 224 x 224 padded and cropped (release: cropped from 256)
_base_ = ["../_base_/datasets/msmt17.py", "../_base_/runtime/default.py"]

_size = dict(height=224, width=224)
model = dict(
    type="VerifIdentif",
    backbone=dict(type="TorchvisionResNet", depth=50, weights="imagenet"),
    head=dict(type="LinearHead", hidden=None, dropout=0.9),
    verification_dropout=0.9,
)
train_dataloader = dict(
    batch_size=96,  # the images of 48 pairs
    sampler=dict(type="IdentitySampler", images_per_pid=2),
    dataset=dict(transforms=[dict(type="Resize", **_size), dict(type="PadCrop", padding=16), dict(type="RandomFlip")]),
)
test_dataloader = dict(dataset=dict(transforms=[dict(type="Resize", **_size)]))
optim_wrapper = dict(
    type="AutocastOptimWrapper",
    optimizer=dict(type="SGD", lr=0.1, momentum=0.9, weight_decay=5e-4),
    paramwise_cfg=dict(custom_keys={"backbone": dict(lr_mult=0.02), "head": dict(lr_mult=0.01)}),
)
param_scheduler = [dict(type="MultiStepLR", milestones=[70], gamma=0.1, by_epoch=True)]
train_cfg = dict(type="SeededEpochLoop", max_epochs=75)
