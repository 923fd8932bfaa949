# DG-Net's teacher, and the baseline that it is compared with: plain IDE, OSNet x0.25 on SynthPed day, with layumi's head.
# train:  python tools/train.py configs/dgnet/dgnet-teacher_osnet-x0-25_synthped-day.py
# expect: see model_zoo/README.md
_base_ = ["../_base_/datasets/synthped_day.py", "../_base_/runtime/default.py"]

_epochs = 15
_weights = "model_zoo/checkpoints/osnet-x0-25_synthped-studio.safetensors"
model = dict(
    type="IDE",
    backbone=dict(type="OSNet", width=0.25, embedding=False, weights=_weights),
    head=dict(type="LinearHead", hidden=512, hidden_relu=False, dropout=0.5),
)
test_cfg = dict(type="FlipTestLoop")  # as DG-Net is tested
optim_wrapper = dict(type="AutocastOptimWrapper", optimizer=dict(type="AdamW", lr=2e-3, weight_decay=5e-4))
param_scheduler = [dict(type="CosineAnnealingLR", T_max=_epochs, by_epoch=True, convert_to_iter_based=True)]
train_cfg = dict(type="SeededEpochLoop", max_epochs=_epochs)
