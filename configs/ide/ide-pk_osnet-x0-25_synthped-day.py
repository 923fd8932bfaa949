# IDE on P x K batches with OSNet x0.25 on SynthPed day: what the sampler of triplets alone does to classification.
# train:  python tools/train.py configs/ide/ide-pk_osnet-x0-25_synthped-day.py
# test:   python tools/test.py configs/ide/ide-pk_osnet-x0-25_synthped-day.py CHECKPOINT
# expect: mAP (step) 70.6 +- 0.7, rank-1 85.7 over 3 seeds; 3 to 4 minutes on one core
_base_ = ["../_base_/datasets/synthped_day.py", "../_base_/runtime/default.py"]

_epochs = 15
_weights = "model_zoo/checkpoints/osnet-x0-25_synthped-studio.safetensors"
model = dict(
    type="IDE",
    backbone=dict(type="OSNet", width=0.25, embedding=True, weights=_weights),
    head=dict(type="LinearHead", hidden=None, dropout=0.0),
    loss=dict(type="CrossEntropy", label_smoothing=0.1),
)
train_dataloader = dict(sampler=dict(type="IdentitySampler", images_per_pid=4, _delete_=True))  # 16 x 4
optim_wrapper = dict(
    type="AutocastOptimWrapper",
    optimizer=dict(type="AdamW", lr=2e-3, weight_decay=5e-4),
)
param_scheduler = [dict(type="CosineAnnealingLR", T_max=_epochs, by_epoch=True, convert_to_iter_based=True)]
train_cfg = dict(type="SeededEpochLoop", max_epochs=_epochs)
