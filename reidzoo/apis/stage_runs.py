"""Configs trained in order: each from the weights, or on the images, of the one before; what is done is skipped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from reidzoo.apis.configs import read_config
from reidzoo.apis.generator_stages import drawn_images, starts_from_the_one_before
from reidzoo.apis.stages import WORK_DIRS, check_record, is_finished, stage_of, train_stage, training_part
from reidzoo.base.errors import UserError


def train_stages(
    configs: Sequence[str | Path],
    *,
    seed: int = 0,
    work_dir: str | Path = WORK_DIRS,
    report: Callable[[str], object] = lambda line: None,
) -> Path:
    """Train ``configs`` in order, each from the last checkpoint of the one before (through ``load_from``).

    After a generator (a translation such as CycleGAN, or a GAN) a stage starts from its config's own weights, on the
    images that the generator draws (:mod:`reidzoo.apis.generator_stages`). A finished stage is skipped, and with it
    what only it needs, whether their folders are still there or not; an interrupted one is resumed.

    Args:
        configs: paths of config files; a later one may permit with ``allow_partial_load`` what the earlier one lacks.
        seed: of everything random, the same in every stage.
        work_dir: every stage has the folder ``<config name>/seed<N>`` in it.
        report: receives lines of progress, at least one for every stage.

    Returns:
        The last checkpoint of the last config.

    Raises:
        UserError: no config, one named twice or without epochs, a folder that holds another run, a stage after a
            generator that does not train on its images, any mistake of config or data.
    """
    stages = [stage_of(config, seed, work_dir) for config in configs]
    if not stages or len({stage.folder for stage in stages}) < len(stages):
        raise UserError(f"stages are configs of different names, at least one, got {[str(path) for path in configs]}")
    cfgs = [read_config(stage.config) for stage in stages]
    parts = [training_part(cfg) for cfg in cfgs]
    done = [is_finished(stage, part) for stage, part in zip(stages, parts, strict=True)]
    inherits, images = starts_from_the_one_before(cfgs), drawn_images(stages, cfgs)
    todo = _todo(done, inherits, [found and stages.index(found.stage) for found in images])
    start = None
    for index, (stage, part) in enumerate(zip(stages, parts, strict=True)):
        start = (start if inherits[index] else None) or cfgs[index].get("load_from")
        given = images[index]
        needed = [images[later] for later in sorted(todo) if images[later] and images[later].stage is stage]
        drawn = {found.folder: found for found in needed}.values()
        if done[index]:
            check_record(stage, part, start, given.origin() if given else ())
            report(f"{stage.name}: finished, skipped")
        elif index not in todo:
            report(f"{stage.name}: not needed any more, skipped")
        elif not drawn or not all(found.of_camera_pairs for found in drawn):  # pairs are trained when they are drawn
            train_stage(
                stage,
                part,
                start=start,
                images_from=given.origin() if given else (),
                images={given.option: str(given.folder)} if given else None,
                report=report,
            )
        for found in drawn:
            found.draw(report)
        start = stage.checkpoint if done[index] or index in todo else None
    return start


def _todo(done: Sequence[bool], inherits: Sequence[bool], drawn_by: Sequence[int | None]) -> set[int]:
    """The stages to train: the last one, and what a stage that is trained needs, unless they are finished.

    Args:
        done: by stage, whether it is finished.
        inherits: whether it needs the one before.
        drawn_by: which one draws the images it needs, None where none does.
    """
    todo: set[int] = set()
    for index in reversed(range(len(done))):
        needed = index == len(done) - 1 or any(
            drawn_by[later] == index or (inherits[later] and later == index + 1) for later in todo
        )
        if needed and not done[index]:
            todo.add(index)
    return todo
