"""Pictures in every form come back in the style of the other domain, as the method draws them."""

import numpy as np
import pytest
import torch
from mmengine.config import Config
from PIL import Image

from reidzoo.apis import Embedder, Translator
from reidzoo.apis.trained_data import resizing
from reidzoo.base.errors import UserError
from reidzoo.data.datasets.listing import image_files
from reidzoo.data.datasets.reading import decode
from reidzoo.data.transforms import Resize
from reidzoo.registry import METHODS


@pytest.fixture(scope="module")
def saved(toy_market, tmp_path_factory):
    """Writes config and checkpoint of an untrained CycleGAN whose sides have transforms of their own."""
    folder = tmp_path_factory.mktemp("translator")

    def write(name="gan", source=({"type": "Resize", "height": 24, "width": 12},), target=(), **model):
        side = {"type": "Market1501", "root": str(toy_market)}
        sides = {"source": {**side, "transforms": list(source)}, "target": {**side, "transforms": list(target)}}
        cfg = Config(
            {
                "default_scope": "reidzoo",
                "model": {
                    "type": "CycleGAN",
                    "generator": {"type": "ResNetGenerator", "width": 4, "blocks": 1},
                    "discriminator": {"type": "PatchDiscriminator", "width": 4, "layers": 1},
                    **model,
                },
                "train_dataloader": {"dataset": {"type": "UnpairedImages", **sides}},
            }
        )
        cfg.dump(str(folder / f"{name}.py"))
        torch.manual_seed(0)
        torch.save({"state_dict": METHODS.build(cfg.model).state_dict(), "meta": {}}, folder / f"{name}.pth")
        return folder / f"{name}.py", folder / f"{name}.pth"

    return write


@pytest.fixture(scope="module")
def translator(saved):
    return Translator(*saved(), device="cpu", batch_size=4)


@pytest.fixture(scope="module")
def files(toy_market):
    return image_files(toy_market / "query")


def test_pictures_are_those_of_the_method_after_the_resize_of_their_side(translator, files):
    for direction, size in (("s2t", (24, 12)), ("t2s", (32, 16))):
        drawn = translator(files, direction)
        assert drawn.shape == (len(files), *size, 3)
        assert drawn.dtype == np.uint8
        resized = [Resize(*size)({"image": decode(path)})["image"] for path in files]
        images = torch.from_numpy(np.stack(resized)).permute(0, 3, 1, 2)
        expected = translator.method.translate(images, direction).permute(0, 2, 3, 1).numpy()
        assert np.abs(drawn.astype(int) - expected).max() <= 1  # another batch size rounds otherwise
    assert not np.array_equal(
        translator(files, "t2s"), translator(np.stack([decode(path) for path in files])[0], "t2s")
    )


def test_every_form_of_a_picture_gives_the_same(translator, files, toy_market):
    expected = translator(files)
    arrays = [decode(path) for path in files]
    forms = {
        "folder": toy_market / "query",
        "text": [str(path) for path in files],
        "PIL": [Image.fromarray(array) for array in arrays],
        "tensor": torch.from_numpy(np.stack(arrays)).permute(0, 3, 1, 2),
        "mixed": [files[0], *arrays[1:3], *map(Image.fromarray, arrays[3:])],
    }
    for form, images in forms.items():
        assert np.array_equal(translator(images), expected), form
    one = translator(arrays[0])
    assert one.shape == (1, 24, 12, 3)
    assert np.abs(one.astype(int) - expected[:1]).max() <= 1


def test_progress_is_shown_on_request_only(saved, files, capsys):
    Translator(*saved(), device="cpu")(files)
    assert capsys.readouterr().err == ""
    Translator(*saved(), device="cpu", progress=True)(files)
    assert "translating" in capsys.readouterr().err


def test_a_stochastic_method_draws_from_torchs_generator(saved, files):
    generator = {"type": "ResNetGenerator", "width": 4, "blocks": 1, "dropout": 0.5}
    translate = Translator(*saved("chance", stochastic=True, generator=generator), device="cpu")
    torch.manual_seed(1)
    first, second = translate(files), translate(files)
    torch.manual_seed(1)
    assert np.array_equal(translate(files), first)
    assert not np.array_equal(second, first)


@pytest.mark.parametrize(
    ("transforms", "expected"),
    [
        ([], []),
        ([{"type": "RandomFlip"}], []),
        (
            [
                {"type": "Resize", "height": 286, "width": 144, "interpolation": "bicubic"},
                {"type": "RandomCrop", "height": 256, "width": 128},
                {"type": "RandomFlip"},
            ],
            [{"type": "Resize", "height": 256, "width": 128, "interpolation": "bicubic"}],
        ),
        (
            [{"type": "Resize", "height": 128, "width": 64}, {"type": "PadCrop", "padding": 5}],
            [{"type": "Resize", "height": 128, "width": 64}],
        ),
        (
            [{"type": "RandomRectCrop", "height": 64, "width": 32}],
            [{"type": "Resize", "height": 64, "width": 32}],
        ),
    ],
)
def test_the_size_is_that_which_training_ends_with(transforms, expected):
    assert resizing(transforms) == expected


def test_refused_pictures(translator, files, tmp_path):
    for images, said in (
        ([], "found no picture to translate"),
        (tmp_path, "found no picture to translate in the folder"),
        ("no/such.jpg", "no such file or folder"),
        (np.zeros((8, 8), np.uint8), "got 8 x 8 of uint8"),
        (torch.zeros(1, 3, 8, 8), "got 1 x 3 x 8 x 8 of float32"),
    ):
        with pytest.raises(UserError, match=said):
            translator(images)
    sizes = [np.zeros((16, 8, 3), np.uint8), np.zeros((32, 8, 3), np.uint8)]
    assert translator(sizes).shape == (2, 24, 12, 3)
    with pytest.raises(UserError, match=r"resizes nothing, and these pictures have 2 sizes .first: 16 x 8 and 32 x 8"):
        translator(sizes, "t2s")
    with pytest.raises(UserError, match=r"divisible by 4.* got 30 x 16"):
        translator(np.zeros((30, 16, 3), np.uint8), "t2s")
    with pytest.raises(UserError, match="direction is 's2t'"):
        translator(files, "there")


def test_refused_models(saved, toy_config, tmp_path):
    config, checkpoint = saved()
    with pytest.raises(UserError, match="name a checkpoint of it, too"):
        Translator(config)
    with pytest.raises(UserError, match="at least 1, got 0"):
        Translator(config, checkpoint, batch_size=0)
    with pytest.raises(UserError, match="CycleGAN embeds no pictures"):
        Embedder(config, checkpoint)
    cfg = Config.fromfile(toy_config(**{"model.num_pids": 6}))
    torch.save({"state_dict": METHODS.build(cfg.model).state_dict()}, tmp_path / "ide.pth")
    with pytest.raises(UserError, match="IDE translates no pictures"):
        Translator(toy_config(**{"model.num_pids": 6}), tmp_path / "ide.pth")
