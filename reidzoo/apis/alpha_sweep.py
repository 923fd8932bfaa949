"""One test of a method that compares two features, ranked with several weights of the second."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from mmengine.dist import is_main_process
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner

from reidzoo.base.errors import UserError
from reidzoo.evaluation import RetrievalMetric
from reidzoo.methods.base import ReIDMethod, weighted_halves


def sweep_alphas(runner: Runner, alphas: Sequence[float]) -> tuple[dict[str, float], list[dict[str, Any]]]:
    """Test, and rank with each alpha beside the method's own; the images go through the network once.

    Args:
        runner: its model has an ``alpha``, its ``test_evaluator`` a RetrievalMetric.
        alphas: see :func:`reidzoo.methods.base.weighted_halves`; ``inf`` compares the second feature alone.

    Returns:
        The metrics with the method's own alpha, to which the metric's last result and features belong, and for each of
        ``alphas``, in the main process, ``{alpha, metrics}``; alpha is a text where JSON has no number for it.

    Raises:
        UserError: a method that compares one feature, an alpha out of range, another metric.
    """
    method = runner.model.module if is_model_wrapper(runner.model) else runner.model
    metric = next((each for each in runner.test_evaluator.metrics if isinstance(each, RetrievalMetric)), None)
    _check(method, metric, alphas)
    own, method.alpha = method.alpha, 1.0  # both halves in full
    try:
        metrics = runner.test()
    finally:
        method.alpha = own
    if not is_main_process():
        return metrics, []
    halves = torch.from_numpy(metric.last_features)

    def ranked(alpha: float) -> dict[str, float]:
        prefix = f"{metric.prefix}/" if metric.prefix else ""
        found = metric.rank(weighted_halves(halves, alpha).numpy())
        return {prefix + name: value for name, value in found.items()}

    rows = [{"alpha": "inf" if math.isinf(alpha) else alpha, "metrics": ranked(alpha)} for alpha in alphas]
    return {**metrics, **ranked(own)}, rows


def _check(method: ReIDMethod, metric: RetrievalMetric | None, alphas: Sequence[float]) -> None:
    """Refuse now what would be refused after the images have gone through the network."""
    if method.alpha is None:
        raise UserError(f"{type(method).__name__} compares one feature and has no alpha: leave --alphas out")
    if metric is None:
        raise UserError("several alphas need the metric RetrievalMetric: name it in test_evaluator")
    for alpha in alphas:
        weighted_halves(torch.ones(1, 2), alpha)
