"""L1 in the range [-1, 1]: against its definition, at its ends, and what is refused."""

import pytest
import torch

from reidzoo.base.errors import UserError
from reidzoo.evaluation import mean_l1


def test_is_the_mean_difference_of_images_in_minus_one_to_one():
    first, second = torch.randint(256, (2, 4, 3, 9, 5), generator=torch.Generator().manual_seed(0)).byte()
    scaled = [images.double() / 127.5 - 1 for images in (first, second)]
    expected = torch.stack([(one - other).abs().mean() for one, other in zip(*scaled, strict=True)])
    found = mean_l1(first, second)
    assert found.dtype == torch.float64
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-14)
    assert torch.equal(found, mean_l1(second, first))


def test_ends_of_the_scale():
    black = torch.zeros(1, 3, 2, 2, dtype=torch.uint8)
    assert mean_l1(black, black).item() == 0
    assert mean_l1(black, ~black).item() == 2
    assert mean_l1(black, black + 51).item() == pytest.approx(0.4)


def test_refuses_pairs_that_do_not_fit():
    images = torch.zeros(2, 3, 4, 4, dtype=torch.uint8)
    with pytest.raises(UserError, match="one size, got 4 x 4 and 4 x 2"):
        mean_l1(images, images[..., :2])
    with pytest.raises(UserError, match="pair by pair, got 2 and 1"):
        mean_l1(images, images[:1])
    with pytest.raises(UserError, match=r"torch\.float32"):
        mean_l1(images, images.float())
