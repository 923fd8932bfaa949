# ResNet-18 from scratch on SynthPed studio (size large): the larger of the two starting points of SynthPed recipes.
# train:  python tools/train.py configs/ide/ide_resnet18_synthped-studio.py
# export: python tools/export_backbone.py work_dirs/ide_resnet18_synthped-studio/epoch_5.pth OUT.safetensors --half
_base_ = ["../_base_/datasets/synthped_studio.py", "../_base_/runtime/default.py"]

_epochs = 5
model = dict(
    type="IDE",
    backbone=dict(type="TorchvisionResNet", depth=18),
    head=dict(type="LinearHead", hidden=512, dropout=0.0),  # its BN gets a network without pretraining going
    loss=dict(type="CrossEntropy", label_smoothing=0.1),
)
optim_wrapper = dict(
    type="AutocastOptimWrapper",
    precision="bf16",
    optimizer=dict(type="AdamW", lr=2e-3, weight_decay=5e-4),
)
param_scheduler = [
    dict(type="LinearLR", start_factor=0.1, end=1, by_epoch=True, convert_to_iter_based=True),
    dict(type="CosineAnnealingLR", begin=1, end=_epochs, by_epoch=True, convert_to_iter_based=True),
]
train_cfg = dict(type="SeededEpochLoop", max_epochs=_epochs)
