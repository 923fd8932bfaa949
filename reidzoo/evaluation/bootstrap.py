"""How far a mean over queries could have come out otherwise: the bootstrap (Efron, Annals of Statistics 1979)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reidzoo.base.errors import UserError

RESAMPLES = 1000


def mean_interval(
    values: Sequence[float] | np.ndarray, confidence: float = 0.95, resamples: int = RESAMPLES, seed: int = 0
) -> tuple[float, float]:
    """The percentile interval of the mean of ``values`` under redrawing the queries with replacement.

    Args:
        values: Q float, one a query; NaN marks a query without a match and is left out, as from the mean itself.
        confidence: share of the resampled means that lies inside, above 0 and below 1.
        resamples: how many sets of queries are drawn.
        seed: of the draw; the same seed and Q redraw the same queries.

    Returns:
        Lower and upper end, in the unit of ``values``.

    Raises:
        UserError: no value that is a number; a confidence outside (0, 1); fewer than 2 resamples.
    """
    if not 0 < confidence < 1:
        raise UserError(f"confidence must lie between 0 and 1, got {confidence}: 0.95 is usual")
    means = resampled_means(values, resamples, seed)
    low, high = np.quantile(means, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)


def resampled_means(values: Sequence[float] | np.ndarray, resamples: int = RESAMPLES, seed: int = 0) -> np.ndarray:
    """``resamples`` float64: means of ``values`` (NaN left out), each over as many queries, drawn with replacement.

    Raises:
        UserError: as :func:`mean_interval`.
    """
    values = np.asarray(values, np.float64)
    values = values[~np.isnan(values)]
    if not len(values):
        raise UserError("a bootstrap needs the value of at least one query, got none: has any query a match?")
    if resamples < 2:
        raise UserError(f"resamples must be at least 2, got {resamples}: {RESAMPLES:,} is usual")
    rng = np.random.default_rng(seed)
    # one resample at a time: all at once would hold resamples x Q numbers, 93 MB for MSMT17
    return np.array([values[rng.integers(len(values), size=len(values))].mean() for _ in range(resamples)])
