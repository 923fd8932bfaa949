# IDE on the map of OSNet x0.25, trained on SynthPed day and on its images as Deformable GAN draws them in 2 poses, for as many steps as without.
# both stages: python tools/run_stages.py configs/deformable/deformable-pixels_unet6_synthped-day.py configs/deformable/deformable_osnet-x0-25_synthped-day.py
# this stage:  python tools/train.py configs/deformable/deformable_osnet-x0-25_synthped-day.py
# expect:      see model_zoo/README.md; compare with ide-map_osnet-x0-25_synthped-day.py
# as released: one network on all images alike, each drawn in 2 poses of the training set; -long has their number of steps
_base_ = ["../_base_/datasets/synthped_day.py", "../_base_/runtime/default.py"]

_epochs = 6
_weights = "model_zoo/checkpoints/osnet-x0-25_synthped-studio.safetensors"
_loss = dict(type="CrossEntropy", label_smoothing=0.1)  # as that IDE
model = dict(
    type="CamStyle",  # in one pass, and with each image weighing the same: IDE on both kinds
    backbone=dict(type="OSNet", width=0.25, embedding=False, weights=_weights),
    head=dict(type="LinearHead", hidden=512, dropout=0.0),
    real_loss=_loss,
    fake_loss=_loss,
    fake_weight=1.6,
    separate_passes=False,
)
_transforms = [dict(type="Resize", height=128, width=64), dict(type="PadCrop", padding=5), dict(type="RandomFlip")]
_drawn = "work_dirs/deformable-pixels_unet6_synthped-day/seed0/reposed-2"
train_dataloader = dict(
    num_batch_per_epoch=115,  # of 64 images; 6 epochs are 690, as those 15 of 46 steps
    sampler=dict(type="RealFakeSampler", real_fake=(5, 8)),  # as 2,954 and 4,740: 584 show no whole torso
    dataset=dict(
        _delete_=True,
        type="RealAndGenerated",
        real=dict(type="SynthPed", root="data/synthped-day", split="train", transforms=_transforms),
        generated=dict(type="GeneratedFolder", root=_drawn, split="train", transforms=_transforms),
    ),
)
optim_wrapper = dict(type="AutocastOptimWrapper", optimizer=dict(type="AdamW", lr=2e-3, weight_decay=5e-4))
param_scheduler = [dict(type="CosineAnnealingLR", T_max=_epochs, by_epoch=True, convert_to_iter_based=True)]
train_cfg = dict(type="SeededEpochLoop", max_epochs=_epochs)
