# ViT-S/16 with the bag of tricks on MSMT17, after TransReID's baseline (He et al., ICCV 2021): class token, BNNeck, 16 x 4.
# train:     tools/dist_train.sh configs/bot/bot_vit-small_msmt17.py 1      (or python tools/train.py CONFIG)
# published: nothing for this network; with ViT-B/16 rank-1 81.8, mAP 61.8 (TransReID's repository)
# needs:     pip install 'timm>=1.0.20,<2', and timm's model.safetensors of vit_small_patch16_224.augreg_in21k_ft_in1k under the name below
# differs:   TransReID tests with the feature before the neck; margin, warm-up, decay and smoothing are ours.
_base_ = ["../_base_/datasets/msmt17.py", "../_base_/runtime/default.py"]

_size = dict(height=256, width=128, interpolation="bicubic")
_weights = "data/pretrained/vit_small_patch16_224.augreg_in21k_ft_in1k.safetensors"
_half = [127.5, 127.5, 127.5]
model = dict(
    type="BagOfTricks",
    backbone=dict(type="TimmBackbone", name="vit_small_patch16_224", token="class", weights=_weights),
    head=dict(type="BNNeckHead"),
    id_loss=dict(type="CrossEntropy", label_smoothing=0.1),
    triplet_loss=dict(type="BatchHardTriplet", margin=0.3),
    data_preprocessor=dict(type="ImagePreprocessor", mean=_half, std=_half),
)
_erase = dict(type="RandomErasing", fill="random")
_augment = [dict(type="Resize", **_size), dict(type="RandomFlip"), dict(type="PadCrop", padding=10), _erase]
train_dataloader = dict(
    batch_size=64,  # P x K = 16 x 4
    sampler=dict(type="IdentitySampler", images_per_pid=4, _delete_=True),
    dataset=dict(transforms=_augment),
)
optim_wrapper = dict(
    type="AutocastOptimWrapper",
    optimizer=dict(type="SGD", lr=8e-3, momentum=0.9, weight_decay=1e-4),
)
param_scheduler = [
    dict(type="LinearLR", start_factor=0.01, end=5, by_epoch=True, convert_to_iter_based=True),
    dict(type="CosineAnnealingLR", begin=5, end=120, by_epoch=True, convert_to_iter_based=True),
]
train_cfg = dict(type="SeededEpochLoop", max_epochs=120)
