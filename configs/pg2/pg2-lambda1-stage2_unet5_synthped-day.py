# PG2, stage II, on SynthPed day with lambda 1: little holds the refined person to the photograph.
# both stages: python tools/run_stages.py configs/pg2/pg2-stage1_unet5_synthped-day.py configs/pg2/pg2-lambda1-stage2_unet5_synthped-day.py
# this stage:  python tools/train.py configs/pg2/pg2-lambda1-stage2_unet5_synthped-day.py
# expect:      see model_zoo/README.md; compare with pg2-stage2_unet5_synthped-day.py
_base_ = ["../_base_/datasets/pose_synthped_day.py", "../_base_/runtime/pose_transfer.py"]

model = dict(
    type="PG2StageTwo",
    generator=dict(type="PG2Generator", width=16),
    refiner=dict(type="PG2Refiner", width=16),
    discriminator=dict(type="PG2Discriminator", width=16),
    reconstruction_weight=1.0,  # a tenth of the released code's for Market-1501
)
load_from = "work_dirs/pg2-stage1_unet5_synthped-day/seed0/epoch_6.pth"  # where run_stages.py leaves the stage before
allow_partial_load = ["g2.", "d."]  # what stage I lacks
train_dataloader = dict(batch_size=4)  # as stage I
# ten times the paper's rate, for a third of its steps; fused: one pass over all parameters
_adam = dict(type="Adam", lr=2e-4, betas=(0.5, 0.999), fused=True)
_wrapper = dict(type="AutocastOptimWrapper", precision="bf16", optimizer=_adam)
optim_wrapper = dict(constructor="MethodOptimWrapperConstructor", generator=_wrapper, discriminator=_wrapper)
_epochs = 8
param_scheduler = [dict(type="CosineAnnealingLR", T_max=_epochs, by_epoch=True, convert_to_iter_based=True)]
train_cfg = dict(type="SeededEpochLoop", max_epochs=_epochs)  # of 592 steps
