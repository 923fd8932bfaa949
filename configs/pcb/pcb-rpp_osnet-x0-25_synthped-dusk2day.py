# RPP with OSNet x0.25 trained on SynthPed dusk, tested on day (direct transfer): PCB and its part classifier, induced before, fine-tuned together.
# stages: python tools/run_stages.py configs/pcb/pcb_osnet-x0-25_synthped-dusk.py configs/pcb/pcb-rpp-induction_osnet-x0-25_synthped-dusk.py configs/pcb/pcb-rpp_osnet-x0-25_synthped-dusk2day.py
# alone:  python tools/train.py configs/pcb/pcb-rpp_osnet-x0-25_synthped-dusk2day.py --cfg-options load_from=CHECKPOINT_OF_THE_INDUCTION
# test:   python tools/test.py configs/pcb/pcb-rpp_osnet-x0-25_synthped-dusk2day.py work_dirs/pcb-rpp_osnet-x0-25_synthped-dusk2day/epoch_10.pth
# expect: see model_zoo/README.md
_base_ = ["../_base_/datasets/synthped_dusk2day.py", "../_base_/runtime/default.py"]

_epochs = 10
model = dict(
    type="PCB",
    backbone=dict(type="OSNet", width=0.25, embedding=False),
    head=dict(type="PCBHead", parts=4, hidden=128, dropout=0.0, refined=True),
    loss=dict(type="CrossEntropy", label_smoothing=0.1),
)
load_from = "work_dirs/pcb-rpp-induction_osnet-x0-25_synthped-dusk/seed0/epoch_5.pth"  # where run_stages.py leaves the stage before
optim_wrapper = dict(
    type="AutocastOptimWrapper",
    optimizer=dict(type="AdamW", lr=1e-3, weight_decay=5e-4),
)
param_scheduler = [dict(type="CosineAnnealingLR", T_max=_epochs, by_epoch=True, convert_to_iter_based=True)]
train_cfg = dict(type="SeededEpochLoop", max_epochs=_epochs)
