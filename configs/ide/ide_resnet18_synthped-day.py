# IDE with ResNet-18 on SynthPed day, from the studio weights; CamStyle's head, half the width.
# train:  python tools/train.py configs/ide/ide_resnet18_synthped-day.py
# test:   python tools/test.py configs/ide/ide_resnet18_synthped-day.py work_dirs/ide_resnet18_synthped-day/epoch_8.pth
# expect: mAP (step) 63.6, rank-1 80.8 with seed 0; about 4 minutes on one core
_base_ = ["../_base_/datasets/synthped_day.py", "../_base_/runtime/default.py"]

_epochs = 8
model = dict(
    type="IDE",
    backbone=dict(
        type="TorchvisionResNet", depth=18, weights="model_zoo/checkpoints/resnet18_synthped-studio.safetensors"
    ),
    head=dict(type="LinearHead", hidden=512, dropout=0.5),
    loss=dict(type="CrossEntropy", label_smoothing=0.1),
)
optim_wrapper = dict(
    type="AutocastOptimWrapper",
    precision="bf16",
    optimizer=dict(type="AdamW", lr=1e-3, weight_decay=5e-4),
)
param_scheduler = [dict(type="CosineAnnealingLR", T_max=_epochs, by_epoch=True, convert_to_iter_based=True)]
train_cfg = dict(type="SeededEpochLoop", max_epochs=_epochs)
