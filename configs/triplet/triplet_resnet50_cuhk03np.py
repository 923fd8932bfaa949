# TriNet (batch-hard triplets, soft margin, FC 1024 - BN - ReLU - FC 128) with ResNet-50 on CUHK03-NP.
# train:     tools/dist_train.sh configs/triplet/triplet_resnet50_cuhk03np.py 1      (or python tools/train.py CONFIG)
# published: nothing that may be printed for this set
# differs:   25,000 steps as released; the test takes the whole image and its mirror image, not 5 crops of each
_base_ = ["../_base_/datasets/cuhk03np.py", "../_base_/runtime/default.py"]

_large = dict(height=288, width=144)
_size = dict(height=256, width=128)
model = dict(
    type="Triplet",
    backbone=dict(type="TorchvisionResNet", depth=50, weights="imagenet"),
    head=dict(type="EmbeddingHead", hidden=1024, embedding=128),
    loss=dict(type="BatchHardTriplet", margin=None),
)
train_dataloader = dict(
    batch_size=72,  # P x K = 18 x 4
    sampler=dict(type="IdentitySampler", images_per_pid=4, _delete_=True),
    dataset=dict(transforms=[dict(type="Resize", **_large), dict(type="RandomCrop", **_size), dict(type="RandomFlip")]),
)
test_cfg = dict(type="FlipTestLoop")
test_evaluator = dict(normalize=False)  # distances as they were learnt
optim_wrapper = dict(type="AutocastOptimWrapper", optimizer=dict(type="Adam", lr=3e-4))
# constant for 15,000 steps, then a thousandth within 10,000: lr * 0.001^((t - 15000) / 10000)
param_scheduler = [dict(type="ExponentialLR", gamma=0.001 ** (1 / 10_000), begin=15_000, end=25_000, by_epoch=False)]
train_cfg = dict(type="SeededEpochLoop", max_epochs=246)  # of 72 images a step
