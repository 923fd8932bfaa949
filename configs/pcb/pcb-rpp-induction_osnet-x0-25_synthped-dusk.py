# RPP's induction with OSNet x0.25 on SynthPed dusk: from a trained PCB, only the part classifier learns.
# stages: python tools/run_stages.py configs/pcb/pcb_osnet-x0-25_synthped-dusk.py configs/pcb/pcb-rpp-induction_osnet-x0-25_synthped-dusk.py configs/pcb/pcb-rpp_osnet-x0-25_synthped-dusk.py
# alone:  python tools/train.py configs/pcb/pcb-rpp-induction_osnet-x0-25_synthped-dusk.py --cfg-options load_from=CHECKPOINT_OF_PCB
# expect: see model_zoo/README.md
_base_ = ["../_base_/datasets/synthped_dusk.py", "../_base_/runtime/default.py"]

_epochs = 5
model = dict(
    type="PCB",
    backbone=dict(type="OSNet", width=0.25, embedding=False),
    head=dict(type="PCBHead", parts=4, hidden=128, dropout=0.0, refined=True),
    loss=dict(type="CrossEntropy", label_smoothing=0.1),
    induction=True,
)
load_from = "work_dirs/pcb_osnet-x0-25_synthped-dusk/seed0/epoch_15.pth"  # where run_stages.py leaves the stage before
allow_partial_load = ["head.part_classifier."]  # the one thing that PCB's checkpoint lacks
# at 2e-3 these epochs leave the part classifier near its random start (training loss 12.9 instead of 7.3)
optim_wrapper = dict(
    type="AutocastOptimWrapper",
    optimizer=dict(type="AdamW", lr=5e-2, weight_decay=5e-4),
)
param_scheduler = [dict(type="CosineAnnealingLR", T_max=_epochs, by_epoch=True, convert_to_iter_based=True)]
train_cfg = dict(type="SeededEpochLoop", max_epochs=_epochs)
