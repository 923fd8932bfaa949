"""k-reciprocal re-ranking on nearest neighbours and sparse vectors: no array of images x images.

Zhong, Zheng, Cao and Li: Re-ranking Person Re-identification with k-reciprocal Encoding, CVPR 2017, as the authors'
Matlab code computes it.

| paper | here |
|---|---|
| ``d(p, g_i)``, eq. 1 | squared Euclidean distance, divided by the largest of its row (``farthest``) |
| ``N(p, k)``, eq. 2 | the first columns of ``neighbours``; k1 + 1 of them, as the image itself is one |
| ``R(p, k)``, eq. 3 | ``mutual`` |
| ``R*(p, k)``, eq. 4 | ``expanded`` |
| ``V_p``, eqs. 7 and 11 | ``reciprocal_vectors`` |
| ``d_J``, eq. 10 | ``1 - s / (2 - s)``, ``s`` from ``shared_weight`` |
| ``d*``, eq. 12 | ``reranked_scores`` |
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from scipy.sparse import csc_array, csr_array
from torch import Tensor
from torch.nn.functional import normalize

from reidzoo.base.errors import UserError
from reidzoo.evaluation.image_sets import ImageSet, comparable
from reidzoo.evaluation.scores import Scores, product_blocks, product_scores, relative_rounding

_SPARE = 7  # candidates beyond the neighbours, so that rounding at the end of the list leaves none out
_PAIRS = 2**10  # of D-vectors that are subtracted at once
_TERMS = 2**21  # of the sums of minima that are held at once


@dataclass(frozen=True)
class Reranking:
    """Parameters of k-reciprocal re-ranking, by the paper's names; the defaults are the paper's for Market-1501.

    Args:
        k1: neighbours that must be mutual.
        k2: neighbours, the image itself among them, whose vectors are averaged; 1 averages nothing.
        lambda_value: weight of the original distance, in [0, 1]; the Jaccard distance has the rest.

    Raises:
        UserError: k1 or k2 below 1 or not whole, lambda outside [0, 1].
    """

    k1: int = 20
    k2: int = 6
    lambda_value: float = 0.3

    def __post_init__(self) -> None:
        for name, value in (("k1", self.k1), ("k2", self.k2)):
            if not isinstance(value, int) or value < 1:
                raise UserError(f"{name} of re-ranking must be a whole number of at least 1, got {value!r}")
        if not 0 <= self.lambda_value <= 1:
            raise UserError(f"lambda_value of re-ranking must lie in [0, 1], got {self.lambda_value!r}")

    def __str__(self) -> str:
        return f"k-reciprocal re-ranked k1={self.k1} k2={self.k2} lambda={self.lambda_value:g}"

    @property
    def half(self) -> int:
        """Neighbours of the half neighbourhood: (k1 + 1) / 2, rounded half up as Matlab does."""
        return self.k1 // 2 + 1


def reranked_scores(
    query: ImageSet, gallery: ImageSet, kept: np.ndarray, distance: str, reranking: Reranking, memory_mb: float
) -> Scores:
    """Scores of the queries against the rows ``kept`` of the gallery that rank by the re-ranked distance.

    All queries and the whole gallery are neighbours of each other, junk and distractors too, for the labels must not
    decide who is; junk leaves at scoring.

    Args:
        query: Q images.
        gallery: G images in the order that breaks ties among neighbours.
        kept: K rows of the gallery.
        distance: 'euclidean', or 'cosine', which is the Euclidean distance of normalised features.
        reranking: the parameters.
        memory_mb: bound on the block of scores, MiB.

    Raises:
        UserError: fewer images than neighbours, or what ``comparable`` refuses.
    """
    count = max(reranking.k1 + 1, reranking.k2)
    total = len(query.pids) + len(gallery.pids)
    if total < count:
        raise UserError(
            f"re-ranking with k1={reranking.k1} and k2={reranking.k2} needs at least {count} images, but queries and "
            f"gallery have {total} together: lower k1 and k2, or test without re-ranking"
        )
    if distance == "cosine":
        query, gallery, distance = _normalized(query), _normalized(gallery), "euclidean"
    plain = product_scores(query, gallery.take(kept), distance, memory_mb)
    images = ImageSet(
        torch.cat([query.features, gallery.features]),
        np.concatenate([query.pids, gallery.pids]),
        np.concatenate([query.sources, gallery.sources]),
    )
    neighbours, farthest = nearest_images(images, count, memory_mb)
    vectors = reciprocal_vectors(images.features, neighbours, farthest, reranking)
    queries = len(query.pids)
    of_queries = _averaged(vectors, neighbours[:queries, : reranking.k2])
    of_gallery = _averaged(vectors, neighbours[queries + kept, : reranking.k2])
    # d* = (1 - lambda) (1 - s / (2 - s)) + lambda (|q|^2 - 2 score) / farthest, without what is the same in a row
    scale = 2 * reranking.lambda_value / farthest[:queries]
    jaccard = 1 - reranking.lambda_value

    def rounding(row: int, columns: slice) -> np.ndarray:
        sum_of_both = 4 * np.finfo(np.float32).eps  # of the product and the Jaccard term, about 1 in size
        return scale[row] * plain.rounding(row, columns) + sum_of_both

    return Scores(_blocks(plain.blocks, scale, jaccard, of_queries, of_gallery.tocsc()), rounding)


def _normalized(images: ImageSet) -> ImageSet:
    return ImageSet(normalize(images.features, dim=1), images.pids, images.sources)


def _blocks(
    products: Iterator[np.ndarray], scale: np.ndarray, jaccard: float, of_queries: csr_array, inverted: csc_array
) -> Iterator[np.ndarray]:
    """Scale every block of products and add the Jaccard term to the pairs that share a neighbour."""
    terms = np.diff(inverted.indptr)[of_queries.indices]  # of each value of a query's vector
    terms = np.add.reduceat(terms, of_queries.indptr[:-1])  # of each query
    start = 0
    for block in products:
        stop = start + len(block)
        block *= scale[start:stop, None].astype(np.float32)
        portion = np.cumsum(terms[start:stop]) // _TERMS
        for rows in np.split(np.arange(len(block)), np.flatnonzero(np.diff(portion)) + 1):
            shared = shared_weight(of_queries[start + rows[0] : start + rows[-1] + 1], inverted)
            block[np.repeat(rows, np.diff(shared.indptr)), shared.indices] += jaccard * shared.data / (2 - shared.data)
        yield block
        start = stop


def nearest_images(images: ImageSet, count: int, memory_mb: float) -> tuple[np.ndarray, np.ndarray]:
    """Every image's neighbours among all images, and the squared distance of the farthest.

    An image stands first in its own list; equal distances keep the order of the images. The float32 product finds
    candidates, and where its rounding leaves their order open, float64 differences decide.

    Returns:
        N x ``count`` int64 and N float64; a farthest distance of nothing but rounding is given as 1.
    """
    left, right, norms, _ = comparable(images, images, "euclidean")
    total, features = len(left), images.features
    rounding = 2 * relative_rounding(features.shape[1]) * (norms + norms.max() / 2) * norms.max()  # of each row
    neighbours, farthest = np.empty((total, count), np.int64), np.empty(total)
    start = 0
    for block in product_blocks(left, right, memory_mb):
        rows = torch.arange(start, start + len(block), device=block.device)
        here = slice(start, start + len(block))
        farthest[here] = np.square(norms[here], dtype=np.float64) - 2 * block.amin(1).cpu().numpy()
        block[rows - start, rows] = torch.inf
        scores, columns = block.topk(min(count + _SPARE, total), dim=1)
        limit = torch.from_numpy(rounding[here]).to(block.device)
        unsure = (scores.diff(dim=1)[:, :count] >= -limit[:, None]).any(1).nonzero()[:, 0]
        for row in unsure[scores[unsure, count - 1] - scores[unsure, -1] <= limit[unsure]]:
            columns[row] = _candidates(block[row], scores[row, count - 1], limit[row], columns.shape[1])
        for part in unsure.split(max(1, _PAIRS // columns.shape[1])):
            columns[part] = _in_order(features, rows[part], columns[part])
        neighbours[here] = columns[:, :count].cpu().numpy()
        start += len(block)
    farthest[farthest <= 2 * rounding] = 1  # all images are the same, and their distances 0
    return neighbours, farthest


def _candidates(scores: Tensor, last: Tensor, rounding: Tensor, count: int) -> Tensor:
    """``count`` columns where more than ``count`` may be as near as ``last``: of those, the first ones."""
    nearer = (scores > last + rounding).nonzero()[:, 0]
    tied = ((scores - last).abs() <= rounding).nonzero()[:, 0]
    return torch.cat([nearer, tied])[:count]


def _in_order(features: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """rows: B.  columns: B x C, sorted here by exact distance to the row's image, then by number, itself first."""
    columns = columns.sort(dim=1).values
    distances = (features[columns].double() - features[rows, None].double()).square_().sum(2)
    distances[columns == rows[:, None]] = -1
    return columns.gather(1, distances.argsort(dim=1, stable=True))


def mutual(neighbours: np.ndarray) -> csr_array:
    """N x N, 1 where two images stand in each other's lists (eq. 3); symmetric.  neighbours: N x k."""
    total, count = neighbours.shape
    listed = csr_array(
        (np.ones(neighbours.size, np.int32), neighbours.ravel(), np.arange(0, neighbours.size + 1, count)),
        shape=(total, total),
    )
    return listed.multiply(listed.T).tocsr()


def reciprocal_vectors(
    features: Tensor, neighbours: np.ndarray, farthest: np.ndarray, reranking: Reranking
) -> csr_array:
    """N x N sparse: image p's weights of its expanded k-reciprocal neighbours, which add up to 1 (eq. 7)."""
    near, half = mutual(neighbours[:, : reranking.k1 + 1]), mutual(neighbours[:, : reranking.half])
    common = near.multiply(near @ half).tocsr()  # |R(p, k1) and R(q, k1 / 2)| for the q in R(p, k1)
    common.data = (3 * common.data > 2 * np.diff(half.indptr)[common.indices]).astype(np.int32)  # eq. 4
    common.eliminate_zeros()
    expanded = (near + common @ half).tocsr()
    sizes = np.diff(expanded.indptr)
    rows = np.repeat(np.arange(len(sizes)), sizes)
    weights = np.exp(-_squared_distances(features, rows, expanded.indices) / farthest[rows])
    weights /= np.repeat(np.add.reduceat(weights, expanded.indptr[:-1]), sizes)
    return csr_array((weights, expanded.indices, expanded.indptr), shape=expanded.shape)


def _squared_distances(features: Tensor, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Of P pairs of images, P float32."""
    pairs = torch.from_numpy(np.stack([rows, columns])).to(features.device)
    distances = features.new_empty(len(rows))
    buffers = features.new_empty(2, _PAIRS, features.shape[1])  # fresh ones for each part would scatter the heap
    for part, (left, right) in zip(distances.split(_PAIRS), pairs.split(_PAIRS, dim=1), strict=True):
        difference, other = buffers[:, : len(part)]
        torch.index_select(features, 0, left, out=difference)
        difference -= torch.index_select(features, 0, right, out=other)
        torch.sum(difference.square_(), dim=1, out=part)
    return distances.cpu().numpy()


def _averaged(vectors: csr_array, neighbours: np.ndarray) -> csr_array:
    """Local query expansion (eq. 11): the mean of the neighbours' vectors.  neighbours: B x k2."""
    count, k2 = neighbours.shape
    mean = csr_array(
        (np.full(neighbours.size, 1 / k2), neighbours.ravel(), np.arange(0, neighbours.size + 1, k2)),
        shape=(count, vectors.shape[0]),
    )
    return (mean @ vectors).tocsr()


def shared_weight(queries: csr_array, inverted: csc_array) -> csr_array:
    """B x G, the sums of the smaller weights ``sum_j min(V_q[j], V_g[j])`` (eq. 10); an absent entry is 0.

    queries: B x N vectors of weights.  inverted: G x N by columns, the images that hold each neighbour.
    """
    starts, sizes = inverted.indptr[queries.indices], np.diff(inverted.indptr)[queries.indices]
    ends = np.cumsum(sizes)
    entries = np.arange(ends[-1]) + np.repeat(starts - (ends - sizes), sizes)
    # one row a value of a query's vector; a product with ones adds the rows of each query up
    smaller = csr_array(
        (
            np.minimum(np.repeat(queries.data, sizes), inverted.data[entries]),
            inverted.indices[entries],
            np.concatenate([[0], ends]),
        ),
        shape=(len(sizes), inverted.shape[0]),
    )
    adder = csr_array(
        (np.ones(len(sizes)), np.arange(len(sizes)), queries.indptr), shape=(queries.shape[0], len(sizes))
    )
    return (adder @ smaller).tocsr()
