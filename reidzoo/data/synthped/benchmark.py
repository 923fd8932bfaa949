"""The whole benchmark on disk: who is photographed where, in the layout of Market-1501."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections import Counter
from dataclasses import dataclass
from functools import cache, lru_cache
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from reidzoo.base.errors import UserError, nearest
from reidzoo.base.labels import DISTRACTOR_PID, JUNK_PID
from reidzoo.data.poses.annotations import write_annotations
from reidzoo.data.synthped.camera import Camera, sample_camera
from reidzoo.data.synthped.domain import find_domain
from reidzoo.data.synthped.garments import dress
from reidzoo.data.synthped.identity import attributes, sample_identity
from reidzoo.data.synthped.paint import HEIGHT, WIDTH
from reidzoo.data.synthped.planning import (
    CAMERA,
    GALLERY,
    PERSON,
    PICTURE,
    QUERY,
    SCENE,
    SIZES,
    STRANGERS,
    TRAIN,
    Order,
    World,
    plan,
    split_identities,
)
from reidzoo.data.synthped.scene import Scene, draw_scene
from reidzoo.data.synthped.shot import (
    Dressed,
    Picture,
    detector_box,
    fragment_box,
    photograph,
    photograph_nobody,
)

RENDERER_VERSION = "1.0"
"""Changes with every change of a pixel; results on SynthPed are comparable within one version only."""


@cache
def _camera(world: World, camid: int) -> tuple[Camera, Scene]:
    camera = sample_camera(world.random(CAMERA, camid), world.domain, camid)
    scene = draw_scene(camera.scene, camera.pitch, world.domain.scene_saturation, world.random(SCENE, camid))
    return camera, scene


@lru_cache(maxsize=64)
def _dressed(world: World, subject: int) -> Dressed:
    person = sample_identity(world.random(PERSON, subject), world.domain)
    return Dressed(person, dress(person))


def render(world: World, order: Order) -> Picture:
    """Take one picture; depends on nothing but its arguments."""
    rng = world.random(PICTURE, order.index)
    camera, scene = _camera(world, order.camid)
    if order.pid == DISTRACTOR_PID and rng.random() < 0.45:
        return photograph_nobody(scene, camera, world.domain, rng)
    box = fragment_box(rng) if order.pid == JUNK_PID else detector_box(rng, world.domain)
    company = _dressed(world, 2 * STRANGERS + int(rng.integers(40)))
    return photograph(_dressed(world, order.subject), company, box, scene, camera, world.domain, rng)


@dataclass(frozen=True)
class _Job:
    world: World
    order: Order
    root: Path


def _write(job: _Job) -> tuple[int, np.ndarray]:
    picture = render(job.world, job.order)
    camera, _ = _camera(job.world, job.order.camid)
    quality = [cv2.IMWRITE_JPEG_QUALITY, camera.jpeg_quality]
    name = job.order.name
    _, encoded = cv2.imencode(".jpg", picture.image[..., ::-1], quality)
    (job.root / job.order.folder / name).write_bytes(encoded.tobytes())
    _, encoded = cv2.imencode(".png", picture.mask)
    (job.root / "masks" / job.order.folder / name).with_suffix(".png").write_bytes(encoded.tobytes())
    return job.order.index, picture.points


def _render_all(world: World, orders: list[Order], root: Path, workers: int, progress: bool) -> list[np.ndarray]:
    """Write all pictures and masks; returns the points of each order."""
    jobs = (_Job(world, order, root) for order in orders)
    bar = tqdm(total=len(orders), desc=f"SynthPed {world.domain_name}", unit="image", disable=not progress)
    points: list[np.ndarray] = [np.empty(0)] * len(orders)
    with bar:
        if workers <= 1:
            for index, found in map(_write, jobs):
                points[index] = found
                bar.update()
            return points
        for camid in range(SIZES[world.size].cameras):
            _camera(world, camid)  # drawn before the fork, so that the workers share the scenes
        threads = cv2.getNumThreads()
        with get_context("fork").Pool(workers, initializer=cv2.setNumThreads, initargs=(0,)) as pool:
            for index, found in pool.imap_unordered(_write, jobs, chunksize=16):
                points[index] = found
                bar.update()
        cv2.setNumThreads(threads)
    return points


def _poses(orders: list[Order], points: list[np.ndarray], folders: tuple[str, ...]) -> dict[str, np.ndarray]:
    return {order.name: found for order, found in zip(orders, points, strict=True) if order.folder in folders}


def _counts(orders: list[Order]) -> dict[str, dict]:
    counts = {}
    for folder in (TRAIN, QUERY, GALLERY):
        shots = [order for order in orders if order.folder == folder]
        per_camera = Counter(order.camid + 1 for order in shots)
        counts[folder] = {
            "images": len(shots),
            "identities": len({order.pid for order in shots if order.pid > 0}),
            "distractors": sum(order.pid == DISTRACTOR_PID for order in shots),
            "junk": sum(order.pid == JUNK_PID for order in shots),
            "images_per_camera": {str(camera): per_camera[camera] for camera in sorted(per_camera)},
        }
    return counts


def _meta(world: World, orders: list[Order]) -> dict:
    return {
        "renderer_version": RENDERER_VERSION,
        "seed": world.seed,
        "domain": world.domain_name,
        "size": world.size,
        "image_height": HEIGHT,
        "image_width": WIDTH,
        "cameras": SIZES[world.size].cameras,
        "counts": _counts(orders),
    }


def _finished(out: Path, world: World) -> dict | None:
    """The meta data of an equal, finished render in ``out``; None when ``out`` is free."""
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return None
    wanted = {"renderer_version": RENDERER_VERSION, "seed": world.seed, "domain": world.domain_name, "size": world.size}
    try:
        meta = json.loads((out / "meta.json").read_text(encoding="utf-8"))
        found = {key: meta.get(key) for key in wanted}
    except (OSError, ValueError, AttributeError):
        found = None
    if found != wanted:
        raise UserError(
            f"'{out}' should be free or hold SynthPed {wanted}, it holds {found or 'something else'}: "
            "choose another --out or remove it"
        )
    return meta


def make_synthped(
    out: str | Path, domain: str, size: str, seed: int = 0, workers: int | None = None, progress: bool = True
) -> dict:
    """Render one domain of SynthPed into the folder ``out`` and return its meta data.

    The result is a pure function of ``domain`` (day, dusk, studio), ``size`` (tiny, default, large) and ``seed``;
    ``workers`` (default: one a core) changes the time only. ``out`` appears complete or not at all; an equal,
    finished render is reused, and then the result has ``reused`` True.

    Raises:
        UserError: unknown domain or size, negative seed, fewer than one worker, or ``out`` holds something else.
    """
    if size not in SIZES:
        raise UserError(f"SynthPed has no size '{size}', {nearest(size, SIZES)}")
    if seed < 0:
        raise UserError(f"the seed of SynthPed should be 0 or more, got {seed}: choose another")
    if workers is not None and workers < 1:
        raise UserError(f"SynthPed needs at least 1 worker, got {workers}: leave it out for one a core")
    world, out = World(seed, find_domain(domain).name, size), Path(out)
    meta = _finished(out, world)
    if meta is not None:
        return {**meta, "reused": True}
    orders = plan(world)
    meta = _meta(world, orders)
    out.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    try:
        for folder in (TRAIN, QUERY, GALLERY):
            (draft / folder).mkdir()
            (draft / "masks" / folder).mkdir(parents=True)
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        points = _render_all(world, orders, draft, workers or min(cores, 1 + len(orders) // 300), progress)
        write_annotations(draft / "keypoints-train.csv", _poses(orders, points, (TRAIN,)))
        write_annotations(draft / "keypoints-test.csv", _poses(orders, points, (QUERY, GALLERY)))
        labels = {
            split: {f"{pid:04d}": attributes(_dressed(world, pid).person) for pid in pids}
            for split, pids in zip(("train", "test"), split_identities(world), strict=True)
        }
        (draft / "attributes.json").write_text(json.dumps(labels, indent=1) + "\n", encoding="utf-8")
        (draft / "meta.json").write_text(json.dumps(meta, indent=1) + "\n", encoding="utf-8")
        draft.chmod(0o755)  # mkdtemp's 0700 would lock colleagues out of shared data
        draft.rename(out)
    except OSError:
        meta = _finished(out, world)  # another process may have finished the same render first
        if meta is None:
            raise
        return {**meta, "reused": True}
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return {**meta, "reused": False}
