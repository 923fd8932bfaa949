"""Pairs of images of one person: who meets whom, with which points, and files of poses that do not fit."""

from collections import Counter

import cv2
import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader
from toy_market import write_toy_market

from reidzoo.base.errors import UserError
from reidzoo.base.skeletons import JOINT_INDEX, MISSING
from reidzoo.data.datasets import PosePairs
from reidzoo.data.draw import Draw
from reidzoo.data.poses.annotations import write_annotations
from reidzoo.data.poses.pairs import write_pairs
from reidzoo.data.samplers import ShuffleSampler

SHAKEN = [{"type": "RandomFlip"}, {"type": "PadCrop", "padding": 3}, {"type": "Resize", "height": 64, "width": 32}]
KEYS = {
    *("source_images", "source_points", "source_pids", "source_camids"),
    *("target_images", "target_points", "target_camids", "indices"),
}


def pose_of(name):
    """Another pose for each name, inside images of 32 x 16 pixels."""
    return np.random.default_rng(list(name.encode())).integers(0, (32, 16), (18, 2))


def poses_of(root, folder="bounding_box_train"):
    return {path.name: pose_of(path.name) for path in sorted((root / folder).iterdir())}


@pytest.fixture
def root(tmp_path):
    """3 training persons with 4 images each, 2 in each of 2 cameras; all points visible."""
    root = write_toy_market(tmp_path / "market", train_pids=3, test_pids=2)
    write_annotations(root / "poses.csv", poses_of(root))
    return root


def pairs_of(root, transforms=(), split="train", **arguments):
    config = {"type": "Market1501", "root": str(root), "split": split, "transforms": list(transforms)}
    return PosePairs(config, **{"annotations": "poses.csv", **arguments})


def epoch_of(dataset, epoch=0, workers=0):
    sampler = ShuffleSampler(dataset, seed=4)
    sampler.set_epoch(epoch)
    batches = list(DataLoader(dataset, batch_size=3, sampler=sampler, num_workers=workers))
    return {key: torch.cat([batch[key] for batch in batches]) for key in batches[0]}


def name_of(points, names):
    """The name of the image to which these unmoved points belong."""
    return next(name for name in names if np.array_equal(pose_of(name), points.numpy()))


@pytest.fixture
def logged(monkeypatch):
    lines = []
    monkeypatch.setattr("reidzoo.data.datasets.pose_pairs.print_log", lambda line, logger: lines.append(line))
    return lines


# --- items


def test_items_are_as_documented(root):
    item = pairs_of(root, SHAKEN)[Draw(5, seed=1)]
    assert set(item) == KEYS
    for key, value in item.items():
        shape, dtype = {"images": ((3, 64, 32), torch.uint8), "points": ((18, 2), torch.float32)}.get(
            key.rpartition("_")[2], ((), torch.int64)
        )
        assert value.shape == shape
        assert value.dtype == dtype
    assert item["indices"] == 5


def test_a_mask_comes_with_the_target_only(root):
    for path in (root / "bounding_box_train").iterdir():
        mask = root / "masks" / "bounding_box_train" / f"{path.stem}.png"
        mask.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(mask), np.full((32, 16), 255, np.uint8))
    item = pairs_of(root, [{"type": "LoadMask"}, *SHAKEN])[0]
    assert set(item) == KEYS | {"target_masks"}
    assert item["target_masks"].shape == (1, 64, 32)


def test_an_epoch_has_each_image_once_and_all_ordered_pairs_come(root):
    dataset = pairs_of(root)
    names = [record.path.name for record in dataset.dataset.records]
    assert len(dataset) == dataset.num_images == 12
    seen = Counter()
    for epoch in range(40):
        items = epoch_of(dataset, epoch)
        sources = [name_of(points, names) for points in items["source_points"]]
        targets = [name_of(points, names) for points in items["target_points"]]
        assert sorted(sources) == names
        seen.update(zip(sources, targets, strict=True))
        for row, name in enumerate(sources):
            record = next(record for record in dataset.dataset.records if record.path.name == name)
            assert items["source_pids"][row] == dataset.dataset.labels[record.pid]
            assert items["source_camids"][row] == record.camid
        assert [f"c{camid + 1}" for camid in items["target_camids"].tolist()] == [name[5:7] for name in targets]
    assert set(seen) == {(one, two) for one in names for two in names if one != two and one[:4] == two[:4]}
    assert min(seen.values()) > 2  # 40 draws of 3: 13 expected


def test_images_are_those_of_their_points(root):
    dataset = pairs_of(root)
    names = [record.path.name for record in dataset.dataset.records]
    item = dataset[Draw(7, seed=3)]
    for side in ("source", "target"):
        row = names.index(name_of(item[f"{side}_points"], names))
        assert torch.equal(dataset.dataset[row]["images"], item[f"{side}_images"])


def test_an_item_follows_from_its_draw_alone(root):
    dataset = pairs_of(root, SHAKEN)
    items = [epoch_of(dataset, workers=workers) for workers in (0, 2)]
    assert all(torch.equal(items[0][key], items[1][key]) for key in items[0])
    other = epoch_of(dataset, epoch=1)
    assert not any(torch.equal(items[0][key], other[key]) for key in ("source_images", "target_points"))


def test_the_target_does_not_depend_on_augmentation(root):
    plain, shaken = pairs_of(root), pairs_of(root, SHAKEN)
    for index in range(12):
        draw = Draw(index, seed=2)
        assert plain[draw]["target_camids"] == shaken[draw]["target_camids"]


def test_images_that_cannot_be_stacked_are_refused(root):
    path = next(iter(sorted((root / "bounding_box_train").iterdir())))
    cv2.imwrite(str(path), np.zeros((64, 32, 3), np.uint8))
    with pytest.raises(UserError, match=r"PosePairs expects source and target images of one size, got 64 x 32 and 32"):
        pairs_of(root)[0]


def test_names_and_numbers_are_those_of_the_data_set(root):
    assert pairs_of(root).metainfo == {"name": "pairs of Market1501 train", "num_pids": 3, "num_cams": 2}
    broken = root / "bounding_box_train" / "0002_c1s1_000000_01.jpg"
    broken.write_bytes(b"no image")
    assert pairs_of(root).undecodable() == [broken]


# --- which images are valid


def test_images_without_torso_are_left_out_and_counted(root, logged):
    poses = poses_of(root)
    names = list(poses)
    for joint, name in zip(
        ("left_hip", "right_hip", "left_shoulder"), names[:3], strict=True
    ):  # leaves one of its four
        poses[name][JOINT_INDEX[joint]] = MISSING
    poses[names[4]][JOINT_INDEX["right_shoulder"]] = MISSING
    poses[names[5]][:2] = MISSING  # no matter
    write_annotations(root / "poses.csv", poses)
    dataset = pairs_of(root)
    records = dataset.dataset.records
    assert [records[row].path.name for row, _ in dataset.items] == names[5:]
    assert names[4] not in {records[row].path.name for _, partners in dataset.items for row in partners}
    assert logged == [
        "PosePairs: 7 of 12 images, without 4 whose shoulders and hips are not all visible, 0 others with fewer than 4 "
        "visible points, 1 without another such image of their person"
    ]


def test_nothing_is_logged_where_nothing_is_left_out(root, logged):
    pairs_of(root)
    assert logged == []


def test_more_visible_points_can_be_asked_for(root, logged):
    poses = poses_of(root)
    poses["0001_c1s1_000000_01.jpg"][JOINT_INDEX["left_ear"]] = MISSING
    write_annotations(root / "poses.csv", poses)
    assert len(pairs_of(root, min_joints=17)) == 12
    assert len(pairs_of(root, min_joints=18)) == 11
    assert "1 others with fewer than 18 visible points" in logged[-1]
    for number in (3, 19):
        with pytest.raises(UserError, match=rf"min_joints lies between 4 \(the torso\) and 18, got {number}"):
            pairs_of(root, min_joints=number)


def test_nobody_is_paired(root):
    names = ["-1_c1s1_000000_01.jpg", "-1_c2s1_000000_01.jpg", "0000_c1s1_000000_01.jpg", "0000_c2s1_000000_01.jpg"]
    for name in names:
        cv2.imwrite(str(root / "bounding_box_test" / name), np.zeros((32, 16, 3), np.uint8))
    write_annotations(root / "poses.csv", poses_of(root, "query") | poses_of(root, "bounding_box_test"))
    dataset = pairs_of(root, split="test")
    assert {dataset.dataset.records[row].pid for row, _ in dataset.items} == {4, 5}
    assert dataset.num_images == len(dataset) + 4 == 12
    persons = {name: pose for name, pose in dataset.poses.items() if name not in names}
    write_annotations(root / "poses.csv", persons)
    assert len(pairs_of(root, split="test")) == 8  # images of nobody need no pose


# --- files that do not fit


def test_a_file_that_misses_images_is_refused(root):
    poses = poses_of(root)
    names = [poses.popitem()[0] for _ in range(4)][::-1]
    write_annotations(root / "poses.csv", poses)
    first = "', '".join(names[:3])
    with pytest.raises(UserError, match=rf"poses\.csv' has no pose of 4 \('{first}', \.\.\.\) of the 12 images: find"):
        pairs_of(root)


def test_a_file_without_any_point_is_refused(root):
    write_annotations(root / "poses.csv", {name: np.full((18, 2), MISSING) for name in poses_of(root)})
    with pytest.raises(
        UserError, match=r"has no visible point in any of the 12 images: the pose estimator found nobody"
    ):
        pairs_of(root)


def test_poses_that_leave_no_pair_are_refused(root):
    poses = poses_of(root)
    for pose in list(poses.values())[1:]:
        pose[8] = MISSING
    write_annotations(root / "poses.csv", poses)
    sentence = r"finds no two images of one person among 12 with poses .*leaves out 11 whose .*, 0 others .*, 1 without"
    with pytest.raises(UserError, match=sentence):
        pairs_of(root)


def test_poses_of_images_of_another_size_are_refused(root):
    write_annotations(root / "poses.csv", {name: 4 * pose + 4 for name, pose in poses_of(root).items()})
    dataset = pairs_of(root)
    with pytest.raises(
        UserError, match=r"1\d of the points of '.*\.jpg' lie outside its 32 x 16 pixels, first .* at y ="
    ):
        dataset[0]


def test_names_that_stand_for_several_images_are_refused(tmp_path):
    for pid in ("ann", "bob"):
        for name in ("1.jpg", "2.jpg"):
            path = tmp_path / "train" / pid / name
            path.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(path), np.zeros((32, 16, 3), np.uint8))
    write_annotations(tmp_path / "poses.csv", {name: pose_of(name) for name in ("1.jpg", "2.jpg")})
    with pytest.raises(
        UserError, match=r"and 2 name\(s\) stand for several images of '.*', first '1\.jpg': rename them"
    ):
        PosePairs({"type": "ImageFolder", "root": str(tmp_path)}, annotations="poses.csv")


def test_something_else_than_one_data_set_is_refused(root):
    one = {"type": "Market1501", "root": str(root)}
    with pytest.raises(UserError, match="PosePairs takes its images from a re-ID data set, got UnpairedImages"):
        PosePairs({"type": "UnpairedImages", "source": one, "target": one}, annotations="poses.csv")


# --- fixed pairs


def test_pairs_of_a_file_come_in_its_order(root):
    names = list(poses_of(root))
    pairs = [(names[3], names[0]), (names[0], names[3]), (names[5], names[4]), (names[3], names[0])]
    write_pairs(root / "pairs.csv", pairs)
    poses = {name: pose for name, pose in poses_of(root).items() if name in {name for pair in pairs for name in pair}}
    write_annotations(root / "poses.csv", poses)  # the others need none
    dataset = pairs_of(root, pairs="pairs.csv")
    assert len(dataset) == 4
    for index, (source, target) in enumerate(pairs):
        item = dataset[Draw(index, seed=index)]
        assert item["indices"] == index
        np.testing.assert_array_equal(item["source_points"], pose_of(source))
        np.testing.assert_array_equal(item["target_points"], pose_of(target))


def test_fixed_pairs_of_foreign_images_are_refused(root):
    write_pairs(root / "pairs.csv", [(next(iter(poses_of(root))), "other.jpg")])
    with pytest.raises(UserError, match=r"names 2 images, of which 1 \('other\.jpg'\) are no images of persons in the"):
        pairs_of(root, pairs="pairs.csv")


def test_fixed_pairs_without_pose_or_torso_are_refused(root):
    poses = poses_of(root)
    one, two, *_ = poses
    write_pairs(root / "pairs.csv", [(one, two)])
    poses[two][11] = MISSING
    write_annotations(root / "poses.csv", poses)
    with pytest.raises(
        UserError, match=rf"pairs\.csv' names 1 \('{two}'\), without 4 visible points, both shoulders and"
    ):
        pairs_of(root, pairs="pairs.csv")
    del poses[two]
    write_annotations(root / "poses.csv", poses)
    with pytest.raises(UserError, match=rf"has no pose of 1 \('{two}'\) of the 2 images"):
        pairs_of(root, pairs="pairs.csv")
