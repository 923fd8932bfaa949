# TAUDL with ResNet-50 on DukeMTMC-reID: tracklets from identity and camera, which is supervision inside each camera.
# train:     tools/dist_train.sh configs/taudl/taudl_resnet50_dukemtmc.py 1      (or python tools/train.py CONFIG)
# published: rank-1 61.7, mAP 43.5, as CR-GAN's poster quotes them; withdrawn data
# differs:   the association is differentiable (model.association_loss.released=True is the release's), all cameras pass
#            together (model.separate_passes=True: each alone)
_base_ = ["../_base_/datasets/dukemtmc.py", "../_base_/runtime/default.py"]

_size = dict(height=256, width=128)
_augment = [dict(type="RandomRectCrop", **_size), dict(type="RandomFlip")]
model = dict(
    type="TAUDL",
    backbone=dict(type="TorchvisionResNet", depth=50, weights="imagenet"),
    head=dict(type="TrackletHead", hidden=2048),
    association_loss=dict(type="TrackletAssociation"),
)
_images = dict(type="DukeMTMCreID", root="data/dukemtmc-reid", split="train", transforms=_augment)
train_dataloader = dict(
    batch_size=384,  # 96 tracklets x 4 images on one process: the association sees those of its own process only
    sampler=dict(type="TrackletSampler", images_per_tracklet=4, _delete_=True),
    dataset=dict(type="Tracklets", dataset=_images, _delete_=True),
)
test_evaluator = dict(normalize=False)  # distances as they were learnt
optim_wrapper = dict(type="AutocastOptimWrapper", optimizer=dict(type="Adam", lr=3.5e-4, weight_decay=5e-4))
# constant for 100 epochs, then lr * 0.001^((epoch - 100) / 50)
param_scheduler = [dict(type="ExponentialLR", gamma=0.001 ** (1 / 50), begin=100, end=200, by_epoch=True)]
train_cfg = dict(type="SeededEpochLoop", max_epochs=200)
