# IDE with OSNet x0.25 on SynthPed day, 50 training identities held out to choose the best checkpoint.
# train:  python tools/train.py configs/ide/ide_osnet-x0-25_synthped-day-val.py
# expect: less than the run on all identities; use it to choose settings, then train without holding out
_base_ = ["../_base_/datasets/synthped_day.py", "../_base_/runtime/default.py"]

_epochs = 15
_held_out = 50  # identities, the same ones for both splits
_weights = "model_zoo/checkpoints/osnet-x0-25_synthped-studio.safetensors"
model = dict(
    type="IDE",
    backbone=dict(type="OSNet", width=0.25, embedding=True, weights=_weights),
    head=dict(type="LinearHead", hidden=None, dropout=0.0),
    loss=dict(type="CrossEntropy", label_smoothing=0.1),
)
train_dataloader = dict(dataset=dict(val_identities=_held_out))
val_dataloader = dict(
    batch_size=128,
    num_workers=0,
    collate_fn=dict(type="default_collate"),
    sampler=dict(type="DefaultSampler", shuffle=False),
    dataset=dict(type="SynthPed", root="data/synthped-day", split="val", val_identities=_held_out),
)
val_cfg = dict(type="ValLoop")
val_evaluator = dict(type="RetrievalMetric")
default_hooks = dict(checkpoint=dict(save_best="mAP_step", rule="greater"))
optim_wrapper = dict(
    type="AutocastOptimWrapper",
    optimizer=dict(type="AdamW", lr=2e-3, weight_decay=5e-4),
)
param_scheduler = [dict(type="CosineAnnealingLR", T_max=_epochs, by_epoch=True, convert_to_iter_based=True)]
train_cfg = dict(type="SeededEpochLoop", max_epochs=_epochs, val_interval=5)
