"""CR-GAN: its steps against a loop written from the poster, each loss switched off, and what people call."""

import copy

import pytest
import torch
import torch.nn.functional as F
from toy_gans import batch as unpaired
from toy_gans import descend, moved, optimisers, picture, spread

from reidzoo.base.errors import UserError
from reidzoo.methods.preprocessor import MEAN, STD
from reidzoo.methods.trained import TrainedMethod
from reidzoo.registry import METHODS

IDE = {
    "type": "IDE",
    "backbone": {"type": "OSNet", "width": 0.25, "embedding": False},
    "head": {"type": "LinearHead", "hidden": None},
}
FULL = {
    "generator": {"type": "CRGANGenerator", "width": 3, "blocks": 1},
    "discriminator": {"type": "CameraDiscriminator", "width": 4, "layers": 1},
    "num_pids": 5,
    "num_target_cams": 3,
    "identity": IDE,
}
#: by what is switched off: the terms that a step lacks, and the argument that may then be absent
OFF = {
    "adversarial_weight": ({"loss_d", "loss_g"}, None),
    "id_weight": ({"loss_id"}, "identity"),
    "camera_weight": ({"loss_d_camera", "loss_camera"}, "num_target_cams"),
    "context_weight": ({"loss_context"}, None),
}
TERMS = {"loss_d", "loss_d_camera", "loss_g", "loss_camera", "loss_id", "loss_context"}


def build(**changes):
    """A method whose networks' every layer matters, and whose identity classifier is a fixed random one."""
    torch.manual_seed(0)
    return spread(METHODS.build({"type": "CRGAN", **FULL, **changes}))


def batch(seed=0):
    return {
        **unpaired(seed=seed),
        "source_pids": torch.tensor([4, seed % 4]),
        "source_camids": torch.tensor([7, 0]),
        "target_camids": torch.tensor([seed % 3, 2]),
    }


def normalised(method, seed=0):
    return method.data_preprocessor(batch(seed), True)


def drawn_by(method, data):
    return method.draw(data["source_images"], data["target_images"], data["target_masks"])


@pytest.mark.parametrize("background", ["source", "both"])
def test_steps_equal_the_loop_of_the_posters_formulas(background):
    weights = {"adversarial_weight": 0.5, "id_weight": 2.0, "camera_weight": 3.0, "context_weight": 7.0}
    method = build(context_background=background, attention_loss={"type": "AttentionLoss"}, **weights).double()
    identity = method.identity.load().double()
    g, d = copy.deepcopy(method.g), copy.deepcopy(method.d)
    adams = [torch.optim.Adam(each.parameters(), lr=1e-3, betas=(0.5, 0.999)) for each in (g, d)]
    wrappers, mean, std = optimisers(method), *(torch.tensor(each).double().view(3, 1, 1) for each in (MEAN, STD))
    for step in range(3):
        data = batch(seed=step)
        logged = method.train_step(data, wrappers)
        x_s, x_t = ((data[f"{domain}_images"].double() - 127.5) / 127.5 for domain in ("source", "target"))
        m_s, m_t = (data[f"{domain}_masks"].double() / 255 for domain in ("source", "target"))
        y, y_c, rows = data["source_pids"], data["target_camids"], torch.arange(2)
        x_g, _, x_c = g(x_s, x_t * (1 - m_t))
        real, fake = d(x_t), d(x_g.detach())
        loss_d = 0.5 * -(real.scores.sigmoid().log().mean() + (1 - fake.scores.sigmoid()).log().mean())
        loss_d_camera = 3 * -real.camera_logits.softmax(1)[rows, y_c].log().mean()
        descend(adams[1], loss_d + loss_d_camera)
        judged = d(x_g)
        p = identity.head(identity.backbone((127.5 * x_g + 127.5 - mean) / std)).logits.softmax(1)
        m_b = 1 - m_s if background == "source" else (1 - m_s) * (1 - m_t)
        norms = [
            (((x_g[b] - x_s[b]) * m_s[b]).square().sum().sqrt() + ((x_g[b] - x_t[b]) * m_b[b]).square().sum().sqrt())
            / (3 * 32 * 16) ** 0.5
            for b in range(2)
        ]
        rough = x_c.diff(dim=2).square().sum() + x_c.diff(dim=3).square().sum()
        expected = {
            "loss_g": 0.5 * -judged.scores.sigmoid().log().mean(),
            "loss_camera": 3 * -judged.camera_logits.softmax(1)[rows, y_c].log().mean(),
            "loss_id": 2 * -p[rows, y].log().mean(),
            "loss_context": 7 * sum(norms) / 2,
            "loss_attention": 1e-5 * rough / 2 + 0.1 * x_c.square().mean(),
        }
        descend(adams[0], sum(expected.values()))
        expected |= {"loss_d": loss_d, "loss_d_camera": loss_d_camera, "attention": x_c.mean()}
        assert set(logged) == set(expected)
        for key, value in expected.items():
            assert logged[key].item() == pytest.approx(value.item(), rel=1e-5), key  # cross-entropy is in float32
    for network, twin in ((method.g, g), (method.d, d)):
        for (key, ours), theirs in zip(network.named_parameters(), twin.parameters(), strict=True):
            torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-4, msg=lambda text, key=key: f"{key}: {text}")


@pytest.mark.parametrize("weight", OFF)
def test_a_weight_of_0_leaves_its_term_and_what_only_that_needs_out(weight):
    terms, argument = OFF[weight]
    method = build(**{weight: 0.0}, **({argument: None} if argument else {}))
    before = picture(method.g)
    logged = method.train_step(batch(), optimisers(method))
    assert set(logged) == TERMS - terms | {"attention"}
    assert all(value.isfinite() for value in logged.values())
    assert moved(method.g, before) == (True, True)
    assert (method.d.patches is None) == (weight == "adversarial_weight")
    assert (method.d.cameras is None) == (weight == "camera_weight")
    assert (method.identity is None) == (weight == "id_weight")


def test_without_adversarial_and_camera_terms_there_is_no_discriminator():
    method = build(adversarial_weight=0.0, camera_weight=0.0, discriminator=None)
    assert method.d is None
    assert set(method.optimized()) == {"generator"}
    assert set(method.train_step(batch(), optimisers(method))) == {"loss_id", "loss_context", "attention"}


def test_the_camera_ids_are_not_looked_at_without_their_term():
    method, data = build(camera_weight=0.0, num_target_cams=None), batch()
    del data["target_camids"]
    assert "loss_camera" not in method.train_step(data, optimisers(method))


def test_each_update_leaves_the_other_networks_alone():
    method = build()
    wrappers, data = optimisers(method), normalised(method)
    judge = method.identity.load()
    before = {"g": picture(method.g), "d": picture(method.d), "identity": picture(judge)}
    drawn = drawn_by(method, data)
    method.update_discriminator(data, drawn.image.detach(), wrappers["discriminator"])
    assert moved(method.d, before["d"]) == (True, True)
    assert not moved(method.g, before["g"])[0]
    before["d"] = picture(method.d)
    method.update_generator(data, drawn, wrappers["generator"])
    assert moved(method.g, before["g"]) == (True, True)
    assert not moved(method.d, before["d"])[0]
    assert not moved(judge, before["identity"])[0]
    assert all(parameter.requires_grad for parameter in method.parameters())


@pytest.mark.parametrize("term", ["loss_g", "loss_camera", "loss_id", "loss_context"])
def test_every_term_of_the_generator_reaches_it(term):
    method = build()
    data = normalised(method)
    losses = method.generator_losses(data, drawn_by(method, data))
    losses[term].backward()
    assert all(parameter.grad.any() for parameter in method.g.parameters())


def test_the_identity_classifier_is_no_part_of_the_method():
    method = build()
    assert isinstance(method.identity, TrainedMethod)
    method.identity.load()
    assert {name.split(".")[0] for name in method.state_dict()} == {"g", "d"}
    build().load_state_dict(method.state_dict())


def test_the_person_of_the_target_is_not_seen():
    method = build().eval()
    data = batch()
    given = [data[key] for key in ("source_images", "source_masks", "target_images", "target_masks")]
    other = given[2].clone()
    person = given[3].expand_as(other) == 255
    other[person] = 255 - other[person]
    assert torch.equal(method.render(*given[:2], other, given[3]), method.render(*given))
    assert not torch.equal(method.render(*given[:2], 255 - given[2], given[3]), method.render(*given))


def test_backgrounds():
    source, target = torch.tensor([1.0, 1, 0, 0]).view(1, 1, 2, 2), torch.tensor([1.0, 0, 1, 0]).view(1, 1, 2, 2)
    foreground, background = build().parts(source, target)
    assert torch.equal(foreground, source)
    assert background.flatten().tolist() == [0, 0, 1, 1]
    assert build(context_background="both").parts(source, target)[1].flatten().tolist() == [0, 0, 0, 1]


def test_a_copy_that_is_right_everywhere_pays_no_context():
    method, data = build(), normalised(build())
    pasted = data["source_masks"] * data["source_images"] + (1 - data["source_masks"]) * data["target_images"]
    drawn = drawn_by(method, data)._replace(image=pasted)
    assert method.generator_losses(data, drawn)["loss_context"] == 0


def test_bfloat16_steps_are_finite_and_losses_float32():
    method = build(adversarial_loss={"type": "LeastSquaresGANLoss"}, attention_loss={"type": "AttentionLoss"})
    wrappers = optimisers(method, type="AutocastOptimWrapper", precision="bf16")
    for step in range(2):
        losses = method.train_step(batch(seed=step), wrappers)
        assert all(value.dtype == torch.float32 and value.isfinite() for value in losses.values())


def test_rendered_images_are_bytes_of_their_own_row():
    method = build().double().train()
    data = batch()
    given = [data[key] for key in ("source_images", "source_masks", "target_images", "target_masks")]
    rendered = method.render(*given)
    assert (rendered.dtype, rendered.shape) == (torch.uint8, given[0].shape)
    assert not rendered.requires_grad
    assert method.training
    assert torch.equal(torch.cat([method.render(*(each[i : i + 1] for each in given)) for i in range(2)]), rendered)
    x_s, x_t = ((each.double() - 127.5) / 127.5 for each in (given[0], given[2]))
    with torch.no_grad():
        expected = method.g(x_s, x_t * (given[3] == 0)).image
    assert torch.equal(rendered, (127.5 * expected + 127.5).round().byte())
    normal = method.render_normalised(*(method.data_preprocessor(data)[key] for key in (
        "source_images", "source_masks", "target_images", "target_masks",
    )))  # fmt: skip
    torch.testing.assert_close(normal, expected)
    assert not normal.requires_grad


def test_what_render_does_not_take():
    method, data = build(), batch()
    images, masks, targets, others = (
        data[key] for key in ("source_images", "source_masks", "target_images", "target_masks")
    )
    with pytest.raises(UserError, match=r"source_images as a B x 3 x H x W uint8 tensor, got \(2, .* torch.float32"):
        method.render(images.float(), masks, targets, others)
    with pytest.raises(UserError, match=r"takes source_masks as a 2 x 1 x 32 x 16 uint8 tensor, .* got NoneType"):
        method.render(images, None, targets, others)
    with pytest.raises(UserError, match=r"takes target_masks as .* and of their size, got \(2, 1, 32, 12\)"):
        method.render(images, masks, targets, others[..., :12])
    with pytest.raises(UserError, match=r"takes target_images as a 2 x 3 x 32 x 16 .* got \(1, 3, 32, 16\)"):
        method.render(images, masks, targets[:1], others)


@pytest.mark.parametrize("domain", ["source", "target"])
def test_masks_that_are_missing_or_of_another_size(domain):
    method, data = build(), batch()
    wrappers = optimisers(method)
    with pytest.raises(UserError, match=rf"got \(2, 1, 32, 8\) for {domain}_images of \(2, 3, 32, 16\): put the mask"):
        method.train_step({**data, f"{domain}_masks": data[f"{domain}_masks"][..., :8]}, wrappers)
    del data[f"{domain}_masks"]
    with pytest.raises(UserError, match=f"none of the {domain}: begin the transforms there with LoadMask .* Ellipse"):
        method.train_step(data, wrappers)


def test_cameras_that_are_missing_or_too_many():
    method, data = build(), batch()
    wrappers = optimisers(method)
    with pytest.raises(UserError, match=r"needs target_camids of 0 to 2 .* got \[0, 3\]: take a target that tells"):
        method.train_step({**data, "target_camids": torch.tensor([0, 3])}, wrappers)
    del data["target_camids"]
    with pytest.raises(UserError, match="got none: take a target that tells its cameras"):
        method.train_step(data, wrappers)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"context_weight": -1.0}, "expects context_weight of at least 0, got -1.0"),
        (dict.fromkeys(OFF, 0.0), "nothing to learn from: adversarial_weight, id_weight, .* are all 0"),
        ({"context_background": "target"}, "context_background source and both, got 'target'"),
        ({"identity": None}, "needs identity for its term of id_weight=1.0, got None: name it, or set the weight"),
        ({"num_pids": None}, "needs num_pids for its term of id_weight"),
        ({"num_target_cams": None}, "needs num_target_cams for its term of camera_weight"),
        ({"discriminator": None}, "needs discriminator for its term of adversarial_weight"),
    ],
)
def test_arguments_that_make_no_sense(changes, said):
    with pytest.raises(UserError, match=said):
        build(**changes)


def test_cross_entropy_of_the_posters_log(monkeypatch):
    """-log p(y_j | X_G) of known p: the classifier is asked about what was drawn, and by the source's pids."""
    method = build()
    data, asked = normalised(method), []
    logits = torch.tensor([[0.1, 0.2, 0.3, 0.3, 0.1], [0.4, 0.1, 0.2, 0.1, 0.2]]).log()
    monkeypatch.setattr(method, "identity", lambda images: asked.append(images) or logits)
    drawn = drawn_by(method, data)
    loss = method.generator_losses(data, drawn)["loss_id"]
    assert asked[0] is drawn.image
    assert loss.item() == pytest.approx(-(torch.tensor([0.1, 0.4]).log().mean()).item())
    assert F.cross_entropy(logits, data["source_pids"]).item() == pytest.approx(loss.item())
