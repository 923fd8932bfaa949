"""How the networks of a GAN start."""

from __future__ import annotations

from torch import nn


def init_normal(network: nn.Module, std: float = 0.02) -> None:
    """Weights of convolutions from N(0, ``std``), biases 0, in place (Radford et al., "DCGAN", ICLR 2016, section 3).

    A smaller ``std`` is the known remedy for colours that turn over in the first epochs of a CycleGAN.
    """
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(module.weight, std=std)
            nn.init.zeros_(module.bias)
