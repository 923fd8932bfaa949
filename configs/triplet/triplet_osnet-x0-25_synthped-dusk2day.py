# Batch-hard triplets alone (TriNet's loss, soft margin; no classifier) with OSNet x0.25 trained on SynthPed dusk, tested on day (direct transfer), from the studio weights.
# train:  python tools/train.py configs/triplet/triplet_osnet-x0-25_synthped-dusk2day.py
# test:   python tools/test.py configs/triplet/triplet_osnet-x0-25_synthped-dusk2day.py work_dirs/triplet_osnet-x0-25_synthped-dusk2day/epoch_15.pth
# expect: see model_zoo/README.md
_base_ = ["../_base_/datasets/synthped_dusk2day.py", "../_base_/runtime/default.py"]

_epochs = 15
_weights = "model_zoo/checkpoints/osnet-x0-25_synthped-studio.safetensors"
model = dict(
    type="Triplet",
    backbone=dict(type="OSNet", width=0.25, embedding=True, weights=_weights),
    head=dict(type="EmbeddingHead", hidden=None, embedding=None),  # on OSNet's own 512-d embedding, as IDE's row
    loss=dict(type="BatchHardTriplet", margin=None),
)
train_dataloader = dict(sampler=dict(type="IdentitySampler", images_per_pid=4, _delete_=True))  # 16 x 4
optim_wrapper = dict(
    type="AutocastOptimWrapper",
    optimizer=dict(type="AdamW", lr=1e-3, weight_decay=5e-4),
)
param_scheduler = [dict(type="CosineAnnealingLR", T_max=_epochs, by_epoch=True, convert_to_iter_based=True)]
train_cfg = dict(type="SeededEpochLoop", max_epochs=_epochs)
