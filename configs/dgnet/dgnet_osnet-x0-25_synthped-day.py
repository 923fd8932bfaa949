# DG-Net, OSNet x0.25 on SynthPed day: primary and fine learning from images that it draws itself.
# both stages: python tools/run_stages.py configs/dgnet/dgnet-teacher_osnet-x0-25_synthped-day.py configs/dgnet/dgnet_osnet-x0-25_synthped-day.py
# this stage:  python tools/train.py configs/dgnet/dgnet_osnet-x0-25_synthped-day.py
# expect:      see model_zoo/README.md
_base_ = ["../_base_/datasets/positives_synthped_day.py", "../_base_/runtime/swapping.py"]

_weights = "model_zoo/checkpoints/osnet-x0-25_synthped-studio.safetensors"
model = dict(
    type="DGNet",
    backbone=dict(type="OSNet", width=0.25, embedding=False, weights=_weights),
    head=dict(type="PrimaryFineHead"),
    generator=dict(type="DGNetGenerator", width=4, mlp_width=128),
    discriminator=dict(type="MultiScaleDiscriminator", width=8),
    teacher=dict(
        type="IDE",
        backbone=dict(type="OSNet", width=0.25, embedding=False),
        head=dict(type="LinearHead", hidden=512, hidden_relu=False, dropout=0.5),
    ),
    teacher_weights="work_dirs/dgnet-teacher_osnet-x0-25_synthped-day/seed0/epoch_15.pth",
    warm_up_steps=330,  # of the 1,104 steps the share that 30,000 of 100,000 are
    ramp_per_step=0.045,  # and 2 in 44 steps, as in 4,000
)
_adam = dict(type="Adam", betas=(0.0, 0.999), weight_decay=5e-4)  # faster than released, for a ninetieth of the steps
optim_wrapper = dict(
    constructor="MethodOptimWrapperConstructor",
    appearance=dict(type="AutocastOptimWrapper", optimizer=dict(type="AdamW", lr=1e-3, weight_decay=5e-4)),
    generator=dict(type="AutocastOptimWrapper", optimizer=dict(lr=1e-3, **_adam)),
    discriminator=dict(type="AutocastOptimWrapper", optimizer=dict(lr=5e-4, **_adam)),
)
param_scheduler = [dict(type="CosineAnnealingLR", T_max=6, by_epoch=True, convert_to_iter_based=True)]
train_cfg = dict(type="SeededEpochLoop", max_epochs=6)  # of 184 steps
