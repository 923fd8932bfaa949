# PG2, stage II, on DeepFashion: what to add to the coarse person, against a discriminator.
# both stages: python tools/run_stages.py configs/pg2/pg2-stage1_unet6_deepfashion.py configs/pg2/pg2-stage2_unet6_deepfashion.py
# this stage:  python tools/train.py configs/pg2/pg2-stage2_unet6_deepfashion.py
# published:   20,000 steps of 8 pairs (paper), 58,000 of 1 (code): see stage I for train_cfg.max_epochs
# as released: lambda 50, all skips, and a discriminator of single images that takes the source for a fake, too; the
#              paper's sees pairs: --cfg-options model.discriminator_form=pair
# differs:     as stage I
_base_ = ["../_base_/datasets/pose_deepfashion.py", "../_base_/runtime/pose_transfer.py"]

_size = [256, 256]
model = dict(
    type="PG2StageTwo",
    generator=dict(type="PG2Generator", image_size=_size),
    refiner=dict(type="PG2Refiner", image_size=_size, full_skips=True),
    discriminator=dict(type="PG2Discriminator", image_size=_size),
    reconstruction_weight=50.0,
    discriminator_form="triplet-without-coarse",
)
load_from = "work_dirs/pg2-stage1_unet6_deepfashion/seed0/epoch_9.pth"  # where run_stages.py leaves the stage before
allow_partial_load = ["g2.", "d."]  # what stage I lacks
train_dataloader = dict(batch_size=8)
_adam = dict(type="AutocastOptimWrapper", optimizer=dict(type="Adam", lr=2e-5, betas=(0.5, 0.999)))
optim_wrapper = dict(constructor="MethodOptimWrapperConstructor", generator=_adam, discriminator=_adam)
train_cfg = dict(type="SeededEpochLoop", max_epochs=6)
