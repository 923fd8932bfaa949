"""From a tested Runner to a picture of its ranked lists."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from mmengine.runner import Runner

from reidzoo.data.datasets.base import ReIDDataset
from reidzoo.evaluation import RankedGallery, RetrievalMetric, ranked_lists
from reidzoo.visualization import RankedList, draw_ranked_lists

QUERIES = 6
TOP = 10


def save_ranked_lists(runner: Runner, path: str | Path) -> None:
    """Draw the first ten gallery images for six queries spread over the query set into a PNG file."""
    dataset: ReIDDataset = runner.test_dataloader.dataset
    metric = next(metric for metric in runner.test_evaluator.metrics if isinstance(metric, RetrievalMetric))
    info = dataset.metainfo
    query, gallery = np.flatnonzero(info["is_query"]), np.flatnonzero(~info["is_query"])
    chosen = np.unique(np.linspace(0, len(query) - 1, QUERIES).round().astype(int))
    camids, files = info["camids"], info.get("files")
    found = ranked_lists(
        metric.last_features[query],
        metric.last_features[gallery],
        info["pids"][query],
        info["pids"][gallery],
        None if camids is None else camids[query],
        None if camids is None else camids[gallery],
        queries=chosen,
        top=TOP,
        query_indices=None if files is None else files[query],
        gallery_indices=None if files is None else files[gallery],
        distance=metric.distance,
    )
    draw_ranked_lists(path, [_picture(dataset, query[row.query], row, gallery) for row in found], title=info["name"])


def _picture(dataset: ReIDDataset, query: int, row: RankedGallery, gallery: np.ndarray) -> RankedList:
    records = [dataset.records[gallery[index]] for index in row.indices]
    return RankedList(
        query=dataset.read_image(dataset.records[query]),
        query_title=f"id {dataset.records[query].pid}{_camera(dataset, query)}",
        gallery=[dataset.read_image(record) for record in records],
        marks=list(row.marks),
        captions=[
            f"{distance:.2f}{_camera(dataset, gallery[index])}"
            for index, distance in zip(row.indices, row.distances, strict=True)
        ],
    )


def _camera(dataset: ReIDDataset, index: int) -> str:
    return f" c{dataset.records[index].camid + 1}" if dataset.has_cameras else ""
