# SVDNet with OSNet x0.25 trained on SynthPed dusk, tested on day (direct transfer), from the studio weights: 690 steps = 230 + 5 rounds of 92.
# train:  python tools/train.py configs/svdnet/svdnet_osnet-x0-25_synthped-dusk2day.py
# test:   python tools/test.py configs/svdnet/svdnet_osnet-x0-25_synthped-dusk2day.py CHECKPOINT
# expect: see model_zoo/README.md
_base_ = ["../_base_/datasets/synthped_dusk2day.py", "../_base_/runtime/default.py"]

_epochs = 15  # of 46 steps
_weights = "model_zoo/checkpoints/osnet-x0-25_synthped-studio.safetensors"
model = dict(
    type="SVDNet",
    backbone=dict(type="OSNet", width=0.25, embedding=True, weights=_weights),
    head=dict(
        type="EigenHead", eigen_dim=256
    ),  # dropout 0.5 as in the paper; compared with length 1 as all recipes here
    loss=dict(type="CrossEntropy", label_smoothing=0.1),
    steps_before=230,
    rounds=5,
    restraint_steps=46,
    relaxation_steps=46,
)
model_wrapper_cfg = dict(type="OwnStepDistributedDataParallel", broadcast_buffers=False)
optim_wrapper = dict(
    type="AutocastOptimWrapper",
    optimizer=dict(type="AdamW", lr=2e-3, weight_decay=5e-4),
)
# one cosine over all rounds, as every SynthPed recipe has it; the paper restarts its steps in each phase
param_scheduler = [dict(type="CosineAnnealingLR", T_max=_epochs, by_epoch=True, convert_to_iter_based=True)]
train_cfg = dict(type="SeededEpochLoop", max_epochs=_epochs)
