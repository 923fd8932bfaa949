# Verif-Identif with OSNet x0.25 trained on SynthPed dusk, tested on day (direct transfer), from the studio weights.
# train:  python tools/train.py configs/verif_identif/verif-identif_osnet-x0-25_synthped-dusk2day.py
# test:   python tools/test.py configs/verif_identif/verif-identif_osnet-x0-25_synthped-dusk2day.py CHECKPOINT
# expect: see model_zoo/README.md
_base_ = ["../_base_/datasets/synthped_dusk2day.py", "../_base_/runtime/default.py"]

_epochs = 15
_weights = "model_zoo/checkpoints/osnet-x0-25_synthped-studio.safetensors"
model = dict(
    type="VerifIdentif",
    backbone=dict(type="OSNet", width=0.25, embedding=True, weights=_weights),
    head=dict(type="LinearHead", hidden=None, dropout=0.0),
    loss=dict(type="CrossEntropy", label_smoothing=0.1),
)
train_dataloader = dict(sampler=dict(type="IdentitySampler", images_per_pid=2))  # 64 images are 32 x 2
optim_wrapper = dict(
    type="AutocastOptimWrapper",
    optimizer=dict(type="AdamW", lr=2e-3, weight_decay=5e-4),
)
param_scheduler = [dict(type="CosineAnnealingLR", T_max=_epochs, by_epoch=True, convert_to_iter_based=True)]
train_cfg = dict(type="SeededEpochLoop", max_epochs=_epochs)
