# IDE on the map of OSNet x0.25, trained on a quarter of each identity's images of SynthPed day.
# train:  python tools/train.py configs/ide/ide-map-quarter_osnet-x0-25_synthped-day.py
# test:   python tools/test.py configs/ide/ide-map-quarter_osnet-x0-25_synthped-day.py work_dirs/ide-map-quarter_osnet-x0-25_synthped-day/epoch_32.pth
# expect: see model_zoo/README.md
_base_ = ["../_base_/datasets/synthped_day.py", "../_base_/runtime/default.py"]

_epochs = 32  # of 11 steps
_weights = "model_zoo/checkpoints/osnet-x0-25_synthped-studio.safetensors"
model = dict(
    type="IDE",
    backbone=dict(type="OSNet", width=0.25, embedding=False, weights=_weights),
    head=dict(type="LinearHead", hidden=512, dropout=0.0),
    loss=dict(type="CrossEntropy", label_smoothing=0.1),
)
train_dataloader = dict(dataset=dict(share=0.25))
optim_wrapper = dict(
    type="AutocastOptimWrapper",
    optimizer=dict(type="AdamW", lr=2e-3, weight_decay=5e-4),
)
param_scheduler = [dict(type="CosineAnnealingLR", T_max=_epochs, by_epoch=True, convert_to_iter_based=True)]
train_cfg = dict(type="SeededEpochLoop", max_epochs=_epochs)
