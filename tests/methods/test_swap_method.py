"""What a method that draws one person's appearance in another's structure promises."""

import pytest
import torch
from torch import nn

from reidzoo.base.errors import UserError
from reidzoo.methods.preprocessor import MEAN, STD
from reidzoo.methods.swapping import SwapMethod


class Tint(SwapMethod):
    """The mean colour of one image on the grey of another; in training mode it would add noise."""

    def __init__(self):
        super().__init__()
        self.noise = nn.Dropout(0.5)
        self.requires = nn.Linear(1, 1)

    def draw(self, appearance, structure):
        return self.noise(appearance.mean(dim=(2, 3), keepdim=True) + self.requires.weight * structure)

    def losses(self, images, pids):
        raise NotImplementedError

    def embed(self, images):
        raise NotImplementedError


@pytest.fixture
def images():
    return torch.randint(0, 256, (2, 3, 3, 8, 4), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def pixels_of(method, appearance, structure):
    mean, std = (torch.tensor(each).view(3, 1, 1) for each in (MEAN, STD))
    a, s = ((each.float() - mean) / std for each in (appearance, structure))
    drawn = a.mean(dim=(2, 3), keepdim=True) + method.requires.weight.item() * s
    return (drawn * std + mean).clamp(0, 255)


def test_bytes_in_bytes_out_in_evaluation_mode(images):
    method = Tint().train()
    swapped = method.swap(*images)
    assert swapped.dtype == torch.uint8
    assert not swapped.requires_grad
    assert torch.equal(swapped, pixels_of(method, *images).round().byte())
    assert method.training
    assert method.noise.training
    assert not torch.equal(method.swap(images[1], images[0]), swapped)


def test_truncated_as_released(images):
    method = Tint()
    truncated, rounded = method.swap(*images, truncate=True), method.swap(*images)
    assert torch.equal(truncated, pixels_of(method, *images).byte())
    assert set((rounded.int() - truncated.int()).unique().tolist()) == {0, 1}


@pytest.mark.parametrize(
    "wrong", [torch.zeros(2, 3, 8, 4), torch.zeros(3, 8, 4).byte(), torch.zeros(2, 1, 8, 4).byte()]
)
def test_what_are_no_pictures_is_refused(images, wrong):
    with pytest.raises(UserError, match=r"swap takes structure as a B x 3 x H x W uint8 tensor, got \("):
        Tint().swap(images[0], wrong)
    with pytest.raises(UserError, match="swap takes appearance as a B x 3 x H x W uint8 tensor, got list"):
        Tint().swap([images[0]], images[1])


def test_partners_are_of_one_number_and_size(images):
    with pytest.raises(UserError, match="all of one size, got 3 x 3 x 8 x 4 and 2 x 3 x 8 x 4"):
        Tint().swap(images[0], images[1][:2])
    with pytest.raises(UserError, match="got 3 x 3 x 8 x 4 and 3 x 3 x 8 x 3"):
        Tint().swap(images[0], images[1][..., :3])
