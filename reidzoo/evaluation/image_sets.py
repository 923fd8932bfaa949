"""Queries and a gallery that were checked, and what is compared of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import normalize

from reidzoo.base.errors import UserError
from reidzoo.base.labels import DISTRACTOR_PID

DISTANCES = ("euclidean", "cosine")

Labels = Sequence[int] | np.ndarray | Tensor


@dataclass(frozen=True)
class ImageSet:
    """Features of queries or of a gallery, with what decides which pairs are right, wrong or junk.

    features: N x D float32, finite.  pids: N int64.
    sources: N int64, a pair of the same pid and the same source is junk; the camid where there are cameras.
    """

    features: Tensor
    pids: np.ndarray
    sources: np.ndarray

    def take(self, rows: np.ndarray) -> ImageSet:
        """The images of these rows, in this order."""
        chosen = torch.from_numpy(rows).to(self.features.device)
        return ImageSet(self.features[chosen], self.pids[rows], self.sources[rows])


def image_sets(
    query_features: Tensor | np.ndarray,
    gallery_features: Tensor | np.ndarray,
    query_pids: Labels,
    gallery_pids: Labels,
    query_camids: Labels | None,
    gallery_camids: Labels | None,
    query_indices: Labels | None,
    gallery_indices: Labels | None,
    device: torch.device | str | None,
) -> tuple[ImageSet, ImageSet]:
    """Checked queries and gallery; arguments and errors as :func:`evaluate_ranking` has them."""
    for name, of_query, of_gallery in (
        ("camids", query_camids, gallery_camids),
        ("indices", query_indices, gallery_indices),
    ):
        if (of_query is None) != (of_gallery is None):
            raise UserError(f"only one of query_{name} and gallery_{name} is given: give both or neither")
    query_features, gallery_features = torch.as_tensor(query_features), torch.as_tensor(gallery_features)
    device = query_features.device if device is None else torch.device(device)
    query_sources = query_camids if query_camids is not None else query_indices
    gallery_sources = gallery_camids if gallery_camids is not None else gallery_indices
    if query_sources is None:  # two sources, so that no pair shares one
        query_sources, gallery_sources = np.zeros(len(query_pids)), np.ones(len(gallery_pids))
    query = _image_set("query", query_features, query_pids, query_sources, device)
    gallery = _image_set("gallery", gallery_features, gallery_pids, gallery_sources, device)
    if query.features.shape[1] != gallery.features.shape[1]:
        raise UserError(
            f"query features have {query.features.shape[1]} values and gallery features {gallery.features.shape[1]}: "
            "extract both with the same model"
        )
    nobody = np.flatnonzero(query.pids <= DISTRACTOR_PID)
    if len(nobody):
        raise UserError(
            f"query {nobody[0]} has pid {query.pids[nobody[0]]}, which is kept for distractors (0) and junk (-1) "
            f"of the gallery ({len(nobody)} such queries): number the identities from 1"
        )
    return query, gallery


def _image_set(name: str, features: Tensor, pids: Labels, sources: Labels, device: torch.device) -> ImageSet:
    if features.ndim != 2 or not len(features):
        raise UserError(f"{name} features must be N x D with N above 0, got shape {tuple(features.shape)}")
    features = features.detach().to(device, torch.float32)
    pids, sources = _labels(pids), _labels(sources)
    for what, labels in (("pids", pids), ("camids or indices", sources)):
        if labels.shape != (len(features),):
            raise UserError(f"{len(features)} {name} features came with {what} of shape {labels.shape}: one an image")
    return ImageSet(features, pids, sources)


def _labels(labels: Labels) -> np.ndarray:
    return np.asarray(labels.cpu() if isinstance(labels, Tensor) else labels, dtype=np.int64)


def comparable(query: ImageSet, gallery: ImageSet, distance: str) -> tuple[Tensor, Tensor, np.ndarray, np.ndarray]:
    """Operands whose product is larger the nearer a pair is, so that no root or clamp runs over Q x G.

    Euclidean: ``q.g - |g|^2 / 2 = (|q|^2 - |q - g|^2) / 2``, the second term by one more column. Cosine: ``q.g`` of
    the normalised features.

    Returns:
        Q x E and G x E operands, and the norms of the features that they hold, Q and G, which bound the rounding.
    """
    if distance not in DISTANCES:
        raise UserError(f"distance must be one of {', '.join(map(repr, DISTANCES))}, got {distance!r}")
    q, g = query.features, gallery.features
    if distance == "cosine":
        q, g = normalize(q, dim=1), normalize(g, dim=1)
    q_norms, g_norms = torch.linalg.vector_norm(q, dim=1), torch.linalg.vector_norm(g, dim=1)
    for name, norms in (("query", q_norms), ("gallery", g_norms)):
        broken = (~torch.isfinite(norms.square())).nonzero()
        if len(broken):
            raise UserError(
                f"{len(broken)} {name} features are not finite (NaN, infinite or too large for float32), the first is "
                f"number {int(broken[0])}: look at the model that made them"
            )
    if distance == "euclidean":
        q = torch.cat([q, q.new_ones(len(q), 1)], dim=1)
        g = torch.cat([g, g.square().sum(1, keepdim=True) / -2], dim=1)  # the square of a root would break ties
    return q, g, q_norms.cpu().numpy(), g_norms.cpu().numpy()
