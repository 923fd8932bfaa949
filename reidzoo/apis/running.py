"""Building the Runner, alike for training and testing."""

from __future__ import annotations

from uuid import uuid4

from mmengine.config import Config
from mmengine.logging import MMLogger

from reidzoo.engine.compat import HarmlessWarnings
from reidzoo.engine.runner import Runner


def build_runner(cfg: Config) -> Runner:
    """A Runner with a name of its own.

    MMEngine keeps one global log history a name and names runs by the second, so two runs that start within one
    second of one process would write into each other's history.
    """
    cfg.setdefault("experiment_name", uuid4().hex)
    MMLogger.get_current_instance().addFilter(HarmlessWarnings())  # the Runner warns before it has built its own logger
    return Runner.from_cfg(cfg)
