# IDE with Random Erasing as in CamStyle's code, on the map of OSNet x0.25, SynthPed day.
# train:  python tools/train.py configs/ide/ide-map-re_osnet-x0-25_synthped-day.py
# test:   python tools/test.py configs/ide/ide-map-re_osnet-x0-25_synthped-day.py work_dirs/ide-map-re_osnet-x0-25_synthped-day/epoch_15.pth
# expect: see model_zoo/README.md
_base_ = ["../_base_/datasets/synthped_day.py", "../_base_/runtime/default.py"]

_epochs = 15
_weights = "model_zoo/checkpoints/osnet-x0-25_synthped-studio.safetensors"
model = dict(
    type="IDE",
    backbone=dict(type="OSNet", width=0.25, embedding=False, weights=_weights),
    head=dict(type="LinearHead", hidden=512, dropout=0.0),
    loss=dict(type="CrossEntropy", label_smoothing=0.1),
)
_erase = dict(type="RandomErasing", max_area=0.2, min_aspect=0.3, max_aspect=3.0, fill=(152, 142, 127))
_transforms = [
    dict(type="Resize", height=128, width=64),
    dict(type="PadCrop", padding=5),
    dict(type="RandomFlip"),
    _erase,
]
train_dataloader = dict(dataset=dict(transforms=_transforms))
optim_wrapper = dict(
    type="AutocastOptimWrapper",
    optimizer=dict(type="AdamW", lr=2e-3, weight_decay=5e-4),
)
param_scheduler = [dict(type="CosineAnnealingLR", T_max=_epochs, by_epoch=True, convert_to_iter_based=True)]
train_cfg = dict(type="SeededEpochLoop", max_epochs=_epochs)
