# PG2, stage I, on Market-1501: a coarse person in another pose.
# both stages: python tools/run_stages.py configs/pg2/pg2-stage1_unet5_market1501.py configs/pg2/pg2-stage2_unet5_market1501.py
# this stage:  python tools/train.py configs/pg2/pg2-stage1_unet5_market1501.py
# published:   22,000 steps of 16 pairs (paper and code); an epoch has at most 808, fewer where poses lack a torso
# as released: Adam at 2e-5 throughout; the code has flags for the rate and its decay, which it does not read
# differs:     no pair is mirrored; paper and code add the mirror images of all pairs
_base_ = ["../_base_/datasets/pose_market1501.py", "../_base_/runtime/pose_transfer.py"]

model = dict(type="PG2StageOne", generator=dict(type="PG2Generator"))
train_dataloader = dict(batch_size=16)
_adam = dict(type="AutocastOptimWrapper", optimizer=dict(type="Adam", lr=2e-5, betas=(0.5, 0.999)))
optim_wrapper = dict(constructor="MethodOptimWrapperConstructor", generator=_adam)
train_cfg = dict(type="SeededEpochLoop", max_epochs=30)
