# SPGAN with the margin m = 2 between SynthPed day and dusk, both directions at once.
# train:      python tools/train.py configs/spgan/spgan_resnet3_synthped-day2dusk.py
# translate:  python tools/translate.py configs/spgan/spgan_resnet3_synthped-day2dusk.py work_dirs/spgan_resnet3_synthped-day2dusk/epoch_2.pth \
#             --in data/synthped-day --out data/synthped-day-as-dusk
# and re-ID:  python tools/run_stages.py configs/spgan/spgan_resnet3_synthped-day2dusk.py configs/spgan/spgan_osnet-x0-25_synthped-day2dusk.py
# differs:    from the authors' PyTorch code: the generators learn in every step, theirs in every second; D learns more slowly; the
#             rate falls in the second half
# expect:     see model_zoo/README.md
_base_ = ["../_base_/datasets/translation_synthped_day2dusk.py", "../_base_/runtime/translation.py"]

_epochs = 2  # of 1,484 steps; the rate goes to 0 in the second
model = dict(
    type="SPGAN",
    generator=dict(type="ResNetGenerator", width=16, blocks=3, residual=True),
    discriminator=dict(type="PatchDiscriminator", width=16, layers=3),
    siamese=dict(type="SiameseNet", form="torch", width=32, image_size=(128, 64)),
    contrastive_loss=dict(type="ContrastiveLoss", margin=2.0),
    siamese_from=148,  # steps: one twentieth of the training, as in the authors' PyTorch code
    contrastive_from=297,  # and two
)
# fused: one pass over all parameters. D learns five times more slowly: at G's rate it wins before G has learnt a colour.
_adam = dict(type="Adam", betas=(0.5, 0.999), fused=True)
_wrapper = dict(type="AutocastOptimWrapper", precision="bf16")
optim_wrapper = dict(
    constructor="MethodOptimWrapperConstructor",
    generators=dict(optimizer=dict(lr=5e-4, **_adam), **_wrapper),
    discriminators=dict(optimizer=dict(lr=1e-4, **_adam), **_wrapper),
    siamese=dict(optimizer=dict(lr=5e-4, **_adam), **_wrapper),
)
_decay = dict(start_factor=1.0, end_factor=0.0, begin=1, end=_epochs, convert_to_iter_based=True)
param_scheduler = [dict(type="LinearLR", **_decay)]
train_cfg = dict(type="SeededEpochLoop", max_epochs=_epochs)
