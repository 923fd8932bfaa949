# CamStyle without LSR, OSNet x0.25 on SynthPed day: 64 real and 21 drawn images a batch; label smoothing 0.1 for the real ones only.
# both stages: python tools/run_stages.py configs/camstyle/camstyle_resnet3_synthped-day.py configs/camstyle/camstyle-vanilla_osnet-x0-25_synthped-day.py
# this stage:  python tools/train.py configs/camstyle/camstyle-vanilla_osnet-x0-25_synthped-day.py
# expect:      see model_zoo/README.md; compare with ide-map_osnet-x0-25_synthped-day.py
_base_ = ["../_base_/datasets/synthped_day.py", "../_base_/runtime/default.py"]

_epochs = 15
_weights = "model_zoo/checkpoints/osnet-x0-25_synthped-studio.safetensors"
model = dict(
    type="CamStyle",
    backbone=dict(type="OSNet", width=0.25, embedding=False, weights=_weights),
    head=dict(type="LinearHead", hidden=512, dropout=0.0),
    real_loss=dict(type="CrossEntropy", label_smoothing=0.1),  # as that IDE
    fake_loss=dict(type="CrossEntropy", label_smoothing=0.0),
)
_transforms = [dict(type="Resize", height=128, width=64), dict(type="PadCrop", padding=5), dict(type="RandomFlip")]
_drawn = "work_dirs/camstyle_resnet3_synthped-day/seed0/translated"
train_dataloader = dict(
    batch_size=85,  # 64 real ones as in that IDE; an epoch is one pass over the real images
    sampler=dict(type="RealFakeSampler", real_fake=(3, 1)),
    dataset=dict(
        _delete_=True,
        type="RealAndGenerated",
        real=dict(type="SynthPed", root="data/synthped-day", split="train", transforms=_transforms),
        generated=dict(type="GeneratedFolder", root=_drawn, split="train", transforms=_transforms),
    ),
)
optim_wrapper = dict(
    type="AutocastOptimWrapper",
    optimizer=dict(type="AdamW", lr=2e-3, weight_decay=5e-4),
)
param_scheduler = [dict(type="CosineAnnealingLR", T_max=_epochs, by_epoch=True, convert_to_iter_based=True)]
train_cfg = dict(type="SeededEpochLoop", max_epochs=_epochs)
