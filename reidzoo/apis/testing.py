"""One test of one checkpoint: metrics, and the row that tables are made of."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.dist import is_main_process
from mmengine.runner import Runner

from reidzoo.apis.alpha_sweep import sweep_alphas
from reidzoo.apis.configs import complete_for_loading, read_config
from reidzoo.apis.pictures import save_ranked_lists
from reidzoo.apis.provenance import provenance, without_folders
from reidzoo.apis.query_tables import query_table, write_queries
from reidzoo.apis.running import build_runner
from reidzoo.apis.smoke import shrink_to_smoke
from reidzoo.apis.stages import WORK_DIRS
from reidzoo.apis.training import describe_undecodable
from reidzoo.base.addresses import local_file
from reidzoo.base.errors import UserError
from reidzoo.base.files import sha256
from reidzoo.base.weights import read_checkpoint
from reidzoo.data.datasets.base import ReIDDataset
from reidzoo.data.datasets.reading import UndecodableImage
from reidzoo.engine.compat import prepare_processes
from reidzoo.engine.hooks import start_of
from reidzoo.evaluation import RetrievalMetric
from reidzoo.evaluation.bootstrap import mean_interval
from reidzoo.evaluation.camera_pairs import camera_pair_rank1

TRAINING_KEYS = (
    "train_dataloader",
    "train_cfg",
    "optim_wrapper",
    "param_scheduler",
    "val_dataloader",
    "val_cfg",
    "val_evaluator",
)


def evaluate(
    config: str | Path,
    checkpoint: str | Path,
    *,
    work_dir: str | Path | None = None,
    options: dict[str, Any] | None = None,
    allow_partial: bool = False,
    ranked_lists: str | Path | None = None,
    queries: str | Path | None = None,
    camera_pairs: bool = False,
    alphas: Sequence[float] = (),
    smoke: bool = False,
    launcher: str = "none",
) -> dict[str, Any]:
    """Test ``checkpoint`` on the test split of ``config`` and return one row of results.

    Args:
        config: path of a config file.
        checkpoint: of a training run, or published weights, also as ``zoo://NAME``.
        work_dir: where the log goes; default: ``test`` beside the checkpoint of a training run, and in
            ``work_dirs/<config name>`` for published weights.
        options: ``key.subkey`` to value, merged over the config.
        allow_partial: load what fits of a checkpoint of another architecture.
        ranked_lists: also draw the first ranked lists into this PNG file.
        queries: also write what each query scored into this CSV file (:mod:`reidzoo.apis.query_tables`).
        camera_pairs: also find rank-1 by camera of the query and camera of the gallery.
        alphas: also rank with these weights of the second feature, for a method that compares two
            (:mod:`reidzoo.apis.alpha_sweep`).
        smoke: as in training: the tiny data set and small networks.
        launcher: ``none``, ``pytorch`` (torchrun) or ``slurm``.

    Returns:
        ``{method, config, options, data, train_split, init, seed, checkpoint, checkpoint_sha256, seconds, metrics,
        commit, machine, ...}``; metrics are percentages, their names carry their flavour. Rows are published, so they
        name no folder of the machine. In the main process a test of retrieval adds ``ranking`` (what ordered the
        gallery), ``mAP_step_ci95`` (percent, bootstrap over queries) and, where asked for, ``queries`` (a file name),
        ``camera_pairs``: ``{ranking, camids, rank1, num_queries}``, rank1 C x C in percent, None without queries, and
        ``alphas``: a list of ``{alpha, metrics}``, while the row's own metrics are with the alpha of the config.

    Raises:
        UserError: any mistake of config, checkpoint or data.
    """
    cfg = read_config(config, options)
    checkpoint = local_file(checkpoint)
    meta = read_checkpoint(checkpoint).get("meta", {})
    is_published = checkpoint.suffix == ".safetensors"  # and what keeps such files is no work folder
    beside = WORK_DIRS / Path(config).stem if is_published else checkpoint.parent
    cfg.work_dir = str(work_dir or beside / "test")
    cfg.launcher, cfg.resume = launcher, False
    prepare_processes(cfg, launcher)
    if smoke:
        shrink_to_smoke(cfg)
    init = meta.get("init") or start_of(cfg)  # published weights of elsewhere have only their config
    without = list(meta.get("without") or ())  # a published generator may lack what drawing does not need, and says so
    cfg.load_from, cfg.allow_partial_load = str(checkpoint), allow_partial or without or False
    complete_for_loading(cfg, meta, checkpoint)
    for key in TRAINING_KEYS:
        cfg.pop(key, None)
    runner = build_runner(cfg)
    start = time.perf_counter()
    try:
        metrics, swept = sweep_alphas(runner, alphas) if alphas else (runner.test(), [])
    except UndecodableImage as error:
        raise describe_undecodable(runner.test_dataloader.dataset) from error
    seconds = time.perf_counter() - start
    if ranked_lists is not None and is_main_process():
        save_ranked_lists(runner, ranked_lists)
    details = _details(runner, queries, camera_pairs) if is_main_process() else {}
    return {
        "method": cfg.model.type,
        "config": without_folders(str(config)),
        "options": without_folders(options or {}),
        "data": runner.test_dataloader.dataset.metainfo["name"],
        "train_split": (meta.get("dataset_meta") or {}).get("name", "unknown"),
        "init": init,
        "seed": meta.get("seed"),
        "checkpoint": checkpoint.name,
        "checkpoint_sha256": sha256(checkpoint),
        "seconds": round(seconds, 1),
        "metrics": _rounded(metrics),
        **details,
        **({"alphas": [{**row, "metrics": _rounded(row["metrics"])} for row in swept]} if swept else {}),
        **provenance(),
    }


def _rounded(metrics: dict[str, float]) -> dict[str, float]:
    """As they are written down."""
    return {name: round(value, 4) for name, value in metrics.items()}


def _details(runner: Runner, queries: str | Path | None, camera_pairs: bool) -> dict[str, Any]:
    """What a row says of single queries, and the file that goes with it."""
    metric = next((metric for metric in runner.test_evaluator.metrics if isinstance(metric, RetrievalMetric)), None)
    if metric is None:
        if queries is not None or camera_pairs:
            raise UserError("queries and camera pairs need the metric RetrievalMetric: name it in test_evaluator")
        return {}
    dataset: ReIDDataset = runner.test_dataloader.dataset
    table = query_table(dataset, metric.last_result)
    details: dict[str, Any] = {
        "ranking": metric.ranking,
        "mAP_step_ci95": [round(100 * end, 4) for end in mean_interval(table.ap_step, table.pids)],
    }
    if queries is not None:
        write_queries(queries, table)
        details["queries"] = Path(queries).name
    if camera_pairs:
        details["camera_pairs"] = _camera_pairs(dataset.metainfo, metric)
    return details


def _camera_pairs(info: dict[str, Any], metric: RetrievalMetric) -> dict[str, Any]:
    """Rank-1 by pair of cameras as plain values; of the distance itself, before any re-ranking."""
    if info["camids"] is None:
        raise UserError(f"'{info['name']}' knows no cameras: leave --camera-pairs out")
    query, gallery = info["is_query"], ~info["is_query"]
    pairs = camera_pair_rank1(
        metric.last_features[query],
        metric.last_features[gallery],
        info["pids"][query],
        info["pids"][gallery],
        info["camids"][query],
        info["camids"][gallery],
        distance=metric.distance,
        memory_mb=metric.memory_mb,
    )
    rank1 = [[None if np.isnan(value) else round(100 * value, 4) for value in line] for line in pairs.rank1.tolist()]
    return {
        "ranking": metric.distance,
        "camids": pairs.camids.tolist(),
        "rank1": rank1,
        "num_queries": pairs.num_queries.tolist(),
    }
