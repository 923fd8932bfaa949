"""What stands on a backbone's feature map and has parameters.

The contract of the shelf: ``head(feature_map) -> HeadOutput(feature, logits)`` for training, from B x C x h x w
(logits are None without a classifier, both have an axis of parts where a head looks at parts);
``head.embed(feature_map) -> B x D`` is the feature to test with, and ``feature_dim`` is D.

A head with two answers keeps the latter two and gives :class:`PrimaryFineOutput` for training.
"""

from reidzoo.models.heads.bnneck_head import BNNeckHead
from reidzoo.models.heads.eigen_head import EigenHead
from reidzoo.models.heads.embedding_head import EmbeddingHead
from reidzoo.models.heads.linear_head import LinearHead
from reidzoo.models.heads.pcb_head import PCBHead
from reidzoo.models.heads.pooled import HeadOutput
from reidzoo.models.heads.primary_fine_head import PrimaryFineHead, PrimaryFineOutput
from reidzoo.models.heads.tracklet_head import TrackletHead

__all__ = [
    "BNNeckHead",
    "EigenHead",
    "EmbeddingHead",
    "HeadOutput",
    "LinearHead",
    "PCBHead",
    "PrimaryFineHead",
    "PrimaryFineOutput",
    "TrackletHead",
]
