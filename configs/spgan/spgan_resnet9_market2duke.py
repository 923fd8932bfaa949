# SPGAN (m = 2) between Market-1501 and DukeMTMC-reID, as its authors released it in PyTorch (eSPGAN's repository).
# train:       tools/dist_train.sh configs/spgan/spgan_resnet9_market2duke.py 1      (or python tools/train.py CONFIG)
# both stages: python tools/run_stages.py configs/spgan/spgan_resnet9_market2duke.py configs/spgan/spgan_resnet50_market2duke.py
# published:   see spgan_resnet50_market2duke.py and spgan_resnet50_duke2market.py; withdrawn data
# epochs:      of their 20 (1,617 steps each, constant rate) their test script loads the 7th, 11,319 steps: 6 epochs of
#              2,065 steps here, 12,390 in all.
# differs:     an epoch is 16,522 pairs (theirs 12,936); start N(0, 0.02); a history of 50 images (theirs: batches);
#              the discriminators' last paddings; the Siamese network learns last (there before the discriminators).
_base_ = ["../_base_/datasets/translation_market2duke.py", "../_base_/runtime/translation.py"]

model = dict(
    type="SPGAN",
    generator=dict(type="ResNetGenerator", width=64, blocks=9),
    discriminator=dict(type="PatchDiscriminator", width=64, layers=3),
    siamese=dict(type="SiameseNet", form="torch"),
    contrastive_loss=dict(type="ContrastiveLoss", margin=2.0),
    pair_mode="torch",
    siamese_from=1617,  # steps: one epoch of theirs
    contrastive_from=3234,  # and two
    generator_every=2,
)
_adam = dict(type="AutocastOptimWrapper", optimizer=dict(type="Adam", lr=2e-4, betas=(0.5, 0.999)))
optim_wrapper = dict(constructor="MethodOptimWrapperConstructor", generators=_adam, discriminators=_adam, siamese=_adam)
train_cfg = dict(type="SeededEpochLoop", max_epochs=6)
