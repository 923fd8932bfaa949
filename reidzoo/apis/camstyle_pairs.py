"""CamStyle's images: one translation for each pair of cameras of a data set, and every image in each other's style.

Zhong et al., "Camera Style Adaptation for Person Re-identification", CVPR 2018, section 3.2: C cameras make
C (C - 1) / 2 CycleGANs, and of each training image C - 1 fakes.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from itertools import combinations, permutations
from pathlib import Path
from typing import Any

from mmengine.config import Config

from reidzoo.apis.configs import read_config
from reidzoo.apis.provenance import without_folders
from reidzoo.apis.stages import WORK_DIRS, Stage, is_finished, stage_of, train_stage, training_part
from reidzoo.apis.trained_data import domains
from reidzoo.apis.translating import translate_dataset
from reidzoo.base.errors import UserError
from reidzoo.base.files import sha256
from reidzoo.base.reporting import Report, silent
from reidzoo.data.datasets.generated_folder import GeneratedImage, read_manifest
from reidzoo.data.datasets.manifest import MANIFEST, write_manifest
from reidzoo.registry import DATASETS

#: folder of the images of all pairs, in the work folder of the config and seed
TRANSLATED = "translated"


def train_camera_pairs(
    config: str | Path,
    *,
    seed: int = 0,
    cameras: Sequence[int] | None = None,
    work_dir: str | Path = WORK_DIRS,
    report: Report = silent,
) -> Path:
    """Train the translation ``config`` on each pair of cameras, and draw all images of either in the other's style.

    In ``<work folder>/<config name>/seed<N>``, the pair i < j is trained in ``pair-<i>-<j>`` with camera i as source
    and j as target, and ``translated/<i+1>to<j+1>`` gets the images of i in the style of j, under CamStyle's names
    (``..._fake_1to2.jpg``, cameras counted from 1). ``translated/manifest.json`` lists those of all pairs. What is
    done is skipped, what was interrupted goes on.

    Args:
        config: path of a config file of a translation whose source and target are one data set.
        seed: of everything random, the same for every pair.
        cameras: those that make pairs, counted from 0; None for the config's own (``cameras`` of source and target),
            which without such a list are all that the data set has.
        work_dir: holds the folder of the config.
        report: receives lines of progress, with the pairs and the minutes that are left.

    Returns:
        The folder ``translated``, a root for ``GeneratedFolder``.

    Raises:
        UserError: source and target differ, fewer than two cameras, one without images, folders of another run, or any
            mistake of config or data.
    """
    whole = stage_of(config, seed, work_dir)
    chosen = _cameras(read_config(config), cameras, str(config))
    folder = whole.folder / TRANSLATED
    _refuse_other_pairs(folder, chosen)
    stages = [_pair_stage(whole, *pair) for pair in combinations(chosen, 2)]
    report(f"{config}, seed {seed}: {len(stages)} pairs of the cameras {_listed(chosen)}")
    begun, worked = time.perf_counter(), 0
    for number, (stage, (i, j)) in enumerate(zip(stages, combinations(chosen, 2), strict=True), start=1):
        worked += _complete(stage, folder, i, j, report)
        left = len(stages) - number
        minutes = left * (time.perf_counter() - begun) / max(worked, 1) / 60
        expected = f", about {minutes:.0f} minutes" if worked else ""
        report(f"[{number}/{len(stages)}] cameras {i} and {j}: done; {left} left{expected}")
    _write_whole_manifest(folder, whole, stages, chosen)
    return folder


def drawn_by(folder: Path) -> list[str]:
    """Digests of the checkpoints, one a pair, that drew the images of a complete ``translated``; else an empty list."""
    path = folder / MANIFEST
    return [pair["checkpoint_sha256"] for pair in _header(path)["pairs"]] if path.is_file() else []


def _cameras(cfg: Config, asked: Sequence[int] | None, config: str) -> list[int]:
    """The cameras that make pairs, ascending; the data set says which there are."""
    source, target = (
        {key: value for key, value in side.items() if key != "transforms"} for side in domains(cfg, "s2t")
    )
    if source != target:
        key = next(key for key in {**source, **target} if source.get(key) != target.get(key))
        raise UserError(
            f"pairs of cameras are of one data set, so source and target of '{config}' are alike, got as {key} "
            f"{source.get(key)!r} and {target.get(key)!r}: translate between two data sets with tools/run_stages.py"
        )
    asked = source.pop("cameras", None) if asked is None else asked
    known = {record.camid for record in DATASETS.build(source).records}
    chosen = sorted(known if asked is None else set(asked))
    absent = sorted(set(chosen) - known)
    if absent:
        raise UserError(
            f"'{source['root']}' has no training image of camera {_listed(absent)} (counted from 0), its cameras are "
            f"{_listed(sorted(known))}: name only these"
        )
    if len(chosen) < 2:
        raise UserError(f"pairs need at least two cameras, got {_listed(chosen)}: '{source['root']}' has {len(known)}")
    return chosen


def _pair_stage(whole: Stage, i: int, j: int) -> Stage:
    options = {f"train_dataloader.dataset.{side}.cameras": [camid] for side, camid in (("source", i), ("target", j))}
    return Stage(whole.config, whole.seed, whole.folder / f"pair-{i}-{j}", options)


def _complete(stage: Stage, folder: Path, i: int, j: int, report: Report) -> bool:
    """Train the pair and translate both ways, as far as that is not done; whether there was anything to do."""
    part = training_part(read_config(stage.config, stage.options))
    trained = is_finished(stage, part)
    if not trained:
        train_stage(stage, part, report=report)
    config = stage.folder / Path(stage.config).name  # as the run wrote it there: with its two cameras
    source, _ = domains(read_config(config), "s2t")
    written = 0
    for direction, name in (("s2t", _folder_name(i, j)), ("t2s", _folder_name(j, i))):
        out = folder / name
        written += translate_dataset(config, stage.checkpoint, source["root"], out, direction=direction).written
    return not trained or written > 0


def _folder_name(from_camera: int, to_camera: int) -> str:
    """Like the names of the images in it, which count cameras from 1."""
    return f"{from_camera + 1}to{to_camera + 1}"


def _refuse_other_pairs(folder: Path, cameras: Sequence[int]) -> None:
    """A folder of images of more cameras is no folder of these."""
    expected = {_folder_name(i, j) for i, j in permutations(cameras, 2)}
    others = sorted(path.name for path in folder.glob("*to*") if path.name not in expected)
    if others:
        raise UserError(
            f"'{folder}' holds the images {', '.join(others)} (cameras counted from 1), which the cameras "
            f"{_listed(cameras)} (counted from 0) do not make: move it away, or name more cameras"
        )


def _write_whole_manifest(folder: Path, whole: Stage, stages: Sequence[Stage], cameras: Sequence[int]) -> None:
    """List the images of all pairs in one manifest; each pair's own says the rest of how they were drawn."""
    images: list[GeneratedImage] = []
    for i, j in permutations(cameras, 2):
        name = _folder_name(i, j)
        images += [entry._replace(file=f"{name}/{entry.file}") for entry in read_manifest(folder / name)]
    digests = [sha256(stage.checkpoint) for stage in stages]
    first = _header(folder / _folder_name(*cameras[:2]) / MANIFEST)
    header = {
        "made_by": "tools/camstyle.py",
        "config": without_folders(whole.config),
        "seed": whole.seed,
        "method": first["method"],
        "source": first["source"],
        "counts": {"images": len(images), "pids": len({image.pid for image in images}), "cameras": len(cameras)},
        "pairs": [
            {"cameras": list(pair), "checkpoint_sha256": digest}
            for pair, digest in zip(combinations(cameras, 2), digests, strict=True)
        ],
    }
    write_manifest(folder, images, header)


def _header(manifest: Path) -> dict[str, Any]:
    return json.loads(manifest.read_text(encoding="utf-8"))


def _listed(cameras: Sequence[int]) -> str:
    return ", ".join(map(str, cameras))
