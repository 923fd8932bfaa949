"""Two processes on one CPU (gloo): equal parameters after training, equal metrics at test."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from reidzoo.apis.testing import evaluate
from reidzoo.apis.training import train
from reidzoo.base.weights import read_checkpoint

TRAIN = """
import hashlib, os, sys
from reidzoo.apis.training import train
runner = train(sys.argv[1], work_dir=sys.argv[2], launcher="pytorch")
digest = hashlib.sha256()
for name, parameter in sorted(runner.model.module.named_parameters()):
    digest.update(parameter.detach().numpy().tobytes())
open(f"{sys.argv[2]}/digest-{os.environ['RANK']}", "w").write(digest.hexdigest())
"""


def on_two_processes(*arguments):
    """Run ``python ARGUMENTS`` on two processes; the output is shown when it fails."""
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", *arguments]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True, env=environment)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.slow
def test_training_on_two_processes_ends_with_equal_parameters(toy_config, tmp_path):
    script = tmp_path / "train_two.py"
    script.write_text(TRAIN)
    on_two_processes(script, toy_config(), tmp_path / "run")
    assert (tmp_path / "run/digest-0").read_text() == (tmp_path / "run/digest-1").read_text()
    start = train(toy_config(**{"train_cfg.max_epochs": 1}), work_dir=tmp_path / "one").model.state_dict()
    end = read_checkpoint(tmp_path / "run" / "epoch_2.pth")["state_dict"]
    assert not torch.equal(start["backbone.conv1.conv.weight"], end["backbone.conv1.conv.weight"])  # it did train


@pytest.mark.slow
def test_a_method_with_a_step_of_its_own_keeps_it_on_two_processes(toy_config, tmp_path):
    """SVDNet ends in a restraint: equal parameters, and weight vectors as orthogonal as the SVD made them."""
    model = {
        "_delete_": True, "type": "SVDNet", "backbone": {"type": "OSNet", "width": 0.25}, "head": {"type": "EigenHead"},
        "steps_before": 2, "rounds": 1, "restraint_steps": 100,
    }  # fmt: skip
    wrapper = {"type": "OwnStepDistributedDataParallel", "broadcast_buffers": False}
    script = tmp_path / "train_two.py"
    script.write_text(TRAIN)
    on_two_processes(script, toy_config(model=model, model_wrapper_cfg=wrapper), tmp_path / "run")
    assert (tmp_path / "run/digest-0").read_text() == (tmp_path / "run/digest-1").read_text()
    end = read_checkpoint(tmp_path / "run" / "epoch_2.pth")["state_dict"]
    assert end["step"] == 6
    weight = end["head.eigenlayer.weight"].double()
    gram = weight @ weight.T
    assert (gram - torch.diag(gram.diagonal())).abs().max() < 1e-5 * gram.diagonal().max()


@pytest.mark.slow
@pytest.mark.parametrize("loop", ["TestLoop", "FlipTestLoop"])
def test_testing_on_two_processes_gives_the_metrics_of_one(toy_config, tmp_path, loop):
    config = toy_config(**{"test_cfg.type": loop})
    train(config, work_dir=tmp_path / "run")
    checkpoint = tmp_path / "run" / "epoch_2.pth"
    alone = evaluate(config, checkpoint)["metrics"]
    result = tmp_path / "two.json"
    on_two_processes(
        Path("tools/test.py"), config, checkpoint, "--launcher", "pytorch", "--json", result,
        "--cfg-options", "test_dataloader.batch_size=4",
    )  # fmt: skip
    assert json.loads(result.read_text())["metrics"] == pytest.approx(alone, abs=1e-3)
