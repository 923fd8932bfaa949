"""SynthPed: the layout on disk, determinism, and that keypoints, masks and attributes say what the pictures show."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from reidzoo.base.errors import UserError
from reidzoo.base.pose_masks import pose_mask
from reidzoo.base.skeletons import JOINT_INDEX
from reidzoo.data.datasets import PosePairs
from reidzoo.data.draw import Draw
from reidzoo.data.synthped import benchmark
from reidzoo.data.synthped.benchmark import RENDERER_VERSION, make_synthped
from reidzoo.data.synthped.body import POINT, View, pose, project, sample_gait, turned
from reidzoo.data.synthped.camera import sample_camera
from reidzoo.data.synthped.domain import DOMAINS, find_domain
from reidzoo.data.synthped.garments import dress, seen_columns
from reidzoo.data.synthped.identity import (
    LOWER_COLOURS,
    UPPER_COLOURS,
    Build,
    attributes,
    pick,
    sample_identity,
)
from reidzoo.data.synthped.paint import Canvas, Label, capsule
from reidzoo.data.synthped.planning import SIZES, World, plan, split_identities
from reidzoo.data.synthped.scene import STAGES
from reidzoo.data.synthped.sheet import contact_sheet

NAME = re.compile(r"^(-1|\d{4})_c([1-6])s(\d)_(\d{6})_(\d{2})\.jpg$")
FOLDERS = ("bounding_box_train", "query", "bounding_box_test")
GOLDEN_VERSIONS = ("5.0.0", "2.4.6")
"""The opencv and numpy that GOLDEN holds for; others may round a pixel or encode a JPEG differently."""
GOLDEN = "b40a50551202fba9423fe92e9a117b657276dd53238015b2845365194c23650a"


@pytest.fixture(scope="module")
def tiny(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("synthped") / "day"
    make_synthped(root, "day", "tiny", workers=1, progress=False)
    return root


def digest(root: Path) -> str:
    """One hash over all names and bytes."""
    total = hashlib.sha256()
    for path in sorted(path for path in root.rglob("*") if path.is_file()):
        total.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return total.hexdigest()


def names(root: Path, folder: str) -> list[str]:
    return sorted(path.name for path in (root / folder).iterdir())


def annotations(root: Path, file: str) -> dict[str, np.ndarray]:
    head, *rows = (root / file).read_text().splitlines()
    assert head == "name:keypoints_y:keypoints_x"
    fields = [row.split(":") for row in rows]
    return {name: np.array([json.loads(y), json.loads(x)]).T for name, y, x in fields}


# The layout.


def test_pictures_masks_and_names_are_those_of_market1501(tiny):
    for folder in FOLDERS:
        assert names(tiny, folder)
        stems = [name.removesuffix(".jpg") for name in names(tiny, folder)]
        assert [f"{stem}.png" for stem in stems] == names(tiny, f"masks/{folder}")
        for name in names(tiny, folder):
            assert NAME.match(name), name
    picture = cv2.imread(str(tiny / "query" / names(tiny, "query")[0]))
    mask = cv2.imread(str(next((tiny / "masks" / "query").iterdir())), cv2.IMREAD_UNCHANGED)
    assert picture.shape == (128, 64, 3)
    assert mask.shape == (128, 64)
    assert set(np.unique(mask)) == {0, 255}


def test_splits_are_disjoint_and_junk_and_distractors_are_in_the_gallery_only(tiny):
    pids = {folder: {int(NAME.match(name)[1]) for name in names(tiny, folder)} for folder in FOLDERS}
    assert min(pids["bounding_box_train"]) > 0
    assert min(pids["query"]) > 0
    assert {-1, 0} <= pids["bounding_box_test"]
    assert pids["query"] == pids["bounding_box_test"] - {-1, 0}
    assert not pids["bounding_box_train"] & pids["query"]
    assert len(pids["bounding_box_train"]) == SIZES["tiny"].train_ids


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("domain", DOMAINS)
def test_one_query_per_identity_and_camera_each_with_a_match_elsewhere(domain, size):
    orders = plan(World(0, domain, size))
    gallery = defaultdict(set)
    for order in orders:
        if order.folder == "bounding_box_test":
            gallery[order.pid].add(order.camid)
    queries = [(order.pid, order.camid) for order in orders if order.folder == "query"]
    assert len(queries) == len(set(queries))
    assert all(gallery[pid] - {camid} for pid, camid in queries)
    assert len({order.name for order in orders}) == len(orders)
    assert all(NAME.match(order.name) for order in orders)


def test_sizes_are_as_announced():
    orders = plan(World(0, "day", "default"))
    train = sum(order.folder == "bounding_box_train" for order in orders)
    assert 2700 < train < 3300
    assert 2700 < len(orders) - train < 3300
    assert sum(map(len, split_identities(World(0, "studio", "large")))) == 1500


def test_meta_counts_what_is_there(tiny):
    meta = json.loads((tiny / "meta.json").read_text())
    wanted = {"renderer_version": RENDERER_VERSION, "seed": 0, "domain": "day", "size": "tiny"}
    assert {key: meta[key] for key in wanted} == wanted
    for folder in FOLDERS:
        found, counted = names(tiny, folder), meta["counts"][folder]
        assert counted["images"] == len(found) == sum(counted["images_per_camera"].values())
        assert counted["identities"] == len({name[:4] for name in found if name[:2] != "-1"} - {"0000"})
        assert counted["junk"] == sum(name.startswith("-1") for name in found)
        assert counted["distractors"] == sum(name.startswith("0000") for name in found)


# The same for the same seed.


def test_golden_hash_of_tiny(tiny):
    if (cv2.__version__, np.__version__) != GOLDEN_VERSIONS:
        pytest.skip(f"the hash holds for opencv and numpy {GOLDEN_VERSIONS}")
    assert digest(tiny) == GOLDEN, "the renderer draws differently: raise RENDERER_VERSION and renew the hash"


def test_number_of_workers_changes_nothing(tiny, tmp_path):
    make_synthped(tmp_path / "two", "day", "tiny", workers=2, progress=False)
    assert digest(tmp_path / "two") == digest(tiny)


def test_seed_and_domain_change_everything():
    people = {
        (seed, domain): sample_identity(World(seed, domain, "tiny").random(2, 1), find_domain(domain))
        for seed in (0, 1)
        for domain in DOMAINS
    }
    assert len({person.grain for person in people.values()}) == len(people)


def test_a_finished_equal_render_is_reused(tiny):
    before = (tiny / "meta.json").stat().st_mtime_ns
    assert make_synthped(tiny, "day", "tiny", progress=False)["reused"]
    assert (tiny / "meta.json").stat().st_mtime_ns == before


@pytest.mark.parametrize("content", ["", "[]", '{"renderer_version": "0", "seed": 0, "domain": "day", "size": "tiny"}'])
def test_another_folder_is_left_alone(tmp_path, content):
    (tmp_path / "meta.json").write_text(content)
    with pytest.raises(UserError, match="choose another"):
        make_synthped(tmp_path, "day", "tiny", progress=False)
    assert (tmp_path / "meta.json").read_text() == content


def test_a_broken_run_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(cv2, "imencode", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        make_synthped(tmp_path / "day", "day", "tiny", workers=1, progress=False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"domain": "dsuk"}, "no domain 'dsuk', did you mean 'dusk'"),
        ({"size": "defualt"}, "no size 'defualt', did you mean 'default'"),
        ({"seed": -1}, "0 or more, got -1"),
        ({"workers": 0}, "at least 1 worker, got 0"),
    ],
)
def test_mistakes_are_told_in_a_sentence(tmp_path, arguments, sentence):
    with pytest.raises(UserError, match=sentence):
        make_synthped(**{"out": tmp_path / "x", "domain": "day", "size": "tiny", **arguments})


# Pictures and what is said about them.


def test_keypoints_lie_in_the_picture_and_on_the_person(tiny):
    points = annotations(tiny, "keypoints-train.csv")
    assert sorted(points) == names(tiny, "bounding_box_train")
    on_person = []
    for name, found in points.items():
        assert found.shape == (18, 2)
        seen = found[found[:, 0] >= 0]
        assert ((found[:, 0] < 0) == (found[:, 1] < 0)).all()
        assert (seen < (128, 64)).all()
        mask = cv2.imread(str(tiny / "masks/bounding_box_train" / name.replace(".jpg", ".png")), cv2.IMREAD_UNCHANGED)
        around = cv2.dilate(mask, np.ones((5, 5), np.uint8))  # ears and shoulders lie on the rim
        on_person.extend(around[seen[:, 0], seen[:, 1]] > 0)
    assert np.mean(on_person) > 0.99


@pytest.mark.parametrize(("split", "file"), [("train", "keypoints-train.csv"), ("test", "keypoints-test.csv")])
def test_keypoints_make_pairs_and_masks_that_lie_on_the_person(tiny, split, file):
    transforms = [{"type": "LoadMask"}, {"type": "RandomFlip"}, {"type": "PadCrop"}]
    pairs = PosePairs({"type": "SynthPed", "root": str(tiny), "split": split, "transforms": transforms}, file)
    items = [pairs[Draw(index)] for index in range(0, len(pairs), 4)]
    points, masks = (torch.stack([item[f"target_{key}"] for item in items]) for key in ("points", "masks"))
    for recipe in ("pg2", "deform"):
        person, drawn = masks > 0, pose_mask(points, (128, 64), recipe) > 0
        assert (drawn & person).sum() > 0.85 * drawn.sum()
        assert (drawn & person).sum() > 0.6 * (drawn | person).sum()


def test_test_keypoints_cover_query_and_gallery(tiny):
    points = annotations(tiny, "keypoints-test.csv")
    assert sorted(points) == sorted(names(tiny, "query") + names(tiny, "bounding_box_test"))


def test_some_points_are_hidden_and_most_are_seen(tiny):
    points = np.stack(list(annotations(tiny, "keypoints-train.csv").values()))
    missing = (points[:, :, 0] < 0).mean(axis=0)
    assert missing[JOINT_INDEX["nose"]] > 0.2  # people seen from behind
    assert missing[[1, 2, 5, 8, 11]].mean() < 0.25


def test_every_test_and_train_identity_has_attributes(tiny):
    labels = json.loads((tiny / "attributes.json").read_text())
    for split, folder in (("train", "bounding_box_train"), ("test", "query")):
        assert sorted(labels[split]) == sorted({name[:4] for name in names(tiny, folder)})
        for person in labels[split].values():
            assert sum(person[f"up{colour}"] for colour in UPPER_COLOURS) == 1
            assert sum(person[f"down{colour}"] for colour in LOWER_COLOURS) <= 1
            assert not {"gender", "age"} & set(person)


def test_attributes_follow_the_clothes():
    person = sample_identity(np.random.default_rng(0), find_domain("day"))
    shorts = replace(person, lower=replace(person.lower, kind="shorts"), upper=replace(person.upper, kind="tshirt"))
    assert (attributes(shorts)["up"], attributes(shorts)["down"], attributes(shorts)["clothes"]) == (1, 1, 1)
    gown = replace(shorts, upper=replace(person.upper, kind="dress", colour_name="red"), bag="handbag", hat="cap")
    labels = attributes(gown)
    assert (labels["clothes"], labels["down"], labels["hat"], labels["handbag"], labels["bag"]) == (0, 1, 1, 1, 0)
    assert labels["upred"] == 1
    winter = attributes(replace(person, upper=replace(person.upper, kind="coat"), hat="none"))
    assert (winter["up"], winter["hat"]) == (0, 0)


# Geometry.


def standing(yaw: float) -> tuple[np.ndarray, np.ndarray]:
    gait = replace(sample_gait(np.random.default_rng(0)), stride=0.0, arm_swing=0.0, elbows=(0.1, 0.1), head_turn=0.0)
    points = turned(pose(Build(1, 1, 1, 1), gait), View(yaw, 0.0, 5.0))
    return points, project(points, View(yaw, 0.0, 5.0))[0]


def test_facing_the_camera_the_left_shoulder_is_on_the_right():
    points, picture = standing(0.0)
    left, right = POINT["left_shoulder"], POINT["right_shoulder"]
    assert picture[left, 0] > picture[right, 0]
    assert points[POINT["nose"], 2] > points[POINT["head"], 2]
    assert picture[POINT["head"], 1] < picture[POINT["left_ankle"], 1]


def test_in_profile_shoulders_are_foreshortened_and_the_nose_leads():
    frontal, profile = standing(0.0)[1], standing(np.pi / 2)[1]
    ends = [POINT["left_shoulder"], POINT["right_shoulder"]]
    assert np.ptp(profile[ends, 0]) < 0.2 * np.ptp(frontal[ends, 0])
    assert profile[POINT["nose"], 0] > profile[POINT["head"], 0]


def test_textures_turn_with_the_body():
    texture = np.zeros((1, 8, 3), np.float32)
    texture[0, 0] = 1  # the front
    assert seen_columns(texture, 0.0, 65)[0, 32, 0] == 1
    assert seen_columns(texture, np.pi, 65).max() == 0
    assert seen_columns(texture, np.pi / 2, 65)[0, -1, 0] == 1  # turned to the image's right


def test_clothes_of_an_identity_are_always_the_same():
    person = sample_identity(np.random.default_rng(5), find_domain("dusk"))
    np.testing.assert_array_equal(dress(person).torso, dress(person).torso)
    assert np.abs(dress(person).torso - dress(replace(person, grain=person.grain + 1)).torso).max() > 0


def test_painting_covers_the_outline_and_labels_it():
    canvas = Canvas.over(np.zeros((60, 40, 3), np.uint8))
    outline, quad = capsule(np.array([20.0, 15]), np.array([20.0, 45]), 6, 6)
    canvas.paint(outline, np.full((4, 4, 3), 200, np.uint8), quad, Label.TORSO)
    assert (canvas.image[20:40, 16:24] == 200).all()
    assert (canvas.labels[20:40, 16:24] == Label.TORSO).all()
    assert canvas.image[:5].max() == 0
    canvas.paint(outline + 1000, np.full((4, 4, 3), 90, np.uint8), quad, Label.BAG)  # outside: nothing happens
    assert not (canvas.labels == Label.BAG).any()


# Distributions.


def test_weights_and_their_concentration():
    rng = np.random.default_rng(0)
    weights = {"a": 3.0, "b": 1.0}
    assert 0.7 < np.mean([pick(rng, weights) == "a" for _ in range(2000)]) < 0.8
    assert 0.45 < np.mean([pick(rng, weights, 0.0) == "a" for _ in range(2000)]) < 0.55
    assert np.mean([pick(rng, weights, 8.0) == "a" for _ in range(200)]) > 0.98


@pytest.mark.parametrize("name", DOMAINS)
def test_cameras_stay_in_their_domain(name):
    domain = find_domain(name)
    for camid in range(6):
        camera = sample_camera(np.random.default_rng(camid), domain, camid)
        assert domain.pitch[0] <= np.rad2deg(camera.pitch) <= domain.pitch[1]
        assert np.isclose(camera.view_shares.sum(), 1)
        assert camera.scene in STAGES
        gain = camera.matrix / np.array(domain.tint)[:, None]
        assert np.isclose(np.linalg.norm(gain - np.eye(3)), domain.colour_spread, atol=1e-5)


def test_day_and_dusk_share_no_scene():
    assert not set(DOMAINS["day"].scenes) & set(DOMAINS["dusk"].scenes)
    assert len(set(DOMAINS["day"].scenes)) == len(set(DOMAINS["dusk"].scenes)) == 6


# What people type.


def test_contact_sheet_has_a_row_a_person(tiny, tmp_path):
    contact_sheet(tiny, tmp_path / "sheet.png", rows=3, columns=4)
    assert cv2.imread(str(tmp_path / "sheet.png")).shape == (3 * 132 + 4, 4 * 68 + 4, 3)
    with pytest.raises(UserError, match="without images"):
        contact_sheet(tmp_path, tmp_path / "none.png")


def test_the_tool_renders_and_reports_reuse(tiny, request):
    command = [sys.executable, "tools/make_synthped.py", "--out", str(tiny), "--domain", "day", "--size", "tiny"]
    environment = {"PYTHONPATH": str(request.config.rootpath), "PATH": "", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0
    assert "nothing to do" in done.stdout
    done = subprocess.run([*command, "--seed", "3"], capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")


def test_two_renders_at_once_end_in_one(tmp_path, monkeypatch):
    out = tmp_path / "day"
    make_synthped(out, "day", "tiny", workers=1, progress=False)
    monkeypatch.setattr(benchmark, "_finished", _first_none(benchmark._finished))
    assert make_synthped(out, "day", "tiny", workers=1, progress=False)["reused"]
    assert [path.name for path in tmp_path.iterdir()] == ["day"]  # no draft is left


def _first_none(real):
    """What a process sees that started before the other one had finished."""
    calls = []

    def finished(*arguments):
        calls.append(arguments)
        return None if len(calls) == 1 else real(*arguments)

    return finished
