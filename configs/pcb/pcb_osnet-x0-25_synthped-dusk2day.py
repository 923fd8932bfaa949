# PCB (4 stripes, a classifier each) with OSNet x0.25 trained on SynthPed dusk, tested on day (direct transfer), from the studio weights.
# train:  python tools/train.py configs/pcb/pcb_osnet-x0-25_synthped-dusk2day.py
# test:   python tools/test.py configs/pcb/pcb_osnet-x0-25_synthped-dusk2day.py work_dirs/pcb_osnet-x0-25_synthped-dusk2day/epoch_15.pth
# expect: see model_zoo/README.md
_base_ = ["../_base_/datasets/synthped_dusk2day.py", "../_base_/runtime/default.py"]

_epochs = 15
_weights = "model_zoo/checkpoints/osnet-x0-25_synthped-studio.safetensors"
model = dict(
    type="PCB",
    backbone=dict(type="OSNet", width=0.25, embedding=False, weights=_weights),
    # 8 rows of the map have no 6 equal stripes, 4 of 2 rows are the nearest; 128 channels need no bottleneck of 256,
    # and dropout is 0 as in IDE's SynthPed recipe
    head=dict(type="PCBHead", parts=4, hidden=128, dropout=0.0),
    loss=dict(type="CrossEntropy", label_smoothing=0.1),
)
optim_wrapper = dict(
    type="AutocastOptimWrapper",
    optimizer=dict(type="AdamW", lr=2e-3, weight_decay=5e-4),
)
param_scheduler = [dict(type="CosineAnnealingLR", T_max=_epochs, by_epoch=True, convert_to_iter_based=True)]
train_cfg = dict(type="SeededEpochLoop", max_epochs=_epochs)
