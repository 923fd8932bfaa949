# RPP with ResNet-50 on Market-1501: PCB and its part classifier, induced before, fine-tuned together.
# stages:    python tools/run_stages.py configs/pcb/pcb_resnet50_market1501.py configs/pcb/pcb-rpp-induction_resnet50_market1501.py configs/pcb/pcb-rpp_resnet50_market1501.py
# alone:     python tools/train.py CONFIG --cfg-options load_from=CHECKPOINT_OF_THE_INDUCTION
# published: rank-1 93.8, mAP 81.6; authors' repository: about 93.5, 81.5; AP rule not stated
# The release goes on from epoch 20 of PCB, without induction: start from that checkpoint, and add
# allow_partial_load="['head.part_classifier.']" to the options. Rates and epochs of this stage are the release's.
_base_ = ["../_base_/datasets/market1501.py", "../_base_/runtime/default.py"]

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
)
load_from = (
    "work_dirs/pcb-rpp-induction_resnet50_market1501/seed0/epoch_10.pth"  # where run_stages.py leaves the stage before
)
optim_wrapper = dict(
    type="AutocastOptimWrapper",
    optimizer=dict(type="SGD", lr=0.01, momentum=0.9, weight_decay=5e-4, nesterov=True),
)
param_scheduler = [dict(type="MultiStepLR", milestones=[20], gamma=0.1, by_epoch=True)]
train_cfg = dict(type="SeededEpochLoop", max_epochs=30)
