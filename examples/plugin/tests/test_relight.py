"""What the parts of the plugin promise, and that its step updates each of them once."""

import copy

import pytest
import torch

from reidzoo.base.errors import UserError
from reidzoo.engine.optimizers import MethodOptimWrapperConstructor
from reidzoo.registry import BACKBONES, DISCRIMINATORS, GENERATORS, HOOKS, LOSSES, METHODS

MODEL = {
    "type": "Relight",
    "backbone": {"type": "RelightConvNet", "width": 4},
    "generator": {"type": "ColourGenerator", "width": 4},
    "discriminator": {"type": "LightPatchDiscriminator", "width": 4},
    "num_pids": 3,
}


def images(count=4):
    return torch.randint(0, 256, (count, 3, 32, 16), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def optimisers(precision="fp32"):
    entry = {"type": "AutocastOptimWrapper", "precision": precision, "optimizer": {"type": "SGD", "lr": 0.1}}
    return MethodOptimWrapperConstructor({name: entry for name in ("generators", "discriminators", "embedders")})


def test_backbone_maps_and_loads_its_own_weights(tmp_path):
    backbone = BACKBONES.build(MODEL["backbone"]).eval()
    assert backbone(images().float()).shape == (4, backbone.out_channels, 32 // backbone.stride, 1)
    torch.save(backbone.state_dict(), tmp_path / "weights.pth")
    again = BACKBONES.build({**MODEL["backbone"], "weights": str(tmp_path / "weights.pth")})
    assert torch.equal(again.blocks[0].weight, backbone.blocks[0].weight)
    with pytest.raises(UserError, match="check width against the file"):
        BACKBONES.build({"type": "RelightConvNet", "width": 8, "weights": str(tmp_path / "weights.pth")})


def test_generator_starts_as_the_identity_and_moves_all_pixels_by_one_map():
    generator = GENERATORS.build(MODEL["generator"])
    real = images().float() / 255
    assert torch.equal(generator(real, real.roll(1, 0)), real)
    torch.nn.init.normal_(generator.affine.weight)
    moved = generator(real, real.roll(1, 0))
    for before, after in zip(real.flatten(2), moved.flatten(2), strict=True):  # 3 x pixels
        source = torch.cat([before, torch.ones(1, before.shape[1])])
        fitted = torch.linalg.lstsq(source.T, after.T).solution.T @ source
        assert torch.allclose(fitted, after, atol=1e-4)


def test_discriminator_scores_patches():
    assert DISCRIMINATORS.build(MODEL["discriminator"])(images().float()).shape == (4, 1, 8, 4)


def test_loss_has_its_known_values():
    loss = LOSSES.build({"type": "LeastSquaresScore"})
    scores = torch.tensor([1.0, 0.5, -1.0])
    assert loss(scores, True) == pytest.approx((0 + 0.25 + 4) / 3)
    assert loss(scores, False) == pytest.approx((1 + 0.25 + 1) / 3)
    assert loss(scores.bfloat16(), True).dtype == torch.float32


def test_a_step_updates_every_part_and_generator_losses_reach_the_generator_only():
    torch.manual_seed(0)
    method = METHODS.build(copy.deepcopy(MODEL))
    before = {name: parameter.detach().clone() for name, parameter in method.named_parameters()}
    logged = method.train_step({"images": images(), "pids": torch.tensor([0, 1, 2, 0])}, optimisers()(method))
    assert all(torch.isfinite(value) for value in logged.values())
    for part in ("generator.affine", "discriminator", "backbone", "classifier"):
        names = [name for name in before if name.startswith(part)]
        assert any(not torch.equal(before[name], method.get_parameter(name)) for name in names), part


def test_generator_step_leaves_no_gradient_elsewhere(monkeypatch):
    """Seen at the moment when the discriminator's turn comes."""
    method = METHODS.build(copy.deepcopy(MODEL))
    seen = {}

    def look(real, fake):
        others = (method.discriminator, method.backbone, method.classifier)
        seen["gradients"] = [each.grad for module in others for each in module.parameters()]
        seen["attached"] = fake.requires_grad
        return type(method).discriminator_losses(method, real, fake)

    monkeypatch.setattr(method, "discriminator_losses", look)
    method.train_step({"images": images(), "pids": torch.tensor([0, 1, 2, 0])}, optimisers()(method))
    assert all(gradient is None for gradient in seen["gradients"])
    assert not seen["attached"]


def test_networks_compute_in_the_precision_of_the_config():
    method = METHODS.build(copy.deepcopy(MODEL))
    seen = []
    for network in (method.generator.affine, method.discriminator.layers, method.backbone.blocks):
        network.register_forward_hook(lambda module, inputs, output: seen.append(output.dtype))
    method.train_step({"images": images(), "pids": torch.tensor([0, 1, 2, 0])}, optimisers("bf16")(method))
    assert set(seen) == {torch.bfloat16}


def test_relight_gives_bytes():
    method = METHODS.build(copy.deepcopy(MODEL))
    relit = method.relight(images(), light_of=images().roll(1, 0))
    assert torch.equal(relit, images())  # an untrained generator changes nothing


def test_wrong_values():
    with pytest.raises(UserError, match="id_weight of at least 0, got -1"):
        METHODS.build({**MODEL, "id_weight": -1})
    with pytest.raises(UserError, match="at least 1 row, got count=0"):
        HOOKS.build({"type": "RelitImagesHook", "count": 0})
