# CR-GAN + TAUDL: TAUDL on SynthPed day (tracklets: supervision inside each camera), from the network that was trained on dusk as CR-GAN renders it in contexts of day.
# all stages: python tools/run_stages.py configs/cr_gan/cr-gan_unet_synthped-dusk2day.py configs/cr_gan/cr-gan_osnet-x0-25_synthped-dusk2day.py configs/cr_gan/cr-gan-taudl_osnet-x0-25_synthped-dusk2day.py
# this stage: python tools/train.py configs/cr_gan/cr-gan-taudl_osnet-x0-25_synthped-dusk2day.py
# test:       python tools/test.py configs/cr_gan/cr-gan-taudl_osnet-x0-25_synthped-dusk2day.py work_dirs/cr-gan-taudl_osnet-x0-25_synthped-dusk2day/epoch_12.pth
# expect:     see model_zoo/README.md
_base_ = ["../_base_/datasets/synthped_day.py", "../_base_/runtime/default.py"]

_epochs = 12  # of 35 steps
_size = dict(height=128, width=64)
_augment = [dict(type="Resize", **_size), dict(type="PadCrop", padding=5), dict(type="RandomFlip")]
model = dict(
    type="TAUDL",
    backbone=dict(type="OSNet", width=0.25, embedding=False),
    head=dict(type="TrackletHead", hidden=512),  # as wide as the hidden layer before, whose weights it goes on from
)
load_from = (
    "work_dirs/cr-gan_osnet-x0-25_synthped-dusk2day/seed0/epoch_15.pth"  # where run_stages.py leaves the stage before
)
allow_partial_load = ["head.classifier."]  # of source identities there, of tracklets here
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
