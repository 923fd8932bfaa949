"""Whole runs on toy data: training, exact resume, testing, and what a user's mistakes answer."""

import json
import shutil
from pathlib import Path

import pytest
import torch

from reidzoo.apis.testing import evaluate
from reidzoo.apis.training import last_checkpoint, train
from reidzoo.base.errors import UserError
from reidzoo.base.weights import read_checkpoint


def weights(work_dir):
    return read_checkpoint(last_checkpoint(work_dir))["state_dict"]


def losses(runner):
    return runner.message_hub.log_scalars["train/loss"].data[0].tolist()


def test_a_run_leaves_checkpoint_config_and_provenance(toy_config, tmp_path):
    train(toy_config(), work_dir=tmp_path / "run")
    run = json.loads((tmp_path / "run" / "run.json").read_text())
    assert run["seed"] == 3
    assert {"commit", "machine", "versions", "command"} <= set(run)
    assert (tmp_path / "run" / "toy.py").is_file()
    checkpoint = torch.load(tmp_path / "run" / "epoch_2.pth", weights_only=True)  # plain values only
    assert checkpoint["meta"]["dataset_meta"] == {"name": "Market1501 train", "num_pids": 6, "num_cams": 2}


def test_resume_is_exact_to_the_last_bit(toy_config, tmp_path):
    whole = losses(train(toy_config(**{"train_cfg.max_epochs": 3}), work_dir=tmp_path / "whole"))
    train(toy_config(**{"train_cfg.max_epochs": 1}), work_dir=tmp_path / "parts")
    resumed = train(toy_config(**{"train_cfg.max_epochs": 3}), work_dir=tmp_path / "parts", resume=True)
    assert losses(resumed) == whole
    first, second = weights(tmp_path / "whole"), weights(tmp_path / "parts")
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_seeds_differ_and_repeat(toy_config, tmp_path):
    config = toy_config(**{"train_cfg.max_epochs": 1})
    one, again, other = (
        losses(train(config, work_dir=tmp_path / name, seed=seed)) for name, seed in (("a", 1), ("b", 1), ("c", 2))
    )
    assert one == again
    assert one != other


def test_bf16_is_seen_inside_the_step(toy_config, tmp_path, monkeypatch):
    from reidzoo.models.backbones import OSNet

    seen, forward = set(), OSNet.forward

    def watched(self, images):
        feature_map = forward(self, images)
        seen.add(feature_map.dtype)
        return feature_map

    monkeypatch.setattr(OSNet, "forward", watched)
    train(toy_config(**{"optim_wrapper.precision": "bf16", "train_cfg.max_epochs": 1}), work_dir=tmp_path / "run")
    assert seen == {torch.bfloat16}


def test_evaluation_gives_a_labelled_row(toy_config, tmp_path):
    config = toy_config()
    train(config, work_dir=tmp_path / "run")
    picture = tmp_path / "lists.png"
    row = evaluate(config, tmp_path / "run" / "epoch_2.pth", ranked_lists=picture)
    assert {"mAP_step", "mAP_official", "mINP", "rank1", "num_valid_queries"} <= set(row["metrics"])
    assert row["metrics"]["num_queries"] == 6
    assert row["train_split"] == "Market1501 train"
    assert row["seed"] == 3
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_identity_batches_get_their_P_from_the_batch_size(toy_config, tmp_path):
    sampler = {"type": "IdentitySampler", "images_per_pid": 2}
    runner = train(toy_config(**{"train_dataloader.sampler": sampler}), work_dir=tmp_path / "run")
    assert runner.cfg.train_dataloader.sampler.pids_per_batch == 2
    with pytest.raises(UserError, match=r"P x K = 2 x 2 makes batches of 4, .*batch_size is 5"):
        train(toy_config(**{"train_dataloader.sampler": sampler, "train_dataloader.batch_size": 5}), work_dir=tmp_path)
    with pytest.raises(UserError, match=r"images_per_pid \(K\) is a whole number of at least 1, got 0"):
        train(toy_config(**{"train_dataloader.sampler": {**sampler, "images_per_pid": 0}}), work_dir=tmp_path)


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("optim_wrapper.optimizer.lr", "1e-3x", "SGD takes float or Tensor as 'lr', got the text '1e-3x'"),
        ("model.head.dropout", "0.1x", "LinearHead takes float as 'dropout', got the text '0.1x'"),
        ("model.head.hidden", "16", "LinearHead takes int or None as 'hidden', got the text '16'"),
        ("train_dataloader.batch_size", "64", "batch_size is a whole number of at least 1, got '64'"),
        ("train_dataloader.num_workers", -1, "num_workers is a whole number of at least 0, got -1"),
        ("test_evaluator.reranking", "{'k1': 20, k2: 6}", "RetrievalMetric takes dict or None as 'reranking'"),
    ],
)
def test_values_of_the_wrong_kind(toy_config, tmp_path, key, value, said):
    with pytest.raises(UserError, match=said):
        train(toy_config(**{key: value}), work_dir=tmp_path / "run")


def test_checkpoint_of_another_architecture_is_refused(toy_config, tmp_path):
    train(toy_config(), work_dir=tmp_path / "run")
    checkpoint = tmp_path / "run" / "epoch_2.pth"
    other = toy_config(**{"model.backbone": {"type": "OSNet", "width": 0.5}})
    with pytest.raises(UserError, match="--allow-partial"):
        evaluate(other, checkpoint)
    assert evaluate(other, checkpoint, allow_partial=True)["metrics"]["num_queries"] == 6


def test_undecodable_images_are_named_and_counted(toy_config, toy_market, tmp_path):
    root = shutil.copytree(toy_market, tmp_path / "broken")
    files = sorted((root / "bounding_box_train").iterdir())
    for path in files[:2]:
        path.write_bytes(b"no image")
    config = toy_config(**{"train_dataloader.dataset.root": str(root)})
    for workers in (0, 1):
        with pytest.raises(UserError, match=rf"2 of 24 images cannot be decoded \(first: .*{files[0].name}"):
            train(config, work_dir=tmp_path / "run", options={"train_dataloader.num_workers": workers})


def test_nan_loss_stops_with_step_and_term(toy_config, tmp_path):
    config = toy_config(**{"optim_wrapper.optimizer.lr": 1e30})
    with pytest.raises(UserError, match=r"loss_id.*epoch \d, step \d"):
        train(config, work_dir=tmp_path / "run")


@pytest.mark.parametrize(
    ("option", "answer"),
    [
        ({"train_dataloader.dataset.root": "nowhere"}, "'nowhere', which does not exist"),
        ({"custom_hook": []}, "did you mean 'custom_hooks'"),
        ({"model.backbone.widht": 0.5}, "did you mean 'width'"),
        ({"model.backbone.type": "OSNett"}, "did you mean 'OSNet'"),
        ({"model.neck.type": "X"}, "has no 'neck'"),
        ({"train_dataloader.batchsize": 2}, "did you mean 'batch_size'"),
        ({"env_cfg": {"cudnn_benchmrk": True}}, "did you mean 'cudnn_benchmark'"),
        ({"randomness": {"seeed": 1}}, "did you mean 'seed'"),
        ({"model.head.type": "OSNet"}, "does not belong here"),
        ({"custom_imports": {"imports": ["no_such_module"]}}, "finds no module 'no_such_module'"),
        ({"train_dataloader.dataset.transforms.0.type": "RandomFlipp"}, "did you mean 'RandomFlip'"),
        ({"optim_wrapper.optimizer.lrr": 1}, "did you mean 'lr'"),
    ],
)
def test_mistakes_in_config_and_options_answer_in_a_sentence(toy_config, tmp_path, option, answer):
    with pytest.raises(UserError, match=answer):
        train(toy_config(), work_dir=tmp_path / "run", options=option)
    assert not (tmp_path / "run").exists()  # nothing is built from a wrong config


def test_query_without_match(toy_config, toy_market, tmp_path):
    root = shutil.copytree(toy_market, tmp_path / "lonely")
    for path in (root / "bounding_box_test").iterdir():
        path.rename(path.with_name("0000" + path.name[4:]))  # all become distractors
    train(toy_config(), work_dir=tmp_path / "run")
    config = toy_config(**{"test_dataloader.dataset.root": str(root)})
    with pytest.raises(UserError, match="match"):
        evaluate(config, tmp_path / "run" / "epoch_2.pth")


def test_last_checkpoint_follows_a_renamed_folder(toy_config, tmp_path):
    train(toy_config(), work_dir=tmp_path / "run")
    (tmp_path / "run").rename(tmp_path / "moved")
    assert last_checkpoint(tmp_path / "moved") == tmp_path / "moved" / "epoch_2.pth"
    assert last_checkpoint(Path(tmp_path)) is None


def test_without_cameras_the_identical_file_is_junk(toy_config, toy_market, tmp_path):
    root = tmp_path / "own"
    for part, folder in (("query", "query"), ("gallery", "bounding_box_test")):
        for path in sorted((toy_market / folder).iterdir()):
            target = root / part / path.name[:4] / path.name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
    train(toy_config(), work_dir=tmp_path / "run")
    own = {"type": "ImageFolder", "root": str(root), "split": "test"}
    config = toy_config(**{"test_dataloader.dataset": own, "test_dataloader.dataset._delete_": True})
    plain = evaluate(config, tmp_path / "run" / "epoch_2.pth")["metrics"]
    for path in sorted((root / "query").rglob("*.jpg")):  # every query also lies in the gallery, under another name
        shutil.copy(path, root / "gallery" / path.parent.name / f"copy-{path.name}")
    copied = evaluate(config, tmp_path / "run" / "epoch_2.pth")["metrics"]
    assert copied["num_valid_queries"] == plain["num_valid_queries"] == 6
    assert copied["rank1"] < 100 or plain["rank1"] == 100  # its own copy is no hit


@pytest.mark.parametrize(
    ("option", "answer"),
    [
        ({"train_dataloader.batch_size": 1000}, "train nothing: the set has 24 images, a batch 1000"),
        ({"train_cfg.max_epochs": 0}, "train nothing"),
        ({"optim_wrapper.paramwise_cfg": {"custom_keyz": {}}}, "did you mean 'custom_keys'"),
        ({"optim_wrapper.paramwise_cfg": {"custom_keys": {"bakbone": {"lr_mult": 0.1}}}}, "did you mean 'backbone'"),
        ({"default_hooks.checkpoint.intervall": 4}, "did you mean 'interval'"),
        ({"param_scheduler": [{"type": "CosineAnnealingLR", "T_maxx": 4}]}, "did you mean 'T_max'"),
        ({"modle.type": "IDE"}, "did you mean 'model'"),
        ({"train_dataloader": None}, "a config for training needs train_dataloader"),
    ],
)
def test_mistakes_that_would_train_something_else(toy_config, tmp_path, option, answer):
    with pytest.raises(UserError, match=answer):
        train(toy_config(), work_dir=tmp_path / "run", options=option)


def test_a_learning_rate_of_its_own_for_the_backbone(toy_config, tmp_path):
    paramwise = {"optim_wrapper.paramwise_cfg": {"custom_keys": {"backbone": {"lr_mult": 0.1}}}}
    runner = train(toy_config(**paramwise), work_dir=tmp_path / "run")
    assert {round(group["lr"], 6) for group in runner.optim_wrapper.optimizer.param_groups} == {0.01, 0.001}


def test_a_row_says_what_the_run_started_from_whatever_the_config_says_today(toy_config, tmp_path):
    train(toy_config(), work_dir=tmp_path / "first")
    start = tmp_path / "first" / "epoch_2.pth"
    assert evaluate(toy_config(), start)["init"] == "random"
    train(toy_config(load_from=str(start), **{"train_cfg.max_epochs": 1}), work_dir=tmp_path / "second")
    train(toy_config(), work_dir=tmp_path / "second", resume=True)
    assert evaluate(toy_config(), tmp_path / "second" / "epoch_2.pth")["init"] == "epoch_2.pth"
