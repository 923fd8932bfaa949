# ViT-S/16 with BNNeck and triplets on SynthPed day, from random weights: shows that a transformer runs, no reference.
# train:  python tools/train.py configs/bot/bot_vit-small_synthped-day.py
# test:   python tools/test.py configs/bot/bot_vit-small_synthped-day.py work_dirs/bot_vit-small_synthped-day/epoch_15.pth
# expect: not measured; needs pip install 'timm>=1.0.20,<2'
_base_ = ["../_base_/datasets/synthped_day.py", "../_base_/runtime/default.py"]

_epochs = 15
model = dict(
    type="BagOfTricks",
    backbone=dict(type="TimmBackbone", name="vit_small_patch16_224", image_size=(128, 64), token="class"),
    head=dict(type="BNNeckHead"),
    id_loss=dict(type="CrossEntropy", label_smoothing=0.1),
    triplet_loss=dict(type="BatchHardTriplet", margin=0.3),
)
train_dataloader = dict(sampler=dict(type="IdentitySampler", images_per_pid=4, _delete_=True))  # 16 x 4
optim_wrapper = dict(
    type="AutocastOptimWrapper",
    optimizer=dict(type="AdamW", lr=5e-4, weight_decay=0.05),
)
param_scheduler = [
    dict(type="LinearLR", start_factor=0.01, end=2, by_epoch=True, convert_to_iter_based=True),
    dict(type="CosineAnnealingLR", begin=2, end=_epochs, by_epoch=True, convert_to_iter_based=True),
]
train_cfg = dict(type="SeededEpochLoop", max_epochs=_epochs)
