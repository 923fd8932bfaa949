# CycleGAN with the identity mapping between Market-1501 and DukeMTMC-reID, as SPGAN's authors train it in PyTorch.
# train:       tools/dist_train.sh configs/cyclegan/cyclegan_resnet9_market2duke.py 1      (or python tools/train.py CONFIG)
# both stages: python tools/run_stages.py configs/cyclegan/cyclegan_resnet9_market2duke.py configs/cyclegan/cyclegan_resnet50_market2duke.py
# published:   see cyclegan_resnet50_market2duke.py and cyclegan_resnet50_duke2market.py; withdrawn data
# differs:     an epoch is 16,522 pairs (theirs 12,936): 5 epochs here, 27,535 steps, for their 6 of 4,312 steps;
#              start N(0, 0.02); a history of 50 images (theirs of 50 batches); the discriminators' last paddings.
_base_ = ["../_base_/datasets/translation_market2duke.py", "../_base_/runtime/translation.py"]

model = dict(
    type="CycleGAN",
    generator=dict(type="ResNetGenerator", width=64, blocks=9),
    discriminator=dict(type="PatchDiscriminator", width=64, layers=3),
)
train_dataloader = dict(batch_size=3)
_adam = dict(type="AutocastOptimWrapper", optimizer=dict(type="Adam", lr=2e-4, betas=(0.5, 0.999)))
optim_wrapper = dict(constructor="MethodOptimWrapperConstructor", generators=_adam, discriminators=_adam)
train_cfg = dict(type="SeededEpochLoop", max_epochs=5)  # at a constant rate
