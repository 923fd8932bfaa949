"""TAUDL: Li, Zhu & Gong, "Unsupervised Person Re-identification by Deep Learning Tracklet Association", ECCV 2018.

Inside a camera a person's tracklet is a class of its own; across cameras nobody knows who is who, and tracklets are
drawn to those that lie nearest elsewhere.

    paper and released code                     here
    task t                                      camera
    tid_pc, tracklet's number in its camera     ``tracklets`` less the camera's first one
    feat, feat_bn, ReLU                         TrackletHead.hidden; also the feature at test
    multitask_classifier[t]                     the camera's columns of TrackletHead's logits
    criterion_1, summed over cameras            loss_tracklets
    criterion_2, PosetLoss_G2G                  loss_association (TrackletAssociation)
    lamda                                       association_weight
    one pass through the network a camera       separate_passes

**What is called unsupervised here** is, on data sets of single images, supervision inside each camera: see the data set
:class:`reidzoo.data.datasets.tracklets.Tracklets`. Batches come from ``TrackletSampler``.

**Where the released code differs.** Its association loss has two defects, which ``TrackletAssociation`` mends unless it
is told ``released=True``: no gradient reaches the numerator, and tracklets of all other cameras count as the nearest
ones. Its batch norms see one camera at a time in training and the average of all cameras at test;
here a batch goes through the network in one pass unless ``separate_passes`` is set.

**With a source.** A run may start from a re-ID network that was trained on labelled images of a source, as they are or
translated: ``load_from`` its checkpoint, with ``allow_partial_load`` for the classifier. SPGAN + TAUDL and CR-GAN +
TAUDL are joined so here; the poster of CR-GAN (Chen, Zhu & Gong, ICCV 2019) reports both and does not print how.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Any

import torch
from torch import Tensor

from reidzoo.base.errors import UserError
from reidzoo.methods.base import BackboneWithHead
from reidzoo.models.heads.pooled import HeadOutput
from reidzoo.registry import LOSSES, METHODS


@METHODS.register
class TAUDL(BackboneWithHead):
    """Tell a camera's tracklets apart, associate those of different cameras.

    Args:
        backbone: config from shelf BACKBONES.
        head: config from shelf HEADS, a ``TrackletHead``; ``in_channels`` and ``num_pids``, the number of all
            tracklets, are filled in.
        tracklets_per_camera: how many tracklets each camera has, of two cameras or more at least two each; the tools
            read it from the data set.
        loss: config from shelf LOSSES for the tracklets of one camera, applied to logits N x T_c and numbers N; by
            default CrossEntropy.
        association_loss: config from shelf LOSSES, applied to features B x D, tracklets B and cameras B; by default
            TrackletAssociation.
        association_weight: lambda in [0, 1] of ``(1 - lambda) sum_c L_c + lambda L_association``; 0.7 in the released
            code.
        separate_passes: whether the images of each camera go through the network by themselves, as in the released
            code; a batch then has two images or more of every camera that it has.
        data_preprocessor: see :class:`ReIDMethod`.

    Raises:
        UserError: too few cameras or tracklets, or a weight out of its range. In training: a batch without tracklets.
    """

    def __init__(
        self,
        backbone: dict[str, Any],
        head: dict[str, Any],
        tracklets_per_camera: Sequence[int],
        loss: dict[str, Any] | None = None,
        association_loss: dict[str, Any] | None = None,
        association_weight: float = 0.7,
        separate_passes: bool = False,
        data_preprocessor: dict[str, Any] | None = None,
    ):
        if len(tracklets_per_camera) < 2 or min(tracklets_per_camera) < 2:
            raise UserError(
                "TAUDL learns from two cameras or more with two tracklets or more each, got tracklets_per_camera="
                f"{list(tracklets_per_camera)}: count them in the training set"
            )
        if not 0 <= association_weight <= 1:
            raise UserError(f"association_weight of TAUDL lies in [0, 1], got {association_weight}")
        super().__init__(backbone, head, sum(tracklets_per_camera), data_preprocessor)
        bounds = list(accumulate(tracklets_per_camera, initial=0))
        self.columns = list(pairwise(bounds))
        self.register_buffer("ends", torch.tensor(bounds[1:]), persistent=False)
        self.loss = LOSSES.build(loss or {"type": "CrossEntropy"})
        self.association_loss = LOSSES.build(association_loss or {"type": "TrackletAssociation"})
        self.association_weight, self.separate_passes = association_weight, separate_passes

    def forward(
        self,
        images: Tensor,
        pids: Tensor | None = None,
        camids: Tensor | None = None,
        indices: Tensor | None = None,
        tracklets: Tensor | None = None,
        mode: str = "tensor",
    ) -> dict[str, Tensor] | Tensor:
        """See :class:`ReIDMethod`; ``tracklets`` take the place of ``pids`` in training.

        Raises:
            UserError: another mode, or training without tracklets.
        """
        if mode == "loss" and tracklets is None:
            raise UserError(
                "TAUDL learns tracklets, and these batches have none: train on Tracklets, dealt by TrackletSampler"
            )
        return super().forward(images, tracklets, camids, indices, mode=mode)

    def losses(self, images: Tensor, tracklets: Tensor) -> dict[str, Tensor]:
        """See :class:`ReIDMethod`; tracklets: B int64, numbered camera by camera over all cameras.

        Raises:
            UserError: a batch of a single camera, or, in separate passes, a single image of a camera.
        """
        cameras = torch.bucketize(tracklets, self.ends, right=True)
        output = self._outputs(images, cameras)
        of_cameras, hits = [], []
        for camera, (start, end) in enumerate(self.columns):
            own = cameras == camera
            if own.any():
                logits, labels = output.logits[own, start:end], tracklets[own] - start
                of_cameras.append(self.loss(logits, labels))  # L_c, a mean over the camera's images
                hits.append(logits.argmax(1) == labels)
        association = self.association_loss(output.feature, tracklets, cameras)
        return {
            "loss_tracklets": (1 - self.association_weight) * sum(of_cameras),
            "loss_association": self.association_weight * association,
            "accuracy": torch.cat(hits).float().mean(),  # among the tracklets of the own camera
        }

    def _outputs(self, images: Tensor, cameras: Tensor) -> HeadOutput:
        """Features and logits, in one pass or in one of each camera."""
        if not self.separate_passes:
            return self.head(self.backbone(images))
        rows = [(cameras == camera).nonzero()[:, 0] for camera in cameras.unique()]
        if min(map(len, rows)) < 2:
            raise UserError(
                f"a batch of {len(images)} has a single image of a camera, which has no statistics to be normalised "
                "by: raise images_per_tracklet, or set model.separate_passes=False"
            )
        outputs = [self.head(self.backbone(images[own])) for own in rows]
        back = torch.cat(rows).argsort()
        return HeadOutput(*(torch.cat(part)[back] for part in zip(*outputs, strict=True)))
