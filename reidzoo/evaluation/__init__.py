"""How good is it: rankings and their metrics."""

from reidzoo.evaluation.ranked_lists import RankedGallery, ranked_lists
from reidzoo.evaluation.ranking import RankingResult, evaluate_ranking
from reidzoo.evaluation.reranking import Reranking
from reidzoo.evaluation.retrieval_metric import RetrievalMetric

__all__ = ["RankedGallery", "RankingResult", "Reranking", "RetrievalMetric", "evaluate_ranking", "ranked_lists"]
