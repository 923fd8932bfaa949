"""How good is it: rankings and their metrics, and distances between sets and pairs of images."""

from reidzoo.evaluation.deep_distance import deep_distance
from reidzoo.evaluation.frechet import FrechetDistance
from reidzoo.evaluation.inception_score import InceptionScore
from reidzoo.evaluation.ranked_lists import RankedGallery, ranked_lists
from reidzoo.evaluation.ranking import RankingResult, evaluate_ranking
from reidzoo.evaluation.reranking import Reranking
from reidzoo.evaluation.retrieval_metric import RetrievalMetric

__all__ = [
    "FrechetDistance",
    "InceptionScore",
    "RankedGallery",
    "RankingResult",
    "Reranking",
    "RetrievalMetric",
    "deep_distance",
    "evaluate_ranking",
    "ranked_lists",
]
