"""Stages that look at the networks of earlier ones: joined by name, tested before, noticed when they change."""

import json
import shutil
from functools import reduce
from operator import getitem
from pathlib import Path

import pytest
from mmengine.config import Config
from toy_stages import record_training
from toy_translation import write_toy_reid, write_toy_translation

from reidzoo.apis import stage_weights
from reidzoo.apis.configs import complete_for_loading, read_config
from reidzoo.apis.smoke import shrink
from reidzoo.apis.stage_runs import train_stages
from reidzoo.apis.stage_smoke import write_smoke_configs
from reidzoo.apis.stage_weights import starting_stages, weights_from
from reidzoo.apis.trained_weights import OPTIONS, run_of, trained_weights
from reidzoo.base.errors import UserError
from reidzoo.base.files import sha256
from reidzoo.methods.ide import IDE
from reidzoo.registry import METHODS

TEACHER = "work_dirs/teacher/seed0/epoch_15.pth"


@pytest.fixture(autouse=True)
def toy_methods(monkeypatch):
    """Methods of this file, for its tests only."""

    class ToyStudent(IDE):
        """IDE that takes every kind of such weights."""

        def __init__(
            self,
            backbone: dict,
            head: dict,
            num_pids: int,
            teacher_weights: str | None = None,
            identity_weights: str | None = None,
            data_preprocessor: dict | None = None,
        ):
            super().__init__(backbone, head, num_pids, data_preprocessor=data_preprocessor)

    monkeypatch.setitem(METHODS.module_dict, "ToyStudent", ToyStudent)


@pytest.fixture
def student(toy_config):
    """Writes a config whose method looks at networks of earlier stages; keys are options without ``model.``."""
    rendering = {"type": "ContextRendering", "renderer": {"type": "CutAndPaste"}}

    def write(name, load_from=None, **weights):
        changes = {f"model.{option}": file for option, file in weights.items()}
        if any(option.startswith("data_preprocessor.") for option in weights):
            changes = {"model.data_preprocessor": rendering, **changes}
        changes |= {} if load_from is None else {"load_from": load_from}
        return write_toy_reid(toy_config, name, **{"model.type": "ToyStudent", **changes})

    return write


@pytest.fixture
def calls(monkeypatch):
    """What is trained and tested, in order, with nothing done but a checkpoint written: ``(what, options)``."""
    made = record_training(monkeypatch)

    def evaluate(config, checkpoint):
        made.append(("test", str(checkpoint)))
        return {"metrics": {"mAP_step": 71.26, "rank1": 88.0}, "data": "Market1501 test"}

    monkeypatch.setattr(stage_weights, "evaluate", evaluate)
    return made


def checkpoint_of(folder, name, seed=0):
    return str(folder / name / f"seed{seed}" / "epoch_1.pth")


def record_of(folder, name, seed=0):
    return json.loads((folder / name / f"seed{seed}" / "stage.json").read_text())


def test_a_stage_gets_its_teacher_of_the_same_seed_tested_before(toy_config, student, tmp_path, calls):
    configs = [write_toy_reid(toy_config, "teacher"), student("student", teacher_weights=TEACHER)]
    runs, lines = tmp_path / "runs", []
    train_stages(configs, seed=2, work_dir=runs, report=lines.append)
    teacher = checkpoint_of(runs, "teacher", 2)
    assert calls == [
        ("teacher", {}),
        ("test", teacher),
        ("student", {"model.teacher_weights": teacher}),  # and no load_from
    ]
    record = record_of(runs, "student", 2)
    assert record["weights_from"] == {"model.teacher_weights": sha256(teacher)}
    assert record["started_from"] is None
    assert record["training"]["model"]["teacher_weights"] == TEACHER, "as it is written"
    assert any("teacher.py, seed 2: mAP_step 71.3, rank1 88.0 on Market1501 test" in line for line in lines)
    assert any(line.endswith(f"in training, with {teacher}") for line in lines)
    assert weights_from(configs) == []


def test_what_is_done_is_skipped_and_needs_no_teacher(toy_config, student, tmp_path, calls):
    configs, runs = [write_toy_reid(toy_config, "teacher"), student("student", teacher_weights=TEACHER)], tmp_path
    last = train_stages(configs, work_dir=runs)
    calls.clear()
    assert train_stages(configs, work_dir=runs) == last
    shutil.rmtree(runs / "teacher")
    assert train_stages(configs, work_dir=runs) == last
    assert calls == []


def test_an_interrupted_stage_goes_on_with_its_teacher(toy_config, student, tmp_path, calls):
    configs, runs = [write_toy_reid(toy_config, "teacher"), student("student", teacher_weights=TEACHER)], tmp_path
    train_stages(configs, work_dir=runs)
    folder = runs / "student" / "seed0"
    (folder / "epoch_1.pth").rename(folder / "epoch_0.pth")
    (folder / "last_checkpoint").write_text(str(folder / "epoch_0.pth"))
    calls.clear()
    train_stages(configs, work_dir=runs)
    assert calls[-1] == ("student", {"model.teacher_weights": checkpoint_of(runs, "teacher")})


def test_another_teacher_than_before_is_refused(toy_config, student, tmp_path, calls):
    configs, runs = [write_toy_reid(toy_config, "teacher"), student("student", teacher_weights=TEACHER)], tmp_path
    train_stages(configs, work_dir=runs)
    Path(checkpoint_of(runs, "teacher")).write_text("trained anew")
    with pytest.raises(UserError, match=r"with another model\.teacher_weights than today's '.*epoch_1\.pth': move"):
        train_stages(configs, work_dir=runs)


def test_a_teacher_that_is_no_stage_is_taken_as_named(student, tmp_path, calls):
    file = tmp_path / "published.safetensors"
    file.write_text("weights")
    train_stages([student("student", teacher_weights=str(file))], work_dir=tmp_path)
    assert calls == [("student", {"model.teacher_weights": str(file)})]
    assert record_of(tmp_path, "student")["weights_from"] == {"model.teacher_weights": sha256(file)}
    file.write_text("other weights")
    with pytest.raises(UserError, match=r"with another model\.teacher_weights"):
        train_stages([student("student", teacher_weights=str(file))], work_dir=tmp_path)


def test_weights_go_on_from_the_stage_that_load_from_names(toy_config, toy_market, student, tmp_path, calls):
    """As CR-GAN: an identity classifier, a generator beside it, re-ID that begins as the classifier and draws."""
    gan = write_toy_translation(tmp_path, "gan", toy_market, toy_market)
    first = write_toy_reid(toy_config, "first")
    renderer = {"data_preprocessor.renderer_weights": "work_dirs/gan/seed0/epoch_9.pth"}
    last = student("last", load_from="work_dirs/first/seed0/epoch_9.pth", **renderer)
    runs = tmp_path / "runs"
    train_stages([first, gan, last], seed=1, work_dir=runs)
    assert calls == [
        ("first", {}),
        ("gan", {}),  # reads no folder, draws none, and cannot be tested
        (
            "last",
            {
                "model.data_preprocessor.renderer_weights": checkpoint_of(runs, "gan", 1),
                "load_from": checkpoint_of(runs, "first", 1),
            },
        ),
    ]
    assert weights_from([first, gan, last]) == [first]


def test_the_stage_before_is_gone_on_from_unless_it_is_looked_at(toy_config, student):
    teacher = write_toy_reid(toy_config, "teacher")
    one, two = student("one", teacher_weights=TEACHER), student("two", identity_weights=TEACHER)
    assert starting_stages([read_config(path) for path in (teacher, one, two)]) == [None, None, 1]
    assert weights_from([teacher, one, two]) == [one]


def test_a_teacher_that_comes_later_is_refused(toy_config, student, tmp_path, calls):
    configs = [student("student", teacher_weights=TEACHER), write_toy_reid(toy_config, "teacher")]
    with pytest.raises(UserError, match=r"teacher_weights of '.*student\.py' is a checkpoint of 'teacher', which"):
        train_stages(configs, work_dir=tmp_path)
    own = student("own", teacher_weights="work_dirs/own/seed0/epoch_1.pth")
    with pytest.raises(UserError, match=r"checkpoint of 'own', which is not trained before it: name that config first"):
        train_stages([own], work_dir=tmp_path)
    assert calls == []


@pytest.mark.parametrize("option", OPTIONS)
def test_loading_and_smoke_need_no_such_file(student, option):
    path = student("student", **{option.removeprefix("model."): "absent.pth"})
    loaded, small = read_config(path), read_config(path)
    assert trained_weights(loaded) == {option: "absent.pth"}
    complete_for_loading(loaded, {"dataset_meta": {"num_pids": 6}}, "epoch_1.pth")
    shrink(small)
    assert trained_weights(loaded) == trained_weights(small) == {}
    *place, key = option.split(".")
    assert reduce(getitem, place, loaded)[key] is None


def test_smoke_copies_stay_joined(toy_config, student, tmp_path):
    start = "work_dirs/first/seed0/epoch_9.pth"
    configs = [
        write_toy_reid(toy_config, "first"),
        write_toy_reid(toy_config, "teacher"),
        student("student", load_from=start, teacher_weights=TEACHER, identity_weights="other.pth"),
    ]
    copy = Config.fromfile(write_smoke_configs(configs, tmp_path / "smoke")[-1])
    assert trained_weights(copy) == {"model.teacher_weights": TEACHER}
    assert copy.load_from == start
    alone = Config.fromfile(write_smoke_configs(configs[-1:], tmp_path / "smoke")[-1])
    assert trained_weights(alone) == {}
    assert alone.get("load_from") is None


def test_which_run_a_file_is_of():
    assert run_of(TEACHER) == run_of("/elsewhere/teacher/seed12/epoch_3.pth") == "teacher"
    for file in (None, "", "epoch_3.pth", "seed0/epoch_3.pth", "work_dirs/teacher/epoch_3.pth", "zoo://teacher"):
        assert run_of(file) is None
    assert run_of("work_dirs/teacher/seed0/model.safetensors") is None


def test_something_else_than_a_file_is_refused(student):
    cfg = read_config(student("student", teacher_weights=7))
    with pytest.raises(UserError, match=r"model\.teacher_weights expects the path of a checkpoint, got 7"):
        trained_weights(cfg)


@pytest.mark.slow
def test_two_stages(toy_config, student, tmp_path):
    configs, lines = [write_toy_reid(toy_config, "teacher"), student("student", teacher_weights=TEACHER)], []
    train_stages(configs, work_dir=tmp_path / "runs", report=lines.append)
    (line,) = [line for line in lines if "mAP_step" in line]
    assert "on Market1501 test" in line
    assert record_of(tmp_path / "runs", "student")["weights_from"]
