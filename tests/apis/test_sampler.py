"""Images from noise in one call: those that the tool writes, alike in any number and batch."""

import numpy as np
import pytest
import torch
from mmengine.config import Config
from toy_sampling import write_toy_sampler

from reidzoo.apis import Sampler, Translator
from reidzoo.apis.sampling import noise_of
from reidzoo.base.errors import UserError
from reidzoo.registry import METHODS


@pytest.fixture(scope="module")
def saved(toy_market, tmp_path_factory):
    """Config and checkpoint of a DCGAN whose weights were drawn at random."""
    folder = tmp_path_factory.mktemp("sampler")
    config = write_toy_sampler(folder, "toy_gan", toy_market)
    torch.manual_seed(0)
    method = METHODS.build(Config.fromfile(config).model)
    for parameter in method.parameters():
        torch.nn.init.normal_(parameter, std=0.4)  # far from the start, where images come out grey
    torch.save({"state_dict": method.state_dict(), "meta": {}}, folder / "toy_gan.pth")
    return config, folder / "toy_gan.pth"


@pytest.fixture(scope="module")
def sampler(saved):
    return Sampler(*saved, device="cpu", batch_size=4)


def test_images_are_those_of_the_method_in_order(sampler):
    drawn = sampler(6, seed=2)
    assert (drawn.shape, drawn.dtype) == ((6, 32, 16, 3), np.uint8)
    noise = torch.cat([noise_of(sampler.method, 2, number) for number in range(6)])
    expected = sampler.method.sample(noise).permute(0, 2, 3, 1).numpy()
    assert np.abs(drawn.astype(int) - expected).max() <= 1  # another batch size rounds otherwise
    assert drawn.std(0).mean() > 2


def test_an_image_is_a_function_of_seed_and_number(saved, sampler):
    torch.manual_seed(5)
    few = sampler(3)
    many = Sampler(*saved, device="cpu", batch_size=7)(9)
    assert np.abs(few.astype(int) - many[:3]).max() <= 1
    assert np.abs(few.astype(int) - sampler(3, seed=1)).mean() > 2


def test_progress_is_shown_on_request_only(saved, sampler, capsys):
    sampler(1)
    assert capsys.readouterr().err == ""
    Sampler(*saved, device="cpu", progress=True)(1)
    assert "sampling" in capsys.readouterr().err


@pytest.mark.parametrize("count", [0, -1, 2.0, True])
def test_refused_counts(sampler, count):
    with pytest.raises(UserError, match=f"a whole number of at least 1, got {count}"):
        sampler(count)


def test_refused_models(saved, toy_config, tmp_path):
    config, checkpoint = saved
    with pytest.raises(UserError, match="name a checkpoint of it, too"):
        Sampler(config)
    with pytest.raises(UserError, match="no model 'no-such-model' in the zoo"):
        Sampler("no-such-model")
    with pytest.raises(UserError, match="no device 'gpu3' here"):
        Sampler(config, checkpoint, device="gpu3")
    with pytest.raises(UserError, match="at least 1, got 0"):
        Sampler(config, checkpoint, batch_size=0)
    with pytest.raises(UserError, match="DCGAN translates no pictures"):
        Translator(config, checkpoint)
    cfg = Config.fromfile(toy_config(**{"model.num_pids": 6}))
    torch.save({"state_dict": METHODS.build(cfg.model).state_dict()}, tmp_path / "ide.pth")
    with pytest.raises(UserError, match="IDE draws nothing from noise"):
        Sampler(toy_config(**{"model.num_pids": 6}), tmp_path / "ide.pth")
