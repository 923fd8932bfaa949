"""What the preprocessor makes of each key of a batch."""

import pytest
import torch

from reidzoo.methods.preprocessor import MEAN, STD, ImagePreprocessor


def pictures(seed=0):
    return torch.randint(0, 256, (2, 3, 6, 4), dtype=torch.uint8, generator=torch.Generator().manual_seed(seed))


def test_images_of_every_domain_are_normalised_in_channels_last_order():
    batch = {"images": pictures(), "source_images": pictures(1), "target_images": pictures(2)}
    out = ImagePreprocessor()(batch)
    for key, images in batch.items():
        expected = (images.double() - torch.tensor(MEAN).double().view(1, 3, 1, 1)) / torch.tensor(STD).view(1, 3, 1, 1)
        torch.testing.assert_close(out[key].double(), expected, rtol=0, atol=1e-6)
        assert out[key].dtype == torch.float32
        assert out[key].is_contiguous(memory_format=torch.channels_last)
    assert batch["source_images"].dtype == torch.uint8


def test_generators_see_minus_1_to_1():
    out = ImagePreprocessor(mean=[127.5] * 3, std=[127.5] * 3)(
        {"source_images": torch.tensor([0, 255]).byte().view(2, 1, 1, 1).expand(2, 3, 6, 4)}
    )
    assert out["source_images"][:, 0, 0, 0].tolist() == [-1.0, 1.0]


@pytest.mark.parametrize("key", ["masks", "source_masks", "target_masks"])
def test_masks_become_0_and_1(key):
    masks = torch.tensor([0, 255], dtype=torch.uint8).view(1, 1, 2, 1)
    out = ImagePreprocessor()({key: masks})[key]
    assert out.dtype == torch.float32
    assert out.flatten().tolist() == [0.0, 1.0]
    assert masks.dtype == torch.uint8


def test_other_keys_pass_unchanged():
    batch = {"pids": torch.arange(2), "source_camids": torch.arange(2), "is_generated": torch.tensor([True, False])}
    out = ImagePreprocessor()({"images": pictures(), **batch})
    for key, value in batch.items():
        assert out[key] is value
