# IDE with OSNet x0.25 on SynthPed day, tested with the pooled map of conv5, twice as long as ide-map.
# train:  python tools/train.py configs/ide/ide-map-long_osnet-x0-25_synthped-day.py
# test:   python tools/test.py configs/ide/ide-map-long_osnet-x0-25_synthped-day.py work_dirs/ide-map-long_osnet-x0-25_synthped-day/epoch_30.pth
# LMP:    the same with --cfg-options model.head.test_parts=4 model.head.test_pooling=max
# expect: see model_zoo/README.md
_base_ = ["../_base_/datasets/synthped_day.py", "../_base_/runtime/default.py"]

_epochs = 30
_weights = "model_zoo/checkpoints/osnet-x0-25_synthped-studio.safetensors"
model = dict(
    type="IDE",
    backbone=dict(type="OSNet", width=0.25, embedding=False, weights=_weights),  # 8 x 4 cells, which LMP cuts by rows
    head=dict(type="LinearHead", hidden=512, dropout=0.0),
    loss=dict(type="CrossEntropy", label_smoothing=0.1),
)
optim_wrapper = dict(
    type="AutocastOptimWrapper",
    optimizer=dict(type="AdamW", lr=2e-3, weight_decay=5e-4),
)
param_scheduler = [dict(type="CosineAnnealingLR", T_max=_epochs, by_epoch=True, convert_to_iter_based=True)]
train_cfg = dict(type="SeededEpochLoop", max_epochs=_epochs)
