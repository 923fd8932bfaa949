# LSRO, OSNet x0.25 on a quarter of SynthPed day: 64 real and 64 drawn images a batch, as many drawn as real in all, normalised apart.
# both stages: python tools/run_stages.py configs/dcgan/dcgan-quarter_conv4_synthped-day.py configs/lsro/lsro-quarter-separate_osnet-x0-25_synthped-day.py
# this stage:  python tools/train.py configs/lsro/lsro-quarter-separate_osnet-x0-25_synthped-day.py
# expect:      see model_zoo/README.md; compare with ide-map-quarter_osnet-x0-25_synthped-day.py
_base_ = ["../_base_/datasets/synthped_day.py", "../_base_/runtime/default.py"]

_epochs = 32
_weights = "model_zoo/checkpoints/osnet-x0-25_synthped-studio.safetensors"
model = dict(
    type="LSRO",
    backbone=dict(type="OSNet", width=0.25, embedding=False, weights=_weights),
    head=dict(type="LinearHead", hidden=512, dropout=0.0),
    real_loss=dict(type="CrossEntropy", label_smoothing=0.1),  # as that IDE
    separate_passes=True,  # in the paper both kinds share one pass and its statistics
)
_transforms = [dict(type="Resize", height=128, width=64), dict(type="PadCrop", padding=5), dict(type="RandomFlip")]
_drawn = "work_dirs/dcgan-quarter_conv4_synthped-day/seed0/sampled-1464"
train_dataloader = dict(
    batch_size=128,  # 64 real ones as in that IDE; an epoch is one pass over the real images
    sampler=dict(type="RealFakeSampler", real_fake=(1, 1)),
    dataset=dict(
        _delete_=True,
        type="RealAndGenerated",
        real=dict(type="SynthPed", root="data/synthped-day", split="train", share=0.25, transforms=_transforms),
        generated=dict(type="SampledFolder", root=_drawn, first=732, transforms=_transforms),
    ),
)
optim_wrapper = dict(
    type="AutocastOptimWrapper",
    optimizer=dict(type="AdamW", lr=2e-3, weight_decay=5e-4),
)
param_scheduler = [dict(type="CosineAnnealingLR", T_max=_epochs, by_epoch=True, convert_to_iter_based=True)]
train_cfg = dict(type="SeededEpochLoop", max_epochs=_epochs)
