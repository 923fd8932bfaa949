"""One thread everywhere: two busy pairs of OpenMP threads collapse to a tenth of the speed."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import cv2
import pytest
import torch

torch.set_num_threads(1)
cv2.setNumThreads(0)


@pytest.fixture(autouse=True)
def _from_repository_root(monkeypatch, request):
    """Configs name data and weights relative to the repository; tests start there as users do."""
    monkeypatch.chdir(request.config.rootpath)
