"""Which stage's checkpoint goes where: a stage starts from one, and looks at others while it trains."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mmengine.config import Config

from reidzoo.apis.configs import read_config
from reidzoo.apis.generator_stages import generator_kind
from reidzoo.apis.stages import Stage
from reidzoo.apis.testing import evaluate
from reidzoo.apis.trained_weights import run_of, trained_weights
from reidzoo.base.errors import UserError
from reidzoo.base.reporting import Report


def starting_stages(cfgs: Sequence[Config]) -> list[int | None]:
    """For each stage the number of the one from whose weights it goes on; None where its config says the start.

    It is the earlier stage whose checkpoint ``load_from`` names, else the one before where that is of the same kind
    (re-ID, or a kind of generator) and the stage does not look at it while it trains
    (:mod:`reidzoo.apis.trained_weights`).
    """
    names, starts = [_name(cfg) for cfg in cfgs], []
    for index, cfg in enumerate(cfgs):
        named = run_of(cfg.get("load_from"))
        if named is not None and named in names[:index]:
            starts.append(names.index(named))
        else:
            starts.append(index - 1 if index and _goes_on(cfgs[index - 1], cfg) else None)
    return starts


def watched_stages(cfgs: Sequence[Config]) -> list[dict[str, int]]:
    """For each stage the numbers of the earlier ones that it looks at while it trains, by option of its config.

    Raises:
        UserError: an option names the checkpoint of a stage that comes later.
    """
    names, watched = [_name(cfg) for cfg in cfgs], []
    for index, cfg in enumerate(cfgs):
        named = {option: run_of(file) for option, file in trained_weights(cfg).items()}
        late = next((option for option, name in named.items() if name is not None and name in names[index:]), None)
        if late is not None:
            raise UserError(
                f"{late} of '{cfg.filename}' is a checkpoint of '{named[late]}', which is not trained before it: "
                "name that config first"
            )
        watched.append({option: names.index(name) for option, name in named.items() if name in names[:index]})
    return watched


def weights_from(configs: Sequence[str]) -> list[str]:
    """Of the stages ``configs`` those, before the last, whose weights went into it; each of them as it is written."""
    starts = starting_stages([read_config(config) for config in configs])
    chain, index = [], starts[-1]
    while index is not None:
        chain.append(configs[index])
        index = starts[index]
    return chain[::-1]


def report_test(stage: Stage, cfg: Config, report: Report) -> None:
    """Say how good the network is that a later stage is going to learn from, where its config can be tested."""
    if cfg.get("test_dataloader"):
        row = evaluate(stage.config, stage.checkpoint)
        metrics = row["metrics"]
        report(f"{stage.name}: mAP_step {metrics['mAP_step']:.1f}, rank1 {metrics['rank1']:.1f} on {row['data']}")


def _goes_on(before: Config, cfg: Config) -> bool:
    if _name(before) in {run_of(file) for file in trained_weights(cfg).values()}:
        return False
    return generator_kind(before) is generator_kind(cfg)


def _name(cfg: Config) -> str:
    """Of the config's file, as work folders are called."""
    return Path(cfg.filename or "").stem
