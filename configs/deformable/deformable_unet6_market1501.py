# Deformable GAN on Market-1501: the full objective, as released.
# train:      python tools/train.py configs/deformable/deformable_unet6_market1501.py
# published:  90,000 steps of 4 pairs, about 30 epochs as counted here
# differs:    torchvision's VGG-19 sees images of unit deviation, where Caffe's saw bytes: the distance has 58 times the
#             published weight, which is the relation of what they see and a guess for their features
_base_ = ["../_base_/datasets/pose_market1501.py", "../_base_/runtime/pose_transfer.py"]

model = dict(
    type="DeformableGAN",
    generator=dict(type="DeformableGenerator"),
    discriminator=dict(type="DeformableDiscriminator"),
    reconstruction_loss=dict(type="NearestNeighbourLoss", window=3),
    reconstruction_weight=0.58,
    features=dict(type="TorchvisionVGG19", weights="imagenet"),  # vgg19-dcbb9e9d.pth in torch's hub cache
    feature_layer="features.3",  # block1_conv2
)
_adam = dict(type="AutocastOptimWrapper", optimizer=dict(type="Adam", lr=2e-4, betas=(0.5, 0.999)))
optim_wrapper = dict(constructor="MethodOptimWrapperConstructor", generator=_adam, discriminator=_adam)
train_cfg = dict(type="SeededEpochLoop", max_epochs=30)  # of 3,029 steps where all 12,116 valid images have a partner
