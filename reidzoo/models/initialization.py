"""How the networks of a GAN start."""

from __future__ import annotations

from torch import nn


def init_normal(network: nn.Module, std: float = 0.02, cut_convolutions: bool = False) -> None:
    """Weights from N(0, ``std``), biases 0, in place (Radford et al., "DCGAN", ICLR 2016, section 3).

    Of convolutions and linear layers. A smaller ``std`` is the known remedy for colours that turn over in the first
    epochs of a CycleGAN. With ``cut_convolutions`` their weights stay within two deviations, as TensorFlow's truncated
    normal, which DCGAN's discriminators of that framework start from.
    """
    for module in network.modules():
        if isinstance(module, nn.Conv2d) and cut_convolutions:
            nn.init.trunc_normal_(module.weight, std=std, a=-2 * std, b=2 * std)
        elif isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            nn.init.normal_(module.weight, std=std)
        else:
            continue
        if module.bias is not None:
            nn.init.zeros_(module.bias)


def init_glorot(network: nn.Module) -> None:
    """Weights from Glorot and Bengio's uniform distribution (AISTATS 2010), biases 0, in place.

    Of convolutions and linear layers: how Keras and TF-slim start.
    """
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            nn.init.xavier_uniform_(module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)


def init_kaiming(network: nn.Module) -> None:
    """Weights from N(0, sqrt(2 / fan in)), biases 0, in place (He et al., ICCV 2015, for ReLU).

    Of convolutions and linear layers: how MUNIT's and DG-Net's generators start.
    """
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            nn.init.kaiming_normal_(module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
