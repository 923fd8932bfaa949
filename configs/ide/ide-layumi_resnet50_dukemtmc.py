# layumi's PyTorch IDE (Person_reID_baseline_pytorch) on DukeMTMC-reID: FC 512, BN, dropout 0.5, FC; tested with image plus mirror image.
# train:     tools/dist_train.sh configs/ide/ide-layumi_resnet50_dukemtmc.py 1      (or python tools/train.py CONFIG)
# published: nothing that could be verified; the teacher of DG-Net (configs/dgnet/dgnet_resnet50_dukemtmc.py)
# differs:   later releases test with the 512-d layer: model.head.test_feature=hidden.
_base_ = ["../_base_/datasets/dukemtmc.py", "../_base_/runtime/default.py"]

_size = dict(height=256, width=128, interpolation="bicubic")
model = dict(
    type="IDE",
    backbone=dict(type="TorchvisionResNet", depth=50, weights="imagenet"),
    head=dict(type="LinearHead", hidden=512, hidden_relu=False, dropout=0.5),
)
_augment = [dict(type="Resize", **_size), dict(type="PadCrop", padding=10), dict(type="RandomFlip")]
train_dataloader = dict(batch_size=32, dataset=dict(transforms=_augment))
test_cfg = dict(type="FlipTestLoop")
optim_wrapper = dict(
    type="AutocastOptimWrapper",
    optimizer=dict(type="SGD", lr=0.05, momentum=0.9, weight_decay=5e-4, nesterov=True),
    paramwise_cfg=dict(custom_keys={"backbone": dict(lr_mult=0.1)}),  # 0.005 for what starts from ImageNet
)
param_scheduler = [dict(type="MultiStepLR", milestones=[40], gamma=0.1, by_epoch=True)]
train_cfg = dict(type="SeededEpochLoop", max_epochs=60)
