"""What people call from Python and from the shell: whole runs, built from the rooms below.

The names of ``__all__`` can be imported from here. Each is looked up when it is asked for, so that importing the room
costs nothing: torch is loaded with the first of them.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from reidzoo.base.addresses import register_scheme
from reidzoo.zoo.download import SCHEME, locate

register_scheme(SCHEME, locate)  # networks and the Runner read zoo://NAME, and do not know the zoo

_HOMES = {
    "Embedder": "reidzoo.apis.embedder",
    "Sampler": "reidzoo.apis.sampler",
    "Translator": "reidzoo.apis.translator",
    "embed_folder": "reidzoo.apis.embedder",
    "draw_contexts": "reidzoo.apis.rendering_pictures",
    "evaluate": "reidzoo.apis.testing",
    "evaluate_contexts": "reidzoo.apis.context_evaluation",
    "evaluate_images": "reidzoo.apis.image_evaluation",
    "evaluate_poses": "reidzoo.apis.pose_evaluation",
    "evaluate_swaps": "reidzoo.apis.swap_evaluation",
    "export_onnx": "reidzoo.apis.onnx_export",
    "extract_poses": "reidzoo.apis.pose_extraction",
    "publish": "reidzoo.apis.publishing",
    "publish_generator": "reidzoo.apis.publishing_generators",
    "render_dataset": "reidzoo.apis.rendering",
    "repose": "reidzoo.apis.reposing",
    "repose_dataset": "reidzoo.apis.reposing",
    "sample_images": "reidzoo.apis.sampling",
    "swap": "reidzoo.apis.swapping",
    "swap_dataset": "reidzoo.apis.swapping",
    "train": "reidzoo.apis.training",
    "translate_dataset": "reidzoo.apis.translating",
}
__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
