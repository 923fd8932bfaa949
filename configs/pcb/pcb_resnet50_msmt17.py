# PCB with ResNet-50 on MSMT17: 384 x 128 pixels, 24 rows of the map in 6 stripes, one 1 x 1 convolution for all.
# train:     tools/dist_train.sh configs/pcb/pcb_resnet50_msmt17.py 1      (or python tools/train.py CONFIG)
# published: nothing by the authors
_base_ = ["../_base_/datasets/msmt17.py", "../_base_/runtime/default.py"]

_size = dict(height=384, width=128)
train_dataloader = dict(
    batch_size=64,
    dataset=dict(transforms=[dict(type="Resize", **_size), dict(type="RandomFlip")]),
)
test_dataloader = dict(dataset=dict(transforms=[dict(type="Resize", **_size)]))
model = dict(
    type="PCB",
    backbone=dict(type="TorchvisionResNet", depth=50, last_stride=1, weights="imagenet"),
    head=dict(type="PCBHead", parts=6, hidden=256, dropout=0.5),
)
optim_wrapper = dict(
    type="AutocastOptimWrapper",
    optimizer=dict(type="SGD", lr=0.1, momentum=0.9, weight_decay=5e-4, nesterov=True),
    paramwise_cfg=dict(custom_keys={"backbone": dict(lr_mult=0.1)}),  # 0.01 for what starts from ImageNet
)
param_scheduler = [dict(type="MultiStepLR", milestones=[40], gamma=0.1, by_epoch=True)]
train_cfg = dict(type="SeededEpochLoop", max_epochs=60)
