"""Inception-v3 (Szegedy et al., CVPR 2016) as papers score images with it: TensorFlow's graph of 2015-12-05.

It is not the Inception-v3 of torchvision: its pooling, its last block and its resizing differ, and so do its scores.
The network and its bilinear resize to 299 x 299 are torch-fidelity's, which reproduces the graph; it is an optional
extra.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from reidzoo.base.errors import UserError

#: what can be read off: the name in torch-fidelity and the number of features. Four layers by their channels, averaged
#: over the map, and the logits; these without their offset, since the released Inception Score leaves it out.
TAPS = {
    "64": ("64", 64),
    "192": ("192", 192),
    "768": ("768", 768),
    "2048": ("2048", 2048),
    "logits": ("logits_unbiased", 1008),
}


class Inception2015(nn.Module):
    """Features of Inception-v3 of 2015, from bytes; needs the extra ``metrics``. Nothing is ever downloaded.

    Attributes:
        num_features: 64, 192, 768, 2048, or 1008 of the logits.

    Args:
        state: its tensors by the names of torch-fidelity, all of them.
        source: what errors call their origin.
        tap: a key of ``TAPS``.

    Raises:
        UserError: torch-fidelity is absent, an unknown tap, or tensors that do not fit.
    """

    def __init__(self, state: Mapping[str, Tensor], *, source: str, tap: str = "2048"):
        super().__init__()
        if tap not in TAPS:
            raise UserError(f"Inception-v3 is tapped at {', '.join(TAPS)}, got '{tap}': choose one of them")
        layer, self.num_features = TAPS[tap]
        network = _extractor()
        # torch-fidelity unpickles its file unguarded, and downloads where it gets none: it gets our own bytes instead
        file = io.BytesIO()
        torch.save(dict(state), file)
        file.seek(0)
        try:
            self.network = network("inception-v3-compat", [layer], feature_extractor_weights_path=file)
        except RuntimeError as error:
            differing = " ".join(str(error).split())[:200]
            raise UserError(
                f"'{source}' is not of Inception-v3 of 2015 ({differing}...): name torch-fidelity's file of its weights"
            ) from error

    def forward(self, images: Tensor) -> Tensor:
        """B x 3 x H x W uint8 RGB of any size to B x ``num_features`` float32."""
        return self.network(images)[0]


def _extractor() -> Any:
    """torch-fidelity's class, imported when it is asked for.

    Raises:
        UserError: it is not installed.
    """
    try:
        from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3
    except ImportError as error:
        raise UserError(
            "Inception-v3 of 2015 needs the package torch-fidelity: pip install 'reidzoo[metrics]'"
        ) from error
    return FeatureExtractorInceptionV3
