# PCB (4 stripes, a classifier each) with OSNet x0.25 on SynthPed day, from the studio weights:
# as many epochs as PCB and both stages of RPP together, so that the two compare at equal length.
# train:  python tools/train.py configs/pcb/pcb-long_osnet-x0-25_synthped-day.py
# test:   python tools/test.py configs/pcb/pcb-long_osnet-x0-25_synthped-day.py work_dirs/pcb-long_osnet-x0-25_synthped-day/epoch_30.pth
# expect: mAP (step) 76.5 +- 0.6, rank-1 91.2 over 3 seeds
_base_ = ["../_base_/datasets/synthped_day.py", "../_base_/runtime/default.py"]

_epochs = 30
_weights = "model_zoo/checkpoints/osnet-x0-25_synthped-studio.safetensors"
model = dict(
    type="PCB",
    backbone=dict(type="OSNet", width=0.25, embedding=False, weights=_weights),
    head=dict(type="PCBHead", parts=4, hidden=128, dropout=0.0),
    loss=dict(type="CrossEntropy", label_smoothing=0.1),
)
optim_wrapper = dict(
    type="AutocastOptimWrapper",
    optimizer=dict(type="AdamW", lr=2e-3, weight_decay=5e-4),
)
param_scheduler = [dict(type="CosineAnnealingLR", T_max=_epochs, by_epoch=True, convert_to_iter_based=True)]
train_cfg = dict(type="SeededEpochLoop", max_epochs=_epochs)
