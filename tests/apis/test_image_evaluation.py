"""Folders of tiny pictures and a network that sees mean colours: what metrics give where one can tell by hand."""

import json
import sys

import cv2
import numpy as np
import pytest
import torch
from torch import nn

from reidzoo.apis import image_evaluation
from reidzoo.apis.image_evaluation import evaluate_images
from reidzoo.apis.picture_batches import PictureReader
from reidzoo.base.errors import UserError
from reidzoo.data.datasets.generated_folder import GeneratedImage
from reidzoo.data.datasets.manifest import write_manifest

SIZE = (16, 12)
PAIR_METRICS = ("ssim-pg2", "ssim-deform", "mask-ssim-pg2", "mask-ssim-deform", "l1", "deep-distance")


class MeanColour(nn.Module):
    """Three features an image; or 1008 logits, of which the class of the brightest colour is the likely one."""

    def __init__(self, tap=None):
        super().__init__()
        self.name, self.num_features, self.tap = f"colour{tap or ''}", 3, tap

    def forward(self, images):
        colours = images.float().mean((2, 3))
        if self.tap is None:
            return colours
        return torch.nn.functional.pad(nn.functional.one_hot(colours.argmax(1), 3) * 20.0, (0, 1005))


@pytest.fixture(autouse=True)
def colour_network(monkeypatch):
    def network(name, weights=None, *, sha256=None, tap=None, device="auto", report=None):
        return MeanColour(tap)

    monkeypatch.setattr(image_evaluation, "feature_network", network)


def picture(seed, size=SIZE):
    rng = np.random.default_rng(seed)
    return (rng.integers(20, 200, 3) + rng.integers(0, 30, (*size, 3))).astype(np.uint8)


def fill(root, pictures):
    for name, image in pictures.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        assert cv2.imwrite(str(root / name), np.asarray(image)[..., ::-1] if np.ndim(image) == 3 else image)
    return root


@pytest.fixture
def real(tmp_path):
    return fill(tmp_path / "real", {f"{number}.png": picture(number) for number in range(20)})


@pytest.fixture
def brighter(tmp_path):
    return fill(tmp_path / "brighter", {f"{number}.png": picture(number) + 10 for number in range(20)})


@pytest.fixture
def masks(tmp_path):
    mask = np.zeros(SIZE, np.uint8)
    mask[4:12, 3:9] = 255
    return fill(tmp_path / "masks", {f"{number}.png": mask for number in range(20)})


def test_a_folder_and_itself(real, masks):
    row = evaluate_images(real, real, metrics=("fid", *PAIR_METRICS), masks=masks)
    metrics = row["metrics"]
    assert metrics["fid (colour)"] == pytest.approx(0, abs=1e-6)
    for name in ("ssim (pg2)", "ssim (deform)", "mask-ssim (pg2)", "mask-ssim (deform)"):
        assert metrics[name] == pytest.approx(1)
    assert metrics["l1 ([-1, 1])"] == metrics["deep_distance (colour)"] == 0
    assert row["counts"] == {"real": 20, "fake": 20, "pairs": 20, "unpaired": 0}
    assert row["size"] == list(SIZE)


def test_ten_grey_levels_brighter(real, brighter):
    """Equal covariances, so FID is the squared distance of the means, 3 x 10^2; L1 is 10 of 127.5 levels."""
    metrics = evaluate_images(real, brighter, metrics=("fid", "l1"))["metrics"]
    assert metrics == {
        "fid (colour)": pytest.approx(300, rel=1e-5),
        "l1 ([-1, 1])": pytest.approx(10 / 127.5, abs=1e-6),
    }


def test_batches_change_nothing_and_are_all_that_is_read_at_once(real, brighter, masks, monkeypatch):
    sizes, read = [], PictureReader.images

    def counted(self, files):
        sizes.append(len(files))
        return read(self, files)

    monkeypatch.setattr(PictureReader, "images", counted)
    metrics = ("fid", "is", "mask-is", *PAIR_METRICS)
    given = {"metrics": metrics, "masks": masks, "features": "inception"}
    small = evaluate_images(real, brighter, **given, batch_size=3)
    assert max(sizes) == 3
    large = evaluate_images(real, brighter, **given, batch_size=64)
    assert small["metrics"] == pytest.approx(large["metrics"], abs=1e-6)


def test_masks_leave_the_person_alone(real, masks, tmp_path):
    """Fakes that differ beside the person only are perfect under the mask, and mask-is sees the persons."""
    outside = {}
    for number in range(20):
        outside[f"{number}.png"] = picture(number)
        outside[f"{number}.png"][:3] = (0, 0, 255)
    row = evaluate_images(real, fill(tmp_path / "fake", outside), metrics=("ssim-pg2", "mask-ssim-pg2"), masks=masks)
    assert row["metrics"]["ssim (pg2)"] < 0.9
    assert row["metrics"]["mask-ssim (pg2)"] == 1
    persons = {f"{number}.png": np.zeros((*SIZE, 3), np.uint8) for number in range(20)}
    for number in range(20):
        persons[f"{number}.png"][4:12, 3:9, number % 2] = 20
        persons[f"{number}.png"][0, :, 2] = 255  # the brightest colour of all, and beside the person
    fake = fill(tmp_path / "persons", persons)
    scores = evaluate_images(real, fake, metrics=("is", "mask-is"), masks=masks, features="inception")["metrics"]
    assert scores["is (colourlogits, 10 splits)"] == pytest.approx(1)
    assert 1.2 < scores["mask-is (colourlogits, 10 splits)"] <= 2


def test_diversity_of_the_fakes_of_an_identity(real, tmp_path):
    alike = {f"{pid}/{copy}.png": picture(pid) for pid in range(3) for copy in range(2)}
    row = evaluate_images(real, fill(tmp_path / "alike", alike | {"9/0.png": picture(9)}), metrics=("dssim-lab",))
    assert row["metrics"] == {"dssim (lab, DG-Net)": 0, "dssim half range (lab, DG-Net)": 0}
    assert row["counts"]["identity_pairs"] == 3 * 10 * 5
    assert row["notes"] == ["1 fake images are the only ones of their identity and are not in dssim-lab"]
    other = {f"{pid}/{copy}.png": picture(10 * pid + copy) for pid in range(3) for copy in range(3)}
    row = evaluate_images(real, fill(tmp_path / "other", other), metrics=("dssim-lab",))
    assert 0.1 < row["metrics"]["dssim (lab, DG-Net)"] < 1


def test_one_folder_alone_is_compared_in_halves(real):
    row = evaluate_images(real)
    assert (row["real"], row["fake"]) == ("real, first half", "real, second half")
    assert row["counts"] == {"real": 10, "fake": 10}
    assert row["metrics"]["fid (colour)"] > 0
    assert evaluate_images(real)["metrics"] == row["metrics"]
    assert evaluate_images(real, seed=1)["metrics"] != row["metrics"]


def test_a_count_that_a_side_does_not_have_is_told(real, brighter):
    (note,) = [note for note in evaluate_images(real, brighter, count=100)["notes"] if note.startswith("count")]
    assert note == "count is 100, and there are 20 real and 20 fake images: fid grows as sets shrink"


def test_a_count_draws_images_of_each_set_and_pairs(real, brighter):
    row = evaluate_images(real, brighter, metrics=("fid", "l1"), count=7)
    assert row["counts"] == {"real": 7, "fake": 7, "pairs": 7, "unpaired": 0}
    assert row["metrics"]["l1 ([-1, 1])"] == pytest.approx(10 / 127.5, abs=1e-6)


def test_sizes_differ_unless_resized(real, masks, tmp_path):
    large = {f"{number}.png": cv2.resize(picture(number), None, fx=2, fy=2) for number in range(20)}
    fake = fill(tmp_path / "large", large)
    with pytest.raises(UserError, match=r"real have 16 x 12 pixels and those of large 32 x 24: bring .* --resize H W"):
        evaluate_images(real, fake)
    row = evaluate_images(real, fake, metrics=("mask-ssim-pg2",), masks=masks, resize=(24, 20))
    assert row["size"] == [24, 20]
    assert row["resized"]
    assert row["metrics"]["mask-ssim (pg2)"] > 0.8


def test_fewer_images_than_features_and_a_foreign_network_are_noted(real, monkeypatch):
    notes = evaluate_images(real, real, count=2)["notes"]
    assert "our own embedding 'studio', not on Inception-v3" in notes[0]
    assert "2 real images and 2 fake images with 3 features each" in notes[1]
    assert evaluate_images(real, real, features="inception")["notes"] == []


def test_a_row_names_the_generator_and_no_folder_of_the_machine(real, tmp_path):
    fake = fill(tmp_path / "drawn", {"0_fake.png": picture(0)})
    header = {"source": "toy", "method": "CycleGAN", "direction": "s2t", "config": "configs/x/y.py", "quality": 95}
    write_manifest(fake, [GeneratedImage("0_fake.png", 1, 0, 1, "0.jpg")], header)
    row = evaluate_images(real, fake, metrics=("l1",))
    assert row["generator"] == {"method": "CycleGAN", "config": "configs/x/y.py", "direction": "s2t"}
    assert row["fake"] == "toy, translated s2t by CycleGAN"
    assert row["metrics"] == {"l1 ([-1, 1])": 0}
    assert {"commit", "machine", "versions", "seconds"} <= set(row)
    assert str(tmp_path) not in json.dumps(row)


def test_the_tool_prints_a_table_and_writes_the_row(real, brighter, tmp_path, monkeypatch, capsys):
    monkeypatch.syspath_prepend("tools")
    import evaluate_images as tool

    out = tmp_path / "row.json"
    arguments = [real, brighter, "--metrics", "fid,l1", "--resize", 8, 8, "--out", out]
    monkeypatch.setattr(sys, "argv", ["evaluate_images.py", *map(str, arguments)])
    tool.main()
    shown = capsys.readouterr().out
    assert "real: real, 20 images" in shown
    assert "8 x 8 pixels, resized" in shown
    assert "| fid (colour) | 300" in shown
    assert json.loads(out.read_text())["kind"] == "images"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"metrics": ("fid", "ssim_pg2")}, "no metric 'ssim_pg2', did you mean 'ssim-pg2'"),
        ({"metrics": ()}, "name at least one metric, known: fid, is"),
        ({"metrics": ("is",)}, "'is' is defined on the classes of Inception-v3 alone, and features is 'studio'"),
        ({"metrics": ("lpips",)}, "LPIPS needs AlexNet's weights"),
        ({"metrics": ("mask-ssim-pg2",)}, "mask-ssim-pg2 looks at the persons alone: name .* --masks DIR"),
        ({"metrics": ("dssim-lab",)}, "dssim-lab compares images of one identity, and brighter has none"),
        ({"fake": None, "metrics": ("l1",)}, "no image of real, second half has a partner in real, first half"),
        ({"resize": (0, 5)}, "resize is height and width in pixels, at least 1, got 0 x 5"),
        ({"batch_size": 0}, "batch_size is the number of images a step, at least 1, got 0"),
        ({"count": 0}, "at least 1, got 0"),
    ],
)
def test_refused_arguments(real, brighter, changes, said):
    with pytest.raises(UserError, match=said):
        evaluate_images(**{"real": real, "fake": brighter} | changes)


def test_refused_pictures(real, tmp_path):
    mixed = fill(tmp_path / "mixed", {"0.png": picture(0), "1.png": picture(1, (8, 8))})
    broken = fill(tmp_path / "broken", {"0.png": picture(0), "1.png": picture(1)})
    (broken / "1.png").write_bytes(b"no image")
    with pytest.raises(UserError, match=r"1\.png' has 8 x 8 pixels and the images before it 16 x 12.*--resize H W"):
        evaluate_images(real, mixed)
    with pytest.raises(UserError, match=r"1\.png' is not an image that can be decoded"):
        evaluate_images(real, broken)


def test_refused_masks(real, masks, tmp_path):
    def judge(folder):
        evaluate_images(real, real, metrics=("mask-ssim-pg2",), masks=folder)

    grey, small = np.full(SIZE, 7, np.uint8), np.zeros((8, 8), np.uint8)
    for name, mask, said in (
        ("grey", grey, r"a mask is a picture of 255 .person. and 0 .rest., '.*3\.png' is none"),
        ("small", small, r"the mask '.*3\.png' has 8 x 8 pixels and its image 16 x 12"),
    ):
        folder = fill(tmp_path / name, {f"{number}.png": np.zeros(SIZE, np.uint8) for number in range(20)})
        with pytest.raises(UserError, match=said):
            judge(fill(folder, {"3.png": mask}))
    (masks / "4.png").unlink()
    with pytest.raises(UserError, match=r"1 of 20 images have no mask, first '.*4\.png'"):
        judge(masks)
    with pytest.raises(UserError, match=r"a folder of masks '.*absent', which does not exist"):
        judge(tmp_path / "absent")
