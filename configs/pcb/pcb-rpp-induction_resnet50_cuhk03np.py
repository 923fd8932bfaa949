# RPP's induction with ResNet-50 on CUHK03-NP: from a trained PCB, only the part classifier learns.
# stages:    python tools/run_stages.py configs/pcb/pcb_resnet50_cuhk03np.py configs/pcb/pcb-rpp-induction_resnet50_cuhk03np.py configs/pcb/pcb-rpp_resnet50_cuhk03np.py
# alone:     python tools/train.py CONFIG --cfg-options load_from=CHECKPOINT_OF_PCB
# published: nothing; how long and how fast the part classifier learns is our choice, the release leaves this stage out
_base_ = ["../_base_/datasets/cuhk03np.py", "../_base_/runtime/default.py"]

_size = dict(height=384, width=128)
train_dataloader = dict(
    batch_size=64,
    dataset=dict(transforms=[dict(type="Resize", **_size), dict(type="RandomFlip")]),
)
test_dataloader = dict(dataset=dict(transforms=[dict(type="Resize", **_size)]))
model = dict(
    type="PCB",
    backbone=dict(type="TorchvisionResNet", depth=50, last_stride=1),
    head=dict(type="PCBHead", parts=6, hidden=256, dropout=0.5, refined=True),
    induction=True,
)
load_from = "work_dirs/pcb_resnet50_cuhk03np/seed0/epoch_60.pth"  # where run_stages.py leaves the stage before
allow_partial_load = ["head.part_classifier."]  # the one thing that PCB's checkpoint lacks
optim_wrapper = dict(
    type="AutocastOptimWrapper",
    optimizer=dict(type="SGD", lr=0.1, momentum=0.9, weight_decay=5e-4, nesterov=True),
)
train_cfg = dict(type="SeededEpochLoop", max_epochs=10)
