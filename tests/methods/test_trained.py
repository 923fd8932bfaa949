"""The judge that an earlier stage trained: whose it is, what it computes, and when it reads its file."""

import copy
import logging

import pytest
import torch

from reidzoo.base.errors import UserError
from reidzoo.methods.preprocessor import MEAN, STD
from reidzoo.methods.trained import TrainedMethod
from reidzoo.registry import METHODS

CONFIG = {
    "type": "IDE",
    "backbone": {"type": "OSNet", "width": 0.25},
    "head": {"type": "LinearHead", "hidden": 8, "hidden_relu": False},
}
PIDS = 3


@pytest.fixture
def images():
    return torch.randn(4, 3, 32, 16, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def trained():
    """The method of an earlier stage, with running statistics of its own."""
    torch.manual_seed(1)
    method = METHODS.build({**CONFIG, "num_pids": PIDS}).train()
    with torch.no_grad():
        method.head(method.backbone(torch.randn(8, 3, 32, 16)))
    return method


@pytest.fixture
def checkpoint(trained, tmp_path):
    path = tmp_path / "work_dirs" / "ide_osnet_toy" / "seed0" / "epoch_1.pth"
    path.parent.mkdir(parents=True)
    torch.save({"state_dict": trained.state_dict(), "meta": {"dataset_meta": {"num_pids": PIDS}}}, path)
    return path


def logits_of(method, images):
    return method.head(method.backbone(images)).logits


def test_it_answers_as_the_method_in_its_file(checkpoint, trained, images):
    teacher = TrainedMethod(CONFIG, str(checkpoint), PIDS, "teacher")
    torch.testing.assert_close(teacher(images), logits_of(trained.eval(), images))


def test_by_batch_is_training_mode_without_dropout_and_leaves_running_statistics(checkpoint, trained, images):
    teacher = TrainedMethod(CONFIG, str(checkpoint), PIDS, "teacher", by_batch=True)
    before = copy.deepcopy(teacher.load().state_dict())
    trained.head.dropout.p = 0.0
    torch.testing.assert_close(teacher(images), logits_of(trained.train(), images))
    apart = torch.cat([logits_of(trained, part) for part in images.chunk(2)])
    torch.testing.assert_close(teacher(images, batches=2), apart)
    assert not torch.allclose(apart, teacher(images)), "two batches of 2 have other statistics than one of 4"
    for name, value in teacher.load().state_dict().items():
        assert torch.equal(value, before[name]), name


def test_it_belongs_to_nobody_and_passes_gradients_on(checkpoint, images):
    owner = torch.nn.Module()
    owner.teacher = TrainedMethod(CONFIG, str(checkpoint), PIDS, "teacher", by_batch=True)
    images.requires_grad_()
    owner.teacher(images).square().sum().backward()
    assert images.grad.abs().sum() > 0
    assert not list(owner.parameters())
    assert not owner.state_dict()
    assert all(parameter.grad is None for parameter in owner.teacher.load().parameters())


def test_images_of_another_normalisation_are_brought_to_its_own(checkpoint, trained, images):
    unit = METHODS.build({"type": "ImagePreprocessor", "mean": (127.5,) * 3, "std": (127.5,) * 3})
    teacher = TrainedMethod(CONFIG, str(checkpoint), PIDS, "judge", preprocessor=unit)
    mean, std = (torch.tensor(each).view(3, 1, 1) for each in (MEAN, STD))
    drawn = images.tanh()
    expected = logits_of(trained.eval(), (127.5 * drawn + 127.5 - mean) / std)
    torch.testing.assert_close(teacher(drawn), expected, rtol=1e-4, atol=1e-5)


def test_the_file_is_read_at_the_first_use_without_moving_the_step_s_draws(checkpoint, images):
    teacher = TrainedMethod(CONFIG, str(checkpoint), PIDS, "teacher")
    torch.manual_seed(5)
    first = torch.rand(3)
    torch.manual_seed(5)
    teacher(images)
    assert torch.equal(torch.rand(3), first)
    checkpoint.unlink()
    teacher(images)


def test_without_weights_it_warns(images, monkeypatch):
    said = []
    monkeypatch.setattr("reidzoo.methods.trained.print_log", lambda line, logger, level: said.append((line, level)))
    assert TrainedMethod(CONFIG, None, PIDS, "teacher")(images).shape == (4, PIDS)
    assert said == [("the teacher has no weights and judges at random: for smoke runs only", logging.WARNING)]


def test_pretrained_weights_of_its_backbone_are_not_looked_for(checkpoint, images):
    config = {**CONFIG, "backbone": {**CONFIG["backbone"], "weights": "nowhere.pth"}}
    TrainedMethod(config, str(checkpoint), PIDS, "teacher")(images)


def test_a_missing_file_names_the_stage_that_leaves_it():
    teacher = TrainedMethod(CONFIG, "work_dirs/ide_osnet_toy/seed0/epoch_1.pth", PIDS, "teacher")
    with pytest.raises(UserError, match=r"the teacher's weights '.*' are not there: train 'ide_osnet_toy' first"):
        teacher.load()
    with pytest.raises(UserError, match="train that stage first"):
        TrainedMethod(CONFIG, "teacher.pth", PIDS, "teacher").load()


def test_another_number_of_identities_is_refused(checkpoint):
    with pytest.raises(UserError, match=r"the teacher tells 3 identities apart .*, and the training set has 5"):
        TrainedMethod(CONFIG, str(checkpoint), 5, "teacher").load()
    with pytest.raises(UserError, match=r"the judge tells 3 identities apart \(its config\), and .* has 5"):
        TrainedMethod({**CONFIG, "num_pids": 3}, None, 5, "judge")


def test_weights_of_another_network_are_refused(checkpoint):
    config = {**CONFIG, "head": {"type": "LinearHead", "hidden": 9}}
    with pytest.raises(UserError, match="name a checkpoint of the teacher's config"):
        TrainedMethod(config, str(checkpoint), PIDS, "teacher").load()


def test_methods_of_other_kinds_are_refused(images):
    with pytest.raises(UserError, match=r"the teacher is a method of one backbone and one head, .* got CycleGAN"):
        TrainedMethod({"type": "CycleGAN"}, None, PIDS, "teacher")
    with pytest.raises(UserError, match=r"the teacher is the config of a re-ID method, .* got 'IDE'"):
        TrainedMethod("IDE", None, PIDS, "teacher")
