# TAUDL (tracklets from identity and camera: supervision inside each camera) with OSNet x0.25 on SynthPed day, from the studio weights.
# train:  python tools/train.py configs/taudl/taudl_osnet-x0-25_synthped-day.py
# test:   python tools/test.py configs/taudl/taudl_osnet-x0-25_synthped-day.py work_dirs/taudl_osnet-x0-25_synthped-day/epoch_12.pth
# expect: see model_zoo/README.md
_base_ = ["../_base_/datasets/synthped_day.py", "../_base_/runtime/default.py"]

_epochs = 12  # of 35 steps
_size = dict(height=128, width=64)
_augment = [dict(type="Resize", **_size), dict(type="PadCrop", padding=5), dict(type="RandomFlip")]
_weights = "model_zoo/checkpoints/osnet-x0-25_synthped-studio.safetensors"
model = dict(
    type="TAUDL",
    backbone=dict(type="OSNet", width=0.25, embedding=False, weights=_weights),
    head=dict(type="TrackletHead", hidden=512),
)
_images = dict(type="SynthPed", root="data/synthped-day", split="train", transforms=_augment)
train_dataloader = dict(
    batch_size=96,  # 32 tracklets x 3 images, which are all that a tracklet of SynthPed has
    sampler=dict(type="TrackletSampler", images_per_tracklet=3, _delete_=True),
    dataset=dict(type="Tracklets", dataset=_images, _delete_=True),
)
optim_wrapper = dict(
    type="AutocastOptimWrapper",
    optimizer=dict(type="AdamW", lr=1e-3, weight_decay=5e-4),
)
param_scheduler = [dict(type="CosineAnnealingLR", T_max=_epochs, by_epoch=True, convert_to_iter_based=True)]
train_cfg = dict(type="SeededEpochLoop", max_epochs=_epochs)
