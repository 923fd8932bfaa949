# PG2, stage I, on DeepFashion: a coarse person in another pose.
# both stages: python tools/run_stages.py configs/pg2/pg2-stage1_unet6_deepfashion.py configs/pg2/pg2-stage2_unet6_deepfashion.py
# this stage:  python tools/train.py configs/pg2/pg2-stage1_unet6_deepfashion.py
# published:   30,000 steps of 8 pairs (paper), 22,000 of 1 (code); the log says how many images have a torso, and so
#              how many steps an epoch has: set train_cfg.max_epochs to 240,000 / that number
# as released: Adam at 2e-5 throughout; the code has flags for the rate and its decay, which it does not read
# differs:     no pair is mirrored; paper and code add the mirror images of all pairs
_base_ = ["../_base_/datasets/pose_deepfashion.py", "../_base_/runtime/pose_transfer.py"]

_size = [256, 256]
model = dict(type="PG2StageOne", generator=dict(type="PG2Generator", image_size=_size))
train_dataloader = dict(batch_size=8)
_adam = dict(type="AutocastOptimWrapper", optimizer=dict(type="Adam", lr=2e-5, betas=(0.5, 0.999)))
optim_wrapper = dict(constructor="MethodOptimWrapperConstructor", generator=_adam)
train_cfg = dict(type="SeededEpochLoop", max_epochs=9)
