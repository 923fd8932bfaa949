"""How good is it: rankings and their metrics, and distances between sets and pairs of images."""

from reidzoo.evaluation.byte_images import apply_masks
from reidzoo.evaluation.deep_distance import deep_distance
from reidzoo.evaluation.dssim import Diversity, diversity, dssim_lab, identity_pairs, lone_images
from reidzoo.evaluation.frechet import FrechetDistance
from reidzoo.evaluation.inception_score import InceptionScore
from reidzoo.evaluation.pixel_distance import mean_l1
from reidzoo.evaluation.ranked_lists import RankedGallery, ranked_lists
from reidzoo.evaluation.ranking import RankingResult, evaluate_ranking
from reidzoo.evaluation.reranking import Reranking
from reidzoo.evaluation.retrieval_metric import RetrievalMetric
from reidzoo.evaluation.ssim import mask_ssim, ssim

__all__ = [
    "Diversity",
    "FrechetDistance",
    "InceptionScore",
    "RankedGallery",
    "RankingResult",
    "Reranking",
    "RetrievalMetric",
    "apply_masks",
    "deep_distance",
    "diversity",
    "dssim_lab",
    "evaluate_ranking",
    "identity_pairs",
    "lone_images",
    "mask_ssim",
    "mean_l1",
    "ranked_lists",
    "ssim",
]
