"""Each pair of cameras translated: what is written, taken up again, and refused."""

import json

import pytest
from toy_market import write_toy_market
from toy_translation import write_toy_reid, write_toy_translation

from reidzoo.apis import camstyle_pairs, stages
from reidzoo.apis.camstyle_pairs import drawn_by, train_camera_pairs
from reidzoo.apis.stage_runs import train_stages
from reidzoo.base.errors import UserError
from reidzoo.base.files import sha256
from reidzoo.data.datasets.generated_folder import GeneratedFolder, read_manifest


@pytest.fixture
def market(tmp_path):
    """Two training images of each of three cameras."""
    return write_toy_market(tmp_path / "market", train_pids=2, test_pids=2, cameras=3, shots=1)


@pytest.mark.slow
def test_every_image_in_the_style_of_every_other_camera(market, tmp_path, monkeypatch):
    gan, lines = write_toy_translation(tmp_path, "gan", market, market), []
    folder = train_camera_pairs(gan, seed=1, work_dir=tmp_path / "runs", report=lines.append)
    assert folder == tmp_path / "runs" / "gan" / "seed1" / "translated"
    entries = read_manifest(folder)
    assert len(entries) == 12
    assert "1to3/bounding_box_train/0001_c1s1_000000_01_fake_1to3.jpg" in [entry.file for entry in entries]
    for entry in entries:
        assert entry.file.startswith(f"{entry.source_camid + 1}to{entry.style_camid + 1}/")
    assert len(GeneratedFolder(str(folder)).records) == 12
    assert GeneratedFolder(str(folder)).title == "Market1501, camera styles by CycleGAN"
    pairs = json.loads((folder / "manifest.json").read_text())["pairs"]
    assert [pair["cameras"] for pair in pairs] == [[0, 1], [0, 2], [1, 2]]
    assert drawn_by(folder) == [
        sha256(folder.with_name(f"pair-{name}") / "epoch_1.pth") for name in ("0-1", "0-2", "1-2")
    ]
    assert any(line.startswith("[2/3] cameras 0 and 2: done; 1 left, about ") for line in lines)

    (folder / "manifest.json").unlink()
    (folder / "2to3" / "manifest.json").unlink()  # killed before its end
    lost = folder / "3to2" / "bounding_box_train" / "0001_c3s1_000000_01_fake_3to2.jpg"
    content = lost.read_bytes()
    lost.unlink()
    monkeypatch.setattr(stages, "train", lambda *arguments, **settings: pytest.fail("nothing is left to train"))
    with pytest.raises(UserError, match="holds images"):  # whose manifest somebody has removed
        train_camera_pairs(gan, seed=1, work_dir=tmp_path / "runs")
    for image in (folder / "2to3" / "bounding_box_train").iterdir():
        image.unlink()
    train_camera_pairs(gan, seed=1, work_dir=tmp_path / "runs")
    assert lost.read_bytes() == content
    assert read_manifest(folder) == entries
    with pytest.raises(UserError, match=r"holds the images 1to3, 2to3, 3to1, 3to2 .* cameras 0, 1 \(counted from 0\)"):
        train_camera_pairs(gan, seed=1, cameras=[0, 1], work_dir=tmp_path / "runs")


@pytest.mark.slow
def test_the_stage_after_it_trains_on_the_images_of_all_pairs(market, toy_config, tmp_path):
    gan = write_toy_translation(tmp_path, "gan", market, market, cameras=[0, 2])
    configs, lines = [gan, write_toy_reid(toy_config, "reid", "work_dirs/gan/seed0/translated")], []
    last = train_stages(configs, work_dir=tmp_path / "runs", report=lines.append)
    record = json.loads((last.parent / "stage.json").read_text())
    assert record["images_from"] == [sha256(tmp_path / "runs" / "gan" / "seed0" / "pair-0-2" / "epoch_1.pth")]
    assert not (tmp_path / "runs" / "gan" / "seed0" / "epoch_1.pth").exists(), "not trained on all cameras at once"
    lines.clear()
    assert train_stages(configs, work_dir=tmp_path / "runs", report=lines.append) == last
    assert all("skipped" in line for line in lines)


@pytest.mark.parametrize(
    ("cameras", "answer"),
    [
        ([0, 5, 7], r"no training image of camera 5, 7 \(counted from 0\), its cameras are 0, 1, 2"),
        ([1], "at least two cameras, got 1: .* has 3"),
        ([2, 2], "at least two cameras, got 2"),
    ],
)
def test_cameras_that_make_no_pair(market, tmp_path, monkeypatch, cameras, answer):
    monkeypatch.setattr(camstyle_pairs, "train_stage", lambda *arguments, **settings: pytest.fail("too early"))
    with pytest.raises(UserError, match=answer):
        train_camera_pairs(write_toy_translation(tmp_path, "gan", market, market), cameras=cameras, work_dir=tmp_path)
    with pytest.raises(UserError, match=answer):
        train_camera_pairs(write_toy_translation(tmp_path, "gan", market, market, cameras=cameras), work_dir=tmp_path)


def test_two_data_sets_have_no_pairs_of_cameras(market, toy_market, tmp_path):
    with pytest.raises(UserError, match=r"source and target of .*gan.py' are alike, got as root .*toy-market"):
        train_camera_pairs(write_toy_translation(tmp_path, "gan", market, toy_market), work_dir=tmp_path)
