"""What every method promises that draws images from noise."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import torch
from mmengine.model import BaseModel
from torch import Tensor, nn

from reidzoo.methods.generative import in_mode, to_bytes, unit_range_preprocessor


class SamplingMethod(BaseModel):
    """Base of the methods that draw images from noise alone, learnt from images without labels.

    A subclass says which noise it was trained with (:meth:`noise`), which modules are updated together (``optimized``)
    and what a step is (``train_step``). Batches have ``images``; what else is in them is not read.

    Args:
        data_preprocessor: config of the preprocessor; None brings images to [-1, 1], where generators draw.

    Attributes:
        noise_size: length D of a row of noise.
        image_size: height and width of what is drawn.
    """

    noise_size: int
    image_size: tuple[int, int]

    def __init__(self, data_preprocessor: dict[str, Any] | None = None):
        super().__init__(unit_range_preprocessor(data_preprocessor))

    @abstractmethod
    def noise(self, count: int, rng: torch.Generator | None = None, device: torch.device | str = "cpu") -> Tensor:
        """Rows of the distribution that the method was trained with, ``count`` x D float32.

        rng: of ``device``; None draws from torch's global chance.
        """

    @abstractmethod
    def optimized(self) -> dict[str, list[nn.Module]]:
        """Which modules are updated together; ``optim_wrapper`` in the config has the same names."""

    @torch.no_grad()
    def sample(self, noise: Tensor) -> Tensor:
        """What people call: images from rows of :meth:`noise`.

        Batch norms use their running statistics, so that an image is a function of its own row.

        Args:
            noise: B x D floats, on any device.

        Returns:
            B x 3 x H x W uint8 RGB on the method's device, alike in every batch, but for a byte at the edge of
            rounding, which another order of float32 sums may turn.

        Raises:
            UserError: noise of another shape.
        """
        with in_mode(self, training=False):
            drawn = self(noise.to(self.data_preprocessor.mean))  # its device, and float64 in a float64 method
        return to_bytes(drawn, self.data_preprocessor)
