# IDE on the map of OSNet x0.25, trained on SynthPed day, tested on dusk with batch norms that saw its training images.
# train:  python tools/train.py configs/ide/ide-map-adabn_osnet-x0-25_synthped-day2dusk.py
# test:   python tools/test.py configs/ide/ide-map-adabn_osnet-x0-25_synthped-day2dusk.py work_dirs/ide-map-adabn_osnet-x0-25_synthped-day2dusk/epoch_15.pth
#         (a checkpoint of ide-map_osnet-x0-25_synthped-day.py is the same: only the test differs)
# expect: see model_zoo/README.md
_base_ = ["../_base_/datasets/synthped_day2dusk.py", "../_base_/runtime/default.py"]

_epochs = 15
_weights = "model_zoo/checkpoints/osnet-x0-25_synthped-studio.safetensors"
model = dict(
    type="IDE",
    backbone=dict(type="OSNet", width=0.25, embedding=False, weights=_weights),  # 8 x 4 cells, which LMP cuts by rows
    head=dict(type="LinearHead", hidden=512, dropout=0.0),
    loss=dict(type="CrossEntropy", label_smoothing=0.1),
)
optim_wrapper = dict(
    type="AutocastOptimWrapper",
    optimizer=dict(type="AdamW", lr=2e-3, weight_decay=5e-4),
)
param_scheduler = [dict(type="CosineAnnealingLR", T_max=_epochs, by_epoch=True, convert_to_iter_based=True)]
train_cfg = dict(type="SeededEpochLoop", max_epochs=_epochs)
_adaptation_dataloader = dict(  # no labels are read
    batch_size=128,
    num_workers=0,
    collate_fn=dict(type="default_collate"),
    sampler=dict(type="DefaultSampler", shuffle=False),
    dataset=dict(
        type="SynthPed",
        root="data/synthped-dusk",
        split="train",
        transforms=[dict(type="Resize", height=128, width=64)],
    ),
)
test_cfg = dict(type="AdaptedTestLoop", adaptation_dataloader=_adaptation_dataloader)
