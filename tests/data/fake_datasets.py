"""Tiny folders in the layout of each data set, written by the tests that read them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import cv2
import h5py
import numpy as np
from scipy.io import savemat

from reidzoo.data.datasets.generated_folder import GeneratedImage
from reidzoo.data.datasets.manifest import write_manifest
from reidzoo.data.datasets.sampled_folder import SampledImage

HEIGHT, WIDTH = 16, 8


def picture(name: str) -> np.ndarray:
    """Another H x W x 3 uint8 picture for each name."""
    return np.random.default_rng(list(name.encode())).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)


def write_image(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), picture(f"{path.parent.name}/{path.name}"))
    return path


def write_images(folder: Path, names: Iterable[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        write_image(folder / name)


def market_name(pid: int, camera: int, number: int = 0) -> str:
    return f"{pid:04d}_c{camera}s1_{number:06d}_01.jpg" if pid >= 0 else f"-1_c{camera}s1_{number:06d}_01.jpg"


def market(root: Path) -> Path:
    """Training persons 2, 7, 11 in cameras 1 and 6; test persons 3, 5, two junk images and one distractor."""
    persons = [market_name(pid, camera, number) for pid in (11, 2, 7) for camera in (6, 1) for number in (2, 1)]
    write_images(root / "bounding_box_train", persons)
    write_images(root / "query", [market_name(pid, camera, 1) for pid in (5, 3) for camera in (1, 2)])
    gallery = [market_name(pid, camera, 2) for pid in (5, 3) for camera in (2, 1)]
    write_images(root / "bounding_box_test", [*gallery, market_name(-1, 1), market_name(-1, 2), market_name(0, 3)])
    (root / "bounding_box_train" / "Thumbs.db").write_bytes(b"no image")
    return root


def duke(root: Path) -> Path:
    for part, pids in (("bounding_box_train", (1, 2)), ("query", (3, 4)), ("bounding_box_test", (3, 4, 9))):
        number = len(part)
        write_images(root / part, [f"{pid:04d}_c{camera}_f{number:07d}.jpg" for pid in pids for camera in (1, 8)])
    return root


def cuhk03_repacked(root: Path) -> Path:
    for boxes in ("detected", "labeled"):
        for part, pids in (("bounding_box_train", (1, 2)), ("query", (3, 4)), ("bounding_box_test", (3, 4))):
            number = {"bounding_box_train": 1, "query": 2, "bounding_box_test": 3}[part]
            names = [f"{pid:04d}_c{camera}_{number}.png" for pid in pids for camera in (1, 2)]
            write_images(root / boxes / part, names)
    return root


def cuhk03_mat(root: Path) -> Path:
    """Two pairs of cameras with two persons each: persons 1, 2 train, 3, 4 test; the last has an empty cell."""
    root.mkdir(parents=True, exist_ok=True)
    names, pids, cameras = [], [], []
    with h5py.File(root / "cuhk-03.mat", "w") as file:
        for boxes in ("detected", "labeled"):
            pairs = np.empty((1, 2), dtype=h5py.ref_dtype)
            for pair in range(2):
                cell = np.empty((10, 2), dtype=h5py.ref_dtype)
                for person in range(2):
                    for number in range(10):
                        name = f"{pair + 1}_{person + 1:03d}_{1 if number < 5 else 2}_{number + 1:02d}.png"
                        empty = (pair, person, number) == (1, 1, 9)
                        image = np.zeros(2, np.uint64) if empty else picture(name)[:, :, ::-1].T
                        cell[number, person] = file.create_dataset(f"{boxes}-{name}", data=image).ref
                        if boxes == "detected" and not empty:
                            names.append(name)
                            pids.append(2 * pair + person + 1)
                            cameras.append(1 if number < 5 else 2)
                pairs[0, pair] = file.create_dataset(f"{boxes}-pair-{pair}", data=cell).ref
            file.create_dataset(boxes, data=pairs)
    rows = range(len(names))
    train = [row for row in rows if pids[row] < 3]
    query = [row for row in rows if pids[row] > 2 and names[row].endswith(("_01.png", "_06.png"))]
    gallery = [row for row in rows if pids[row] > 2 and row not in query]
    config = {"labels": np.array(pids, np.uint16)[:, None], "camId": np.array(cameras, np.uint8)[:, None]}
    config["filelist"] = np.array(names, dtype=object)[:, None]
    for part, index in (("train", train), ("query", query), ("gallery", gallery)):
        config[f"{part}_idx"] = (np.array(index, np.uint16) + 1)[:, None]
    for boxes in ("detected", "labeled"):
        savemat(root / f"cuhk03_new_protocol_config_{boxes}.mat", config)
    return root


def msmt17_name(pid: int, camera: int, number: int) -> str:
    return f"{pid:04d}/{pid:04d}_{number:03d}_{camera:02d}_0303morning_{number:04d}_0.jpg"


def msmt17(root: Path, version: str = "V1") -> Path:
    """Training persons 0 and 1 (val: an image more of 1), test persons 0 and 1 of its own numbering."""
    folders = {"V1": ("train", "test"), "V2": ("mask_train_v2", "mask_test_v2")}[version]
    lists = {
        "list_train.txt": (folders[0], [(0, 1, 0), (0, 15, 1), (1, 2, 0), (1, 3, 1)]),
        "list_val.txt": (folders[0], [(1, 4, 2)]),
        "list_query.txt": (folders[1], [(0, 1, 0), (1, 2, 0)]),
        "list_gallery.txt": (folders[1], [(0, 2, 1), (1, 15, 1)]),
    }
    for file, (folder, rows) in lists.items():
        for row in rows:
            write_image(root / folder / msmt17_name(*row))
        (root / file).write_text("".join(f"{msmt17_name(*row)} {row[0]}\n" for row in rows))
    return root


#: pattern of :func:`own`
OWN = r"(?P<pid>[a-z]+)_cam(?P<camid>\d+)_\d+\.jpg"


def own(root: Path) -> Path:
    """Persons with names, cameras 2 and 10."""
    names = {"train": ("zoe", "anna"), "query": ("ben", "carl"), "gallery": ("carl", "ben", "dora")}
    for number, (part, persons) in enumerate(names.items()):
        write_images(root / part, [f"{pid}_cam{camera}_{number}.jpg" for pid in persons for camera in (10, 2)])
    return root


def own_sub_folders(root: Path) -> Path:
    for part, persons in (("train", ("zoe", "anna")), ("gallery", ("ben", "carl"))):
        for pid in persons:
            write_images(root / part / pid, ["1.jpg", "2.png", "3.JPG"])
    return root


def synthped(root: Path) -> Path:
    market(root)
    counts = {"bounding_box_train": (12, 3), "query": (4, 2), "bounding_box_test": (7, 2)}
    meta = {
        "renderer_version": "1.0",
        "domain": "day",
        "size": "tiny",
        "seed": 3,
        "counts": {folder: {"images": images, "identities": pids} for folder, (images, pids) in counts.items()},
    }
    (root / "meta.json").write_text(json.dumps(meta))
    return root


def generated(root: Path) -> Path:
    entries = []
    for pid in (7, 2):
        for style in (0, 1):
            write_image(root / "images" / f"{pid}_to_{style}.png")
            source = market_name(pid, 2 - style)
            entries.append(GeneratedImage(f"images/{pid}_to_{style}.png", pid, 1 - style, style, source))
    write_manifest(root, entries, {"method": "CycleGAN", "seed": 0})
    return root


def sampled(root: Path, count: int = 5) -> Path:
    """Images drawn from noise; no data set of persons, so it is not among :data:`FOLDERS`."""
    files = [f"{number:06d}.jpg" for number in range(count)]
    write_images(root, files)
    header = {"kind": "samples", "method": "DCGAN", "source": "Market1501 train", "count": count}
    write_manifest(root, [SampledImage(file) for file in files], header)
    return root


#: for each reader: how its folder is made, and the arguments that read it
FOLDERS = {
    "Market1501": (market, {}),
    "DukeMTMCreID": (duke, {}),
    "CUHK03NP": (cuhk03_repacked, {"boxes": "labeled"}),
    "MSMT17": (msmt17, {"with_val": True}),
    "ImageFolder": (own, {"pattern": OWN}),
    "SynthPed": (synthped, {}),
    "GeneratedFolder": (generated, {}),
}


def numbers(dataset) -> list[tuple[int, int, bool]]:
    """Person, camera and whether it is a query, of each image."""
    return [(record.pid, record.camid, record.is_query) for record in dataset.records]
