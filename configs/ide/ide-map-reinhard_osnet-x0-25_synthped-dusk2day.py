# IDE on the map of OSNet x0.25, SynthPed dusk recoloured as the cameras of day see (Reinhard et al., 2001), tested on day.
# train:  python tools/train.py configs/ide/ide-map-reinhard_osnet-x0-25_synthped-dusk2day.py
# test:   python tools/test.py configs/ide/ide-map-reinhard_osnet-x0-25_synthped-dusk2day.py work_dirs/ide-map-reinhard_osnet-x0-25_synthped-dusk2day/epoch_15.pth
# expect: see model_zoo/README.md
_base_ = ["../_base_/datasets/synthped_dusk2day.py", "../_base_/runtime/default.py"]

_epochs = 15
_target = dict(type="SynthPed", root="data/synthped-day", split="train")  # images and cameras, no identities
_weights = "model_zoo/checkpoints/osnet-x0-25_synthped-studio.safetensors"
model = dict(
    type="IDE",
    backbone=dict(type="OSNet", width=0.25, embedding=False, weights=_weights),  # 8 x 4 cells, which LMP cuts by rows
    head=dict(type="LinearHead", hidden=512, dropout=0.0),
    loss=dict(type="CrossEntropy", label_smoothing=0.1),
)
train_dataloader = dict(
    dataset=dict(
        transforms=[
            dict(type="Resize", height=128, width=64),
            dict(type="ReinhardTransfer", target=_target),  # before the padding, which is no colour of the image
            dict(type="PadCrop", padding=5),
            dict(type="RandomFlip"),
        ]
    )
)
optim_wrapper = dict(
    type="AutocastOptimWrapper",
    optimizer=dict(type="AdamW", lr=2e-3, weight_decay=5e-4),
)
param_scheduler = [dict(type="CosineAnnealingLR", T_max=_epochs, by_epoch=True, convert_to_iter_based=True)]
train_cfg = dict(type="SeededEpochLoop", max_epochs=_epochs)
