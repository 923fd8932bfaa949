"""Configs trained in order: from the weights, on the images or beside the networks of earlier ones; none twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from mmengine.config import Config

from reidzoo.apis.configs import read_config
from reidzoo.apis.generator_stages import DrawnImages, drawn_images
from reidzoo.apis.stage_weights import report_test, starting_stages, watched_stages
from reidzoo.apis.stages import WORK_DIRS, Origin, check_record, is_finished, stage_of, train_stage, training_part
from reidzoo.apis.trained_weights import trained_weights
from reidzoo.base.errors import UserError
from reidzoo.base.reporting import Report, silent


def train_stages(
    configs: Sequence[str | Path],
    *,
    seed: int = 0,
    work_dir: str | Path = WORK_DIRS,
    report: Report = silent,
) -> Path:
    """Train ``configs`` in order, each from the last checkpoint of the one before (through ``load_from``).

    A stage whose ``load_from`` names an earlier one starts from that one. After a generator (a translation such as
    CycleGAN, or a GAN) a stage starts from its config's own weights, on the images that the generator draws
    (:mod:`reidzoo.apis.generator_stages`). A stage that learns beside the network of an earlier one, such as its
    teacher, gets that one's checkpoint (:mod:`reidzoo.apis.trained_weights`), which is tested before. A finished stage
    is skipped, and with it what only it needs, whether their folders are still there or not; an interrupted one is
    resumed.

    Args:
        configs: paths of config files; a later one may permit with ``allow_partial_load`` what the earlier one lacks.
        seed: of everything random, the same in every stage.
        work_dir: every stage has the folder ``<config name>/seed<N>`` in it.
        report: receives lines of progress, at least one for every stage.

    Returns:
        The last checkpoint of the last config.

    Raises:
        UserError: no config, one named twice or without epochs, a folder that holds another run, a stage after a
            generator that does not train on its images, or before the one whose checkpoint it names, any mistake of
            config or data.
    """
    stages = [stage_of(config, seed, work_dir) for config in configs]
    if not stages or len({stage.folder for stage in stages}) < len(stages):
        raise UserError(f"stages are configs of different names, at least one, got {[str(path) for path in configs]}")
    cfgs = [read_config(stage.config) for stage in stages]
    parts = [training_part(cfg) for cfg in cfgs]
    done = [is_finished(stage, part) for stage, part in zip(stages, parts, strict=True)]
    starts, watched, images = starting_stages(cfgs), watched_stages(cfgs), drawn_images(stages, cfgs)
    drawing = [stages.index(given.stage) if given else None for given in images]
    needs = [
        {start, draws, *looks_at.values()} - {None}
        for start, draws, looks_at in zip(starts, drawing, watched, strict=True)
    ]
    todo = _todo(done, needs)
    for index, (stage, part) in enumerate(zip(stages, parts, strict=True)):
        given = images[index]
        needed = [images[later] for later in sorted(todo) if drawing[later] == index]
        drawn = {found.folder: found for found in needed}.values()
        there = {earlier: stages[earlier].checkpoint for earlier in needs[index] if done[earlier] or earlier in todo}
        origin = _origin(cfgs[index], given, starts[index], watched[index], there)
        if done[index]:
            check_record(stage, part, origin)
            report(f"{stage.name}: finished, skipped")
        elif index not in todo:
            report(f"{stage.name}: not needed any more, skipped")
        elif not drawn or not all(found.of_camera_pairs for found in drawn):  # pairs are trained when they are drawn
            train_stage(stage, part, origin, images={given.option: str(given.folder)} if given else None, report=report)
        for found in drawn:
            found.draw(report)
        if any(index in watched[later].values() for later in todo):
            report_test(stage, cfgs[index], report)
    return stages[-1].checkpoint


def _origin(
    cfg: Config,
    images: DrawnImages | None,
    start: int | None,
    watched: Mapping[str, int],
    checkpoints: Mapping[int, Path | None],
) -> Origin:
    """What a stage is made from, as far as it is there.

    Args:
        cfg: of the stage.
        images: that it trains on.
        start: number of the stage whose weights it goes on from, or None.
        watched: numbers of those that it looks at, by option of its config.
        checkpoints: by number of an earlier stage, where that is finished or about to be.
    """
    files = {**trained_weights(cfg), **{option: checkpoints.get(earlier) for option, earlier in watched.items()}}
    return Origin(
        start=cfg.get("load_from") if start is None else checkpoints.get(start),
        images_from=images.origin() if images else (),
        weights={option: file for option, file in files.items() if file is not None},
    )


def _todo(done: Sequence[bool], needs: Sequence[set[int]]) -> set[int]:
    """The stages to train: the last one, and what a stage that is trained needs, unless they are finished.

    Args:
        done: by stage, whether it is finished.
        needs: the numbers of the earlier ones that it needs.
    """
    todo: set[int] = set()
    for index in reversed(range(len(done))):
        needed = index == len(done) - 1 or any(index in needs[later] for later in todo)
        if needed and not done[index]:
            todo.add(index)
    return todo
