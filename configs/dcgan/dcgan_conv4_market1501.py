# DCGAN on Market-1501 as LSRO's authors released it: squares of 128 x 128 from noise.
# train:       python tools/train.py configs/dcgan/dcgan_conv4_market1501.py
# sample:      python tools/sample.py configs/dcgan/dcgan_conv4_market1501.py work_dirs/dcgan_conv4_market1501/epoch_25.pth \
#              --out data/market1501-dcgan --count 24000 --size 256 256
# published:   no figure of the images themselves; for what they do to re-ID see the re-ID configs of LSRO
# as released: two updates of the generator a step, 25 epochs, no mirroring; LSRO enlarges what is drawn to 256 x 256
# differs:     whether the generator's second update sees new noise is not known (here: the same).
_base_ = ["../_base_/datasets/sampling_market1501.py", "../_base_/runtime/sampling.py"]

model = dict(
    type="DCGAN",
    generator=dict(type="DCGANGenerator", width=64),
    discriminator=dict(type="DCGANDiscriminator", width=64),
)
_adam = dict(type="AutocastOptimWrapper", optimizer=dict(type="Adam", lr=2e-4, betas=(0.5, 0.999)))
optim_wrapper = dict(constructor="MethodOptimWrapperConstructor", generator=_adam, discriminator=_adam)
train_cfg = dict(type="SeededEpochLoop", max_epochs=25)
