# PG2, stage II, on Market-1501: what to add to the coarse person, against a discriminator.
# both stages: python tools/run_stages.py configs/pg2/pg2-stage1_unet5_market1501.py configs/pg2/pg2-stage2_unet5_market1501.py
# this stage:  python tools/train.py configs/pg2/pg2-stage2_unet5_market1501.py
# published:   14,000 steps of 16 pairs (paper), 38,000 (code); an epoch has at most 808
# as released: a discriminator of single images that takes the source for a fake, too; the paper's sees pairs:
#              --cfg-options model.discriminator_form=pair
# as released: Adam at 2e-5 throughout; the code has flags for the rate and its decay, which it does not read
_base_ = ["../_base_/datasets/pose_market1501.py", "../_base_/runtime/pose_transfer.py"]

model = dict(
    type="PG2StageTwo",
    generator=dict(type="PG2Generator"),
    refiner=dict(type="PG2Refiner"),
    discriminator=dict(type="PG2Discriminator"),
    reconstruction_weight=10.0,
)
load_from = "work_dirs/pg2-stage1_unet5_market1501/seed0/epoch_30.pth"  # where run_stages.py leaves the stage before
allow_partial_load = ["g2.", "d."]  # what stage I lacks
train_dataloader = dict(batch_size=16)
_adam = dict(type="AutocastOptimWrapper", optimizer=dict(type="Adam", lr=2e-5, betas=(0.5, 0.999)))
optim_wrapper = dict(constructor="MethodOptimWrapperConstructor", generator=_adam, discriminator=_adam)
train_cfg = dict(type="SeededEpochLoop", max_epochs=20)
