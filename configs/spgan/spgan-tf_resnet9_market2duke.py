# SPGAN (m = 2) between Market-1501 and DukeMTMC-reID, as released in TensorFlow: 256 x 256, one pair a step.
# train:       tools/dist_train.sh configs/spgan/spgan-tf_resnet9_market2duke.py 1      (or python tools/train.py CONFIG)
# translate:   python tools/translate.py configs/spgan/spgan-tf_resnet9_market2duke.py CHECKPOINT --in data/market1501 --out ROOT
# re-ID:       python tools/train.py configs/spgan/spgan_resnet50_market2duke.py --cfg-options train_dataloader.dataset.root=ROOT
# published:   see spgan_resnet50_market2duke.py, the conference paper's, whose release this is; withdrawn data
# differs:     an epoch is 16,522 pairs (theirs 12,936): 5 epochs here, 82,610 steps, for their 6; instance norm without
#              parameters; start N(0, 0.02); D pads by 1 (theirs as TensorFlow's SAME: 32 x 32 scores, 30 x 30 here); a history of 50 images (theirs holds one: it seeds in every step).
_base_ = ["../_base_/datasets/translation_market2duke.py", "../_base_/runtime/translation.py"]

model = dict(
    type="SPGAN",
    generator=dict(type="ResNetGenerator", width=64, blocks=9),
    discriminator=dict(type="PatchDiscriminator", width=64, layers=3),
    siamese=dict(type="SiameseNet", form="tf"),
    contrastive_loss=dict(type="ContrastiveLoss", margin=2.0),
    pair_mode="tf",
)
_square = [
    dict(type="Resize", height=286, width=286),
    dict(type="RandomCrop", height=256, width=256),
    dict(type="RandomFlip"),
]
train_dataloader = dict(batch_size=1, dataset=dict(source=dict(transforms=_square), target=dict(transforms=_square)))
_adam = dict(type="AutocastOptimWrapper", optimizer=dict(type="Adam", lr=2e-4, betas=(0.5, 0.999)))
optim_wrapper = dict(constructor="MethodOptimWrapperConstructor", generators=_adam, discriminators=_adam, siamese=_adam)
train_cfg = dict(type="SeededEpochLoop", max_epochs=5)  # at a constant rate
