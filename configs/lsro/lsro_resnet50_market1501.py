# LSRO (Zheng et al., ICCV 2017), ResNet-50 on Market-1501 and 24,000 images of DCGAN.
# both stages: python tools/run_stages.py configs/dcgan/dcgan_conv4_market1501.py configs/lsro/lsro_resnet50_market1501.py
# this stage:  tools/dist_train.sh configs/lsro/lsro_resnet50_market1501.py 1      (or python tools/train.py CONFIG)
# published:   rank-1 4.37 above the network without drawn images (abstract); 84.0, mAP 66.1 with two streams, which this
#              network has not (slides on DG-Net, CVPR 2019)
# differs:     as ide-lsro_resnet50_market1501.py; drawn images are stored as 128 x 128 and enlarged by Resize
_base_ = ["../_base_/datasets/market1501.py", "../_base_/runtime/default.py"]

_size = dict(height=256, width=256, interpolation="bicubic")
_crop = dict(type="RandomScaleCrop", height=224, width=224, min_share=0.85, interpolation="bicubic")
_transforms = [dict(type="Resize", **_size), _crop, dict(type="RandomFlip")]
model = dict(
    type="LSRO",
    backbone=dict(type="TorchvisionResNet", depth=50, weights="imagenet"),
    head=dict(type="LinearHead", hidden=None, dropout=0.75),
)
_drawn = "work_dirs/dcgan_conv4_market1501/seed0/sampled-24000"
train_dataloader = dict(
    batch_size=64,  # both kinds shuffled together: 65 % of the images are drawn
    dataset=dict(
        _delete_=True,
        type="RealAndGenerated",
        real=dict(type="Market1501", root="data/market1501", split="train", transforms=_transforms),
        generated=dict(type="SampledFolder", root=_drawn, transforms=_transforms),
    ),
)
test_dataloader = dict(dataset=dict(transforms=[dict(type="Resize", **_size)]))
test_cfg = dict(type="FlipTestLoop")
optim_wrapper = dict(
    type="AutocastOptimWrapper",
    optimizer=dict(type="SGD", lr=0.002, momentum=0.9, weight_decay=1e-4, nesterov=True),
    paramwise_cfg=dict(custom_keys={"head": dict(lr_mult=50)}, norm_decay_mult=0),  # 0.1 for the new FC
)
param_scheduler = [dict(type="MultiStepLR", milestones=[40], gamma=0.1, by_epoch=True)]
train_cfg = dict(type="SeededEpochLoop", max_epochs=50)
