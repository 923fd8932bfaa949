"""Re-ID on renderings made on the fly: what the method sees, what the renderer is, and what is no rendering."""

import copy
import logging

import pytest
import torch
from toy_benchmarks import measured
from toy_gans import picture, spread

from reidzoo.base.errors import UserError
from reidzoo.engine.precision import AutocastOptimWrapper
from reidzoo.methods.context_rendering import ContextRendering
from reidzoo.methods.preprocessor import MEAN, STD, ImagePreprocessor
from reidzoo.methods.trained_renderer import TrainedRenderer
from reidzoo.registry import METHODS

GENERATOR = {"type": "CRGANGenerator", "width": 3, "blocks": 1}
RENDERER = {"type": "CRGAN", "generator": GENERATOR}
PASTE = {"type": "CutAndPaste"}
IDE = {
    "type": "IDE",
    "backbone": {"type": "OSNet", "width": 0.25, "embedding": False},
    "head": {"type": "LinearHead", "hidden": None, "dropout": 0.0},
    "num_pids": 5,
}
#: as it is trained, with all that drawing does not need
FULL = {
    **RENDERER,
    "discriminator": {"type": "CameraDiscriminator", "width": 4, "layers": 1},
    "identity": {key: value for key, value in IDE.items() if key != "num_pids"},
    "num_pids": 5,
    "num_target_cams": 3,
}


def batch(size=4, seed=0):
    """What the loader gives."""
    generator = torch.Generator().manual_seed(seed)
    images, contexts = torch.randint(0, 256, (2, size, 3, 32, 16), dtype=torch.uint8, generator=generator)
    masks, context_masks = 255 * torch.randint(0, 2, (2, size, 1, 32, 16), generator=generator).byte()
    return {
        "images": images,
        "masks": masks,
        "context_images": contexts,
        "context_masks": context_masks,
        "pids": torch.arange(size) % 5,
        "camids": torch.zeros(size, dtype=torch.long),
        "indices": torch.arange(size),
    }


def normalised(pixels):
    """As the re-ID network sees bytes 0 to 255."""
    mean, std = (torch.tensor(each).view(3, 1, 1) for each in (MEAN, STD))
    return (pixels - mean) / std


def pasted(data):
    return torch.where(data["masks"] == 255, data["images"], data["context_images"])


@pytest.fixture
def trained():
    """A CR-GAN whose every layer matters."""
    torch.manual_seed(1)
    return spread(METHODS.build(FULL))


@pytest.fixture
def checkpoint(trained, tmp_path):
    path = tmp_path / "work_dirs" / "cr-gan_unet_toy" / "seed0" / "epoch_1.pth"
    path.parent.mkdir(parents=True)
    torch.save({"state_dict": trained.state_dict()}, path)
    return str(path)


@pytest.fixture
def logged(monkeypatch):
    lines = []
    keep = lambda line, logger, level=logging.INFO: lines.append((line, level))  # noqa: E731
    monkeypatch.setattr("reidzoo.methods.trained_renderer.print_log", keep)
    return lines


# --- the batch


def test_the_method_sees_what_is_rendered_and_the_rest_of_the_batch():
    data = batch()
    before = {key: value.clone() for key, value in data.items()}
    seen = ContextRendering(PASTE)(data, True)
    assert set(seen) == {"images", "pids", "camids", "indices"}
    torch.testing.assert_close(seen["images"], normalised(pasted(data).float()))
    assert all(torch.equal(seen[key], data[key]) for key in ("pids", "camids", "indices"))
    assert all(torch.equal(data[key], value) for key, value in before.items()), "the loader's tensors stay as they are"


def test_cr_gan_renders_as_by_itself(checkpoint, trained):
    data = batch()
    seen = ContextRendering(RENDERER, checkpoint, precision="fp32")(data, True)["images"]
    x_s, x_t = ((data[key].float() - 127.5) / 127.5 for key in ("images", "context_images"))
    with torch.no_grad():
        x_g = trained.eval().g(x_s, x_t * (data["context_masks"] == 0)).image
    torch.testing.assert_close(seen, normalised(127.5 * x_g + 127.5), rtol=1e-4, atol=1e-4)
    assert not seen.requires_grad
    whole = trained.render(data["images"], data["masks"], data["context_images"], data["context_masks"])
    assert (seen - normalised(whole.float())).abs().max() < 0.51 / min(STD), "but for the rounding to bytes"


def test_in_bfloat16_it_renders_nearly_the_same_whatever_surrounds_it(checkpoint):
    data, seen = batch(), {}
    for precision in ("fp32", "bf16"):
        preprocessor = ContextRendering(RENDERER, checkpoint, precision=precision)
        seen[precision] = preprocessor(data, True)["images"]
        with torch.autocast("cpu", dtype=torch.bfloat16):
            assert torch.equal(preprocessor(data, True)["images"], seen[precision])
        assert seen[precision].dtype == torch.float32
    assert 0 < (seen["bf16"] - seen["fp32"]).abs().mean() < 0.05


def test_a_share_of_the_rows_stays_real_by_chance():
    data, kept = batch(8), set()
    preprocessor = ContextRendering(PASTE, real_share=0.5)
    real, rendered = normalised(data["images"].float()), normalised(pasted(data).float())
    for seed in range(5):
        torch.manual_seed(seed)
        seen = preprocessor(data, True)["images"]
        rows = [torch.allclose(one, other, atol=1e-6) for one, other in zip(seen, real, strict=True)]
        assert sum(rows) == 4
        assert all(
            torch.allclose(one, other, atol=1e-6)
            for one, other, is_real in zip(seen, rendered, rows, strict=True)
            if not is_real
        )
        kept.add(tuple(rows))
        torch.manual_seed(seed)
        assert torch.equal(preprocessor(data, True)["images"], seen)
    assert len(kept) > 1


def test_a_test_renders_nothing_and_needs_no_file():
    data = batch()
    preprocessor = ContextRendering(RENDERER, "absent.pth")
    expected = ImagePreprocessor()(data)
    seen = preprocessor({"images": data["images"], "pids": data["pids"]})
    assert torch.equal(seen["images"], expected["images"])
    assert preprocessor.rendering is None


# --- the method that it belongs to


def test_a_step_learns_from_renderings_and_leaves_the_renderer_alone(checkpoint):
    torch.manual_seed(0)
    preprocessor = {"type": "ContextRendering", "renderer": RENDERER, "renderer_weights": checkpoint}
    method = METHODS.build({**IDE, "data_preprocessor": preprocessor})
    twin = copy.deepcopy(method)
    data, renderer = batch(), method.data_preprocessor.renderer.load()
    before = picture(renderer)
    logged = method.train_step(data, AutocastOptimWrapper(torch.optim.SGD(method.parameters(), lr=0.1)))
    images = method.data_preprocessor(data, True)["images"]
    torch.testing.assert_close(logged["loss_id"], twin.train().losses(images, data["pids"])["loss_id"])
    assert all(torch.equal(old, new) for old, new in zip(before, renderer.parameters(), strict=True))
    assert not any(parameter.requires_grad for parameter in renderer.parameters())
    began, ended = method.data_preprocessor.rendering
    assert began.seconds_until(ended) > 0


def test_the_renderer_is_no_part_of_the_methods_weights(checkpoint):
    preprocessor = {"type": "ContextRendering", "renderer": RENDERER, "renderer_weights": checkpoint}
    method, plain = METHODS.build({**IDE, "data_preprocessor": preprocessor}), METHODS.build(IDE)
    method.data_preprocessor(batch(), True)
    assert set(method.state_dict()) == set(plain.state_dict())
    assert len(list(method.parameters())) == len(list(plain.parameters()))
    plain.load_state_dict(method.state_dict())


# --- the renderer


def test_a_whole_config_is_taken_and_only_what_draws_is_built(checkpoint, trained, logged):
    renderer = TrainedRenderer(FULL, checkpoint)
    method = renderer.load()
    assert renderer.load() is method
    assert (method.d, method.identity) == (None, None)
    assert not method.training
    assert all(torch.equal(value, trained.state_dict()[key]) for key, value in method.state_dict().items())
    ((line, _),) = logged
    assert f"the renderer is {checkpoint}: " in line
    assert "ignored (d." in line


def test_loading_does_not_move_the_steps_draws(checkpoint):
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    TrainedRenderer(RENDERER, checkpoint).load()
    assert torch.equal(torch.rand(3), expected)


def test_only_a_renderer_with_parameters_warns_that_it_has_no_weights(logged):
    TrainedRenderer(PASTE, None).load()
    assert logged == []
    TrainedRenderer(RENDERER, None).load()
    assert logged == [("the renderer has no weights and draws at random: for smoke runs only", logging.WARNING)]


def test_weights_that_are_not_there_or_of_another_network(checkpoint):
    with pytest.raises(UserError, match=r"the renderer's weights '.*epoch_4\.pth' are not there: train 'cr-gan' first"):
        TrainedRenderer(RENDERER, "work_dirs/cr-gan/seed0/epoch_4.pth").load()
    wider = {**RENDERER, "generator": {**GENERATOR, "width": 4}}
    with pytest.raises(UserError, match="name a checkpoint of the renderer's config"):
        TrainedRenderer(wider, checkpoint).load()
    with pytest.raises(UserError, match="are not of this CutAndPaste, nothing was loaded"):
        TrainedRenderer(PASTE, checkpoint).load()


# --- mistakes


@pytest.mark.parametrize("share", [-0.1, 1, 1.5])
def test_shares_that_there_are_not(share):
    with pytest.raises(UserError, match=f"from 0 to below 1, got {share}: to render nothing, leave"):
        ContextRendering(PASTE, real_share=share)


def test_arguments_that_make_no_sense():
    with pytest.raises(UserError, match="one of fp32, bf16, got 'fp16'"):
        ContextRendering(PASTE, precision="fp16")
    with pytest.raises(UserError, match="a method that renders persons, such as CRGAN, got IDE: name another"):
        ContextRendering(IDE)
    with pytest.raises(UserError, match=r"the config of a method that renders, dict\(type=NAME, ...\), got 'CRGAN'"):
        ContextRendering("CRGAN")


def test_a_batch_without_contexts_or_masks():
    data = batch()
    for key in ("masks", "context_images", "context_masks"):
        with pytest.raises(UserError, match=f"needs {key} in a batch: train on SourceInContexts, and begin"):
            ContextRendering(PASTE)({name: value for name, value in data.items() if name != key}, True)


# --- cut and paste


def test_cut_and_paste_takes_pixels_from_either_image():
    method, data = METHODS.build(PASTE), batch()
    given = (data["images"], data["masks"], data["context_images"], data["context_masks"])
    assert torch.equal(method.render(*given), pasted(data))
    assert torch.equal(method.render(*given[:3], 255 - given[3]), pasted(data)), "masks of the target say nothing"


def test_cut_and_paste_is_not_trained():
    method = METHODS.build(PASTE)
    assert method.optimized() == {}
    assert not method.state_dict()
    with pytest.raises(UserError, match="nothing to learn: name it as the renderer of ContextRendering"):
        method.train_step(batch(), None)


@pytest.mark.slow
def test_the_benchmark_runs_and_tells_what_it_measured(tmp_path):
    figures, printed = measured("context_rendering.py", "--share", folder=tmp_path)
    assert (figures["width"], figures["precision"], len(figures["ratios"])) == (4, "bf16", 2)
    assert "rendering" in printed
