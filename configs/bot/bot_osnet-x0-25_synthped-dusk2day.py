# Bag of tricks: triplets, BNNeck, warm-up, Random Erasing, label smoothing, centre loss, with OSNet x0.25 trained on SynthPed dusk, tested on day (direct transfer), from the studio weights.
# train:  python tools/train.py configs/bot/bot_osnet-x0-25_synthped-dusk2day.py
# test:   python tools/test.py configs/bot/bot_osnet-x0-25_synthped-dusk2day.py work_dirs/bot_osnet-x0-25_synthped-dusk2day/epoch_15.pth
# expect: see model_zoo/README.md
_base_ = ["../_base_/datasets/synthped_dusk2day.py", "../_base_/runtime/default.py"]

_epochs = 15
_size = dict(height=128, width=64)
_weights = "model_zoo/checkpoints/osnet-x0-25_synthped-studio.safetensors"
model = dict(
    type="BagOfTricks",
    backbone=dict(type="OSNet", width=0.25, embedding=True, weights=_weights),
    head=dict(type="BNNeckHead"),
    id_loss=dict(type="CrossEntropy", label_smoothing=0.1),
    triplet_loss=dict(type="BatchHardTriplet", margin=0.3),
    center_weight=5e-4,
)
_erase = dict(type="RandomErasing", fill=(152, 142, 127))
_augment = [dict(type="Resize", **_size), dict(type="PadCrop", padding=5), dict(type="RandomFlip"), _erase]
train_dataloader = dict(
    sampler=dict(type="IdentitySampler", images_per_pid=4, _delete_=True),  # 16 x 4
    dataset=dict(transforms=_augment),
)
optim_wrapper = dict(
    type="AutocastOptimWrapper",
    optimizer=dict(type="AdamW", lr=2e-3, weight_decay=5e-4),
)
param_scheduler = [
    dict(type="LinearLR", start_factor=0.01, end=2, by_epoch=True, convert_to_iter_based=True),
    dict(type="CosineAnnealingLR", begin=2, end=_epochs, by_epoch=True, convert_to_iter_based=True),
]
train_cfg = dict(type="SeededEpochLoop", max_epochs=_epochs)
