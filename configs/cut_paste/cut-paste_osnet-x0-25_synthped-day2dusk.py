# IDE on the map of OSNet x0.25, trained on persons of SynthPed day cut out by their masks and pasted on images of dusk, tested on dusk.
# train:       python tools/train.py configs/cut_paste/cut-paste_osnet-x0-25_synthped-day2dusk.py
# test:        python tools/test.py configs/cut_paste/cut-paste_osnet-x0-25_synthped-day2dusk.py work_dirs/cut-paste_osnet-x0-25_synthped-day2dusk/epoch_15.pth
# LMP:         the same with --cfg-options model.head.test_parts=4 model.head.test_pooling=max
# expect:      see model_zoo/README.md
_base_ = ["../_base_/datasets/contexts_synthped_day2dusk.py", "../_base_/runtime/default.py"]

_epochs = 15
_weights = "model_zoo/checkpoints/osnet-x0-25_synthped-studio.safetensors"
model = dict(
    type="IDE",
    backbone=dict(type="OSNet", width=0.25, embedding=False, weights=_weights),  # 8 x 4 cells, which LMP cuts by rows
    head=dict(type="LinearHead", hidden=512, dropout=0.0),
    loss=dict(type="CrossEntropy", label_smoothing=0.1),
    data_preprocessor=dict(type="ContextRendering", renderer=dict(type="CutAndPaste")),
)
optim_wrapper = dict(
    type="AutocastOptimWrapper",
    optimizer=dict(type="AdamW", lr=2e-3, weight_decay=5e-4),
)
param_scheduler = [dict(type="CosineAnnealingLR", T_max=_epochs, by_epoch=True, convert_to_iter_based=True)]
train_cfg = dict(type="SeededEpochLoop", max_epochs=_epochs)
