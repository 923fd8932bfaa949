import os
import struct

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from reidzoo.base.errors import UserError
from reidzoo.base.weights import load_weights, read_checkpoint, read_weights

STATE = {"a.weight": torch.arange(6.0).view(2, 3), "a.bias": torch.tensor([1.0, -1.0])}


def same(found, expected):
    return set(found) == set(expected) and all(torch.equal(found[name], expected[name]) for name in expected)


@pytest.mark.parametrize(
    "content",
    [
        STATE,
        {"state_dict": STATE, "epoch": 3, "meta": {"note": "kept beside"}},
        {"model": {"state_dict": STATE}},
        {"state_dict": {f"module.{name}": tensor for name, tensor in STATE.items()}},
        {"state_dict": STATE, "rank1": np.float64(0.5), "mAP": np.float32(0.4), "epoch": np.int64(60)},
    ],
    ids=["plain", "state_dict", "model", "ddp", "numpy scores"],
)
def test_usual_wrappings_are_taken_off(tmp_path, content):
    torch.save(content, tmp_path / "a.pth")
    assert same(read_weights(tmp_path / "a.pth"), STATE)


def test_scores_written_under_numpy_1_are_read(tmp_path):
    torch.save(
        {"state_dict": STATE, "rank1": np.float64(0.5)}, tmp_path / "a.pth", _use_new_zipfile_serialization=False
    )
    content = (tmp_path / "a.pth").read_bytes()
    (tmp_path / "a.pth").write_bytes(content.replace(b"numpy._core.multiarray", b"numpy.core.multiarray"))
    assert same(read_weights(tmp_path / "a.pth"), STATE)


def test_safetensors(tmp_path):
    save_file(STATE, tmp_path / "a.safetensors")
    assert same(read_weights(str(tmp_path / "a.safetensors")), STATE)


def test_checkpoint_keeps_what_lies_beside_the_weights(tmp_path):
    torch.save({"model": STATE, "meta": {"epoch": 3}, "optimizer": {"lr": 0.1}}, tmp_path / "a.pth")
    checkpoint = read_checkpoint(tmp_path / "a.pth", map_location=lambda storage, _: storage)
    assert same(checkpoint.pop("state_dict"), STATE)
    assert checkpoint == {"meta": {"epoch": 3}, "optimizer": {"lr": 0.1}}


def test_a_plain_state_becomes_a_checkpoint(tmp_path):
    save_file(STATE, tmp_path / "a.safetensors")
    checkpoint = read_checkpoint(tmp_path / "a.safetensors")
    assert set(checkpoint) == {"state_dict"}


def test_the_header_of_safetensors_is_what_the_checkpoint_says_of_itself(tmp_path):
    save_file(STATE, tmp_path / "a.safetensors", metadata={"seed": "3", "data": '{"num_pids": 6}', "format": "pt"})
    checkpoint = read_checkpoint(tmp_path / "a.safetensors")
    assert checkpoint["meta"] == {"seed": 3, "data": {"num_pids": 6}, "format": "pt"}  # foreign text stays text
    assert same(checkpoint["state_dict"], STATE)
    assert same(checkpoint["state_dict"], STATE)


def test_prefix_module_stays_where_it_is_a_part_of_the_network(tmp_path):
    torch.save({"module.weight": torch.ones(1), "other": torch.ones(1)}, tmp_path / "a.pth")
    assert set(read_weights(tmp_path / "a.pth")) == {"module.weight", "other"}


class Malicious:
    def __init__(self, target):
        self.target = target

    def __reduce__(self):
        return os.mkdir, (self.target,)


def test_code_in_a_pickle_is_named_and_not_executed(tmp_path):
    torch.save({"a": Malicious(str(tmp_path / "made"))}, tmp_path / "evil.pth")
    with pytest.raises(
        UserError, match=r"evil\.pth' asks for the Python object '\w+\.mkdir'.*not executed.*only tensors"
    ):
        read_weights(tmp_path / "evil.pth")
    assert not (tmp_path / "made").exists()


def test_absent_file(tmp_path):
    with pytest.raises(UserError, match=r"no weight file '.*none\.pth': check the path"):
        read_weights(tmp_path / "none.pth")


@pytest.mark.parametrize("suffix", ["pth", "safetensors"])
def test_truncated_file_at_every_length(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    save_file(STATE, path) if suffix == "safetensors" else torch.save(STATE, path)
    content = path.read_bytes()
    for length in range(0, len(content) - 1, 61):
        path.write_bytes(content[:length])
        with pytest.raises(UserError, match=r"damaged.*copy or download it again"):
            read_weights(path)


@pytest.mark.parametrize("content", [b"<html>not found</html>", struct.pack("<q", 1 << 60), b"\x80\x02}q"])
def test_bytes_that_are_no_weights(tmp_path, content):
    (tmp_path / "a.pth").write_bytes(content)
    with pytest.raises(UserError, match="damaged or no weight file"):
        read_weights(tmp_path / "a.pth")


@pytest.mark.parametrize(
    ("content", "held"),
    [({"generator": STATE}, "keys generator"), ([1, 2], "list"), ({"state_dict": {}}, "keys state_dict")],
)
def test_file_without_tensors_says_what_it_holds(tmp_path, content, held):
    torch.save(content, tmp_path / "a.pth")
    with pytest.raises(UserError, match=rf"holds no tensors by name \({held}\)"):
        read_weights(tmp_path / "a.pth")


def network():
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))


def snapshot(module):
    return {name: tensor.clone() for name, tensor in module.state_dict().items()}


def test_complete_state_is_loaded():
    source, target = network(), network()
    report = load_weights(target, source.state_dict(), source="a.pth")
    assert same(target.state_dict(), source.state_dict())
    assert report.complete
    assert str(report) == "a.pth: 9 fit"


def spoilt():
    """One entry missing, one unexpected, one of another shape."""
    state = snapshot(network())
    state["new.weight"] = state.pop("0.bias")
    state["2.weight"] = torch.zeros(7, 4)
    return state


def test_refusal_reports_everything_and_loads_nothing():
    target = network()
    before = snapshot(target)
    with pytest.raises(UserError) as refusal:
        load_weights(target, spoilt(), source="a.pth")
    for part in (
        "do not fit Sequential, nothing was loaded",
        "a.pth: 7 fit",
        "1 missing (0.bias)",
        "1 unexpected (new.weight)",
        "1 of another shape (2.weight: 2 x 4 here, 7 x 4 in the file)",
        "--allow-partial",
    ):
        assert part in str(refusal.value)
    assert same(target.state_dict(), before)


@pytest.mark.parametrize("change", ["missing", "unexpected", "mismatched"])
def test_each_kind_of_difference_alone_is_refused(change):
    state = snapshot(network())
    if change == "missing":
        del state["0.bias"]
    elif change == "unexpected":
        state["new"] = torch.zeros(1)
    else:
        state["0.bias"] = torch.zeros(1)
    with pytest.raises(UserError, match="nothing was loaded"):
        load_weights(network(), state, source="a.pth")


def test_the_remedy_can_be_told_by_the_caller():
    with pytest.raises(UserError, match=r"try another width$"):
        load_weights(network(), spoilt(), source="a.pth", remedy="try another width")


def test_partial_loading_takes_what_fits_and_leaves_the_rest():
    target, state = network(), spoilt()
    before = snapshot(target)
    report = load_weights(target, state, source="a.pth", allow_partial=True)
    after = target.state_dict()
    assert not report.complete
    assert len(report.loaded) == 7
    assert all(torch.equal(after[name], state[name]) for name in report.loaded)
    assert all(torch.equal(after[name], before[name]) for name in ("0.bias", "2.weight"))
    assert (report.missing, report.unexpected) == (("0.bias",), ("new.weight",))
    assert report.mismatched == (("2.weight", (2, 4), (7, 4)),)


@pytest.mark.parametrize("allow_partial", [False, True])
def test_a_state_of_which_nothing_fits_is_always_refused(allow_partial):
    with pytest.raises(
        UserError, match=r"are not of this Sequential, nothing was loaded.*name a checkpoint of this architecture$"
    ):
        load_weights(network(), {"x": torch.ones(2)}, source="a.pth", allow_partial=allow_partial)


def test_batch_counters_alone_are_no_match():
    state = {"1.num_batches_tracked": torch.tensor(3), "x": torch.ones(2)}
    with pytest.raises(
        UserError, match=r"are not of this Sequential, nothing was loaded.*name a checkpoint of this architecture$"
    ):
        load_weights(network(), state, source="a.pth", allow_partial=True)


def test_ignored_prefixes_are_passed_over_on_both_sides():
    target, state = network(), snapshot(network())
    before = snapshot(target)
    state["2.weight"] = torch.zeros(7, 4)
    state["extra.weight"] = torch.zeros(1)
    report = load_weights(target, state, source="a.pth", ignore=("2.", "extra."))
    assert report.complete
    assert report.ignored == ("2.bias", "2.weight", "extra.weight")
    assert "3 ignored (2.bias, 2.weight, extra.weight)" in str(report)
    assert torch.equal(target.state_dict()["2.bias"], before["2.bias"])


def test_old_files_have_no_batch_counters():
    state = snapshot(network())
    del state["1.num_batches_tracked"]
    report = load_weights(network(), state, source="old.pth")
    assert report.kept == ("1.num_batches_tracked",)
    assert "1 kept (1.num_batches_tracked)" in str(report)


def test_a_new_file_that_lacks_one_counter_is_incomplete():
    target = nn.Sequential(nn.BatchNorm1d(2), nn.BatchNorm1d(2))
    state = snapshot(target)
    del state["1.num_batches_tracked"]
    with pytest.raises(UserError, match=r"1 missing \(1\.num_batches_tracked\)"):
        load_weights(target, state, source="a.pth")


def test_long_reports_name_the_first_and_count_the_rest():
    with pytest.raises(UserError, match=r"7 missing \(0\.bias, 1\.weight, 1\.bias, \.\.\.\)"):
        load_weights(network(), {"0.weight": torch.zeros(4, 3)}, source="a.pth")


def test_allowed_prefixes_may_differ_and_what_fits_below_them_is_loaded():
    target, state = network(), snapshot(network())
    before = snapshot(target)
    del state["2.bias"]
    state["extra.weight"] = torch.zeros(1)
    report = load_weights(target, state, source="a.pth", allow_partial=["2.", "extra."])
    assert report.differing == ("2.bias", "extra.weight")
    assert torch.equal(target.state_dict()["2.weight"], state["2.weight"])
    assert torch.equal(target.state_dict()["2.bias"], before["2.bias"])
    lines = report.listing().splitlines()
    assert "  0.weight: from the file" in lines
    assert "  2.bias: left as initialised" in lines
    assert "  extra.weight: in the file only, unused" in lines
    assert len(lines) == 1 + len(before) + 1


def test_allowed_prefixes_leave_everything_else_strict():
    target = network()
    before = snapshot(target)
    with pytest.raises(UserError, match=r"nothing was loaded.*not among the allowed prefixes: 0\.bias, new\.weight:"):
        load_weights(target, spoilt(), source="a.pth", allow_partial=["2."])
    assert same(target.state_dict(), before)


def test_an_allowed_prefix_that_begins_no_name_is_a_mistake():
    with pytest.raises(UserError, match=r"prefix 'head\.' of allow_partial_load begins no name of Sequential"):
        load_weights(network(), snapshot(network()), source="a.pth", allow_partial=["2.", "head."])
