# PG2, stage I, on SynthPed day: a coarse person in another pose; a narrow G1.
# both stages: python tools/run_stages.py configs/pg2/pg2-stage1_unet5_synthped-day.py configs/pg2/pg2-stage2_unet5_synthped-day.py
# this stage:  python tools/train.py configs/pg2/pg2-stage1_unet5_synthped-day.py
# expect:      see model_zoo/README.md
_base_ = ["../_base_/datasets/pose_synthped_day.py", "../_base_/runtime/pose_transfer.py"]

model = dict(type="PG2StageOne", generator=dict(type="PG2Generator", width=16))  # the paper: 128
train_dataloader = dict(batch_size=4)  # more steps rather than larger ones
# 50 times the paper's rate, for a sixth of its steps; fused: one pass over all parameters
_adam = dict(type="Adam", lr=1e-3, betas=(0.5, 0.999), fused=True)
_wrapper = dict(type="AutocastOptimWrapper", precision="bf16", optimizer=_adam)
optim_wrapper = dict(constructor="MethodOptimWrapperConstructor", generator=_wrapper)
_epochs = 6
param_scheduler = [dict(type="CosineAnnealingLR", T_max=_epochs, by_epoch=True, convert_to_iter_based=True)]
train_cfg = dict(type="SeededEpochLoop", max_epochs=_epochs)  # of 592 steps
