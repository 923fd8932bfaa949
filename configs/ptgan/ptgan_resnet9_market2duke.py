# PTGAN between Market-1501 and DukeMTMC-reID: CycleGAN that may not change the persons; needs masks of both sets.
# train:       tools/dist_train.sh configs/ptgan/ptgan_resnet9_market2duke.py 1      (or python tools/train.py CONFIG)
# both stages: python tools/run_stages.py configs/ptgan/ptgan_resnet9_market2duke.py configs/ptgan/ptgan_resnet50_market2duke.py
# masks:       any person segmentation, written as <root>/masks/<folder>/<stem>.png for each <root>/<folder>/<stem>.jpg,
#              of its size, 255 person and 0 rest (transform LoadMask); none is shipped
# published:   see ptgan_resnet50_market2duke.py; withdrawn data
# differs:     masks are cropped and flipped with their images (a bug of the release); an epoch is 16,522 pairs (theirs
#              12,936): 156 epochs, 2.6 million steps, for their 200; rate falls to 0 over the second half as there.
_base_ = ["../_base_/datasets/translation_market2duke.py", "../_base_/runtime/translation.py"]

_epochs = 156
_decay = 78
model = dict(
    type="PTGAN",
    generator=dict(type="ResNetGenerator", width=64, blocks=9),
    discriminator=dict(type="PatchDiscriminator", width=64, layers=3),
)
_square = [
    dict(type="LoadMask"),
    dict(type="Resize", height=286, width=286),
    dict(type="RandomCrop", height=256, width=256),
    dict(type="RandomFlip"),
]
train_dataloader = dict(batch_size=1, dataset=dict(source=dict(transforms=_square), target=dict(transforms=_square)))
_adam = dict(type="AutocastOptimWrapper", optimizer=dict(type="Adam", lr=2e-4, betas=(0.5, 0.999)))
optim_wrapper = dict(constructor="MethodOptimWrapperConstructor", generators=_adam, discriminators=_adam)
_falling = dict(begin=_epochs - _decay, end=_epochs, convert_to_iter_based=True)
param_scheduler = [dict(type="LinearLR", start_factor=1.0, end_factor=0.0, **_falling)]
train_cfg = dict(type="SeededEpochLoop", max_epochs=_epochs)
