"""The shipped configs: all are right, named by the rule, short; one a method runs two steps."""

import ast
from pathlib import Path

import numpy as np
import pytest
import torch
from golden_poses import SIZE, golden_points

from reidzoo.apis.configs import parse_options, read_config
from reidzoo.apis.generator_stages import is_sampling, is_translation
from reidzoo.apis.method_loading import load_method
from reidzoo.apis.testing import evaluate
from reidzoo.apis.training import train
from reidzoo.apis.translator import Translator
from reidzoo.base.errors import UserError
from reidzoo.methods.pose_transfer import PoseTransferMethod
from reidzoo.methods.rendering import RenderingMethod
from reidzoo.methods.sampling import SamplingMethod
from reidzoo.methods.swapping import SwapMethod
from reidzoo.registry import DATASETS

ROOT = Path(__file__).resolve().parents[2]
CONFIGS = sorted(path.relative_to(ROOT) for path in (ROOT / "configs").glob("*/*.py"))
#: one config a method runs in `make test`; `make test-slow` walks them all
FAST = [
    Path("configs/all_in_one/all-in-one_osnet-x0-25_synthped-day.py"),
    Path("configs/bot/bot_osnet-x0-25_synthped-day.py"),
    Path("configs/cr_gan/cr-gan_osnet-x0-25_synthped-day2dusk.py"),
    Path("configs/cr_gan/cr-gan_unet_synthped-day2dusk.py"),
    Path("configs/cut_paste/cut-paste_osnet-x0-25_synthped-day2dusk.py"),
    Path("configs/cyclegan/cyclegan_resnet3_synthped-day2dusk.py"),
    Path("configs/dcgan/dcgan_conv4_synthped-day.py"),
    Path("configs/deformable/deformable_unet6_synthped-day.py"),
    Path("configs/dgnet/dgnet_osnet-x0-25_synthped-day.py"),
    Path("configs/gan/gan_conv4_synthped-day.py"),
    Path("configs/ide/ide_osnet-x0-25_synthped-day.py"),
    Path("configs/lsro/lsro_osnet-x0-25_synthped-day.py"),
    Path("configs/lsgan/lsgan_res5_synthped-day.py"),
    Path("configs/pcb/pcb_osnet-x0-25_synthped-day.py"),
    Path("configs/pg2/pg2-stage1_unet5_synthped-day.py"),
    Path("configs/pg2/pg2-stage2_unet5_synthped-day.py"),
    Path("configs/pseudo_label/pseudo-label_osnet-x0-25_synthped-day.py"),
    Path("configs/ptgan/ptgan_resnet3_synthped-day2dusk.py"),
    Path("configs/spgan/spgan_resnet3_synthped-day2dusk.py"),
    Path("configs/taudl/taudl_osnet-x0-25_synthped-dusk.py"),
    Path("configs/triplet/triplet_osnet-x0-25_synthped-day.py"),
    Path("configs/svdnet/svdnet_osnet-x0-25_synthped-day.py"),
    Path("configs/verif_identif/verif-identif_osnet-x0-25_synthped-day.py"),
]


def smoke(path, tmp_path):
    if "TimmBackbone" in path.read_text():
        pytest.importorskip("timm")  # an optional extra
    train(path, work_dir=tmp_path / "run", smoke=True)
    logs = {entry.name for entry in (tmp_path / "run").rglob("*") if entry.is_file()}
    assert "scalars.json" in logs  # JSON lines
    assert any(name.startswith("events.out.tfevents") for name in logs)  # TensorBoard
    assert any(name.endswith(".log") for name in logs)  # text
    if is_translation(read_config(path)):
        assert "translated_epoch_1.png" in logs
        image = np.full((128, 64, 3), 128, dtype=np.uint8)
        translated = Translator(tmp_path / "run" / path.name, tmp_path / "run" / "epoch_1.pth")(image)
        assert (translated.shape[0], translated.shape[3]) == (1, 3)  # in the size that the config trains on
        assert translated.std() > 0
        return
    if is_sampling(read_config(path)):
        assert "samples_epoch_1.png" in logs
        _, method = load_method(tmp_path / "run" / path.name, tmp_path / "run" / "epoch_1.pth", SamplingMethod, "")
        assert method.sample(method.noise(2)).shape == (2, 3, *method.image_size)
        return
    if "runtime/pose_transfer.py" in path.read_text():
        assert "posed_epoch_1.png" in logs
        folder = tmp_path / "run"
        cfg, method = load_method(folder / path.name, folder / "epoch_1.pth", PoseTransferMethod, "")
        resize = cfg.train_dataloader.dataset.dataset.transforms[0]
        images = torch.full((2, 3, resize.height, resize.width), 128, dtype=torch.uint8)
        points = golden_points() * torch.tensor(images.shape[2:]) / torch.tensor(SIZE)
        assert method.repose(images, points, points.flip(0)).shape == images.shape
        return
    if "runtime/rendering.py" in path.read_text():
        assert "rendered_epoch_1.png" in logs
        folder = tmp_path / "run"
        _, method = load_method(folder / path.name, folder / "epoch_1.pth", RenderingMethod, "")
        images = torch.full((2, 3, 64, 32), 128, dtype=torch.uint8)
        assert method.render(images, images[:, :1], images, images[:, :1]).shape == images.shape
        return
    if "runtime/swapping.py" in path.read_text():
        assert "swapped_epoch_1.png" in logs
        cfg, method = load_method(tmp_path / "run" / path.name, tmp_path / "run" / "epoch_1.pth", SwapMethod, "")
        images = DATASETS.build(cfg.test_dataloader.dataset)[0]["images"][None]
        assert method.swap(images, images.flip(-1)).shape == images.shape
    row = evaluate(path, tmp_path / "run" / "epoch_1.pth", smoke=True)
    assert row["metrics"]["num_valid_queries"] > 0


def test_there_are_configs():
    assert set(FAST) <= set(CONFIGS)


@pytest.mark.parametrize("path", CONFIGS, ids=str)
def test_a_config_is_right_short_and_named_by_the_rule(path):
    read_config(path)
    parts = path.stem.split("_")
    assert len(parts) == 3, "method_net_data"
    assert parts[0].startswith(path.parent.name.replace("_", "-")), (
        "variants share their method's folder: ide/ide-re_..."
    )
    source = path.read_text()
    assert source.startswith("# "), "the header says what it is, how to run it, what to expect"
    assert "tools/train.py" in source
    assert source.count("\n") <= 40
    names = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Import | ast.ImportFrom)]
    assert not names, "a config holds values only"
    assigned = {node.targets[0].id: node.value for node in ast.parse(source).body if isinstance(node, ast.Assign)}
    for base in ast.literal_eval(assigned["_base_"]):
        assert "_base_" not in (path.parent / base).read_text(), "at most one level of _base_"


@pytest.mark.parametrize("path", FAST, ids=str)
def test_smoke(path, tmp_path):
    smoke(path, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("path", [path for path in CONFIGS if path not in FAST], ids=str)
def test_smoke_of_every_config(path, tmp_path):
    smoke(path, tmp_path)


def test_options_are_literals_or_text():
    pairs = ["a=1", "b=1e-3", "c=[1, 2]", "d=None", "e=path/to", "f=x=y"]
    assert parse_options(pairs) == {"a": 1, "b": 1e-3, "c": [1, 2], "d": None, "e": "path/to", "f": "x=y"}
    with pytest.raises(UserError, match="key=value, got 'lr'"):
        parse_options(["lr"])


def test_broken_and_absent_config_files(tmp_path):
    with pytest.raises(UserError, match="no config file"):
        read_config(tmp_path / "absent.py")
    path = tmp_path / "broken.py"
    path.write_text("model = dict(\n")
    with pytest.raises(UserError, match="does not load: SyntaxError"):
        read_config(path)


def test_custom_imports_bring_a_plugin(toy_config, tmp_path, monkeypatch):
    plugin = tmp_path / "my_plugin.py"
    plugin.write_text(
        "import torch\n"
        "from reidzoo.registry import LOSSES\n"
        "@LOSSES.register\n"
        "class MyPluginLoss(torch.nn.Module):\n"
        "    '''Mean of the logits.'''\n"
        "    def forward(self, logits, pids):\n"
        "        return logits.mean()\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    config = toy_config(**{"custom_imports": {"imports": ["my_plugin"]}, "model.loss": {"type": "MyPluginLoss"}})
    runner = train(config, work_dir=tmp_path / "run")
    assert type(runner.model.loss).__name__ == "MyPluginLoss"


@pytest.mark.parametrize("sampler", [{}, {"images_per_pid": 4, "pids_per_batch": 1}])
def test_smoke_of_identity_batches(toy_config, tmp_path, sampler):
    config = toy_config(**{"train_dataloader.sampler": {"type": "IdentitySampler", **sampler}})
    assert train(config, work_dir=tmp_path / "run", smoke=True).cfg.train_dataloader.batch_size == 4
