"""The toy data set of most tests: a module of its own, for `conftest` is the name of several."""

import cv2
import numpy as np


def write_toy_market(root, train_pids=6, test_pids=3, cameras=2, shots=2, size=(32, 16)):
    """A Market-1501 layout of small JPEGs; an identity's images share a colour, so a network can learn them."""
    rng = np.random.default_rng(0)
    for pid in range(1, train_pids + test_pids + 1):
        colour = rng.integers(0, 256, size=3)
        for camera in range(1, cameras + 1):
            for shot in range(shots):
                part = "bounding_box_train" if pid <= train_pids else "query" if shot == 0 else "bounding_box_test"
                image = np.clip(colour + rng.normal(0, 20, (*size, 3)), 0, 255).astype(np.uint8)
                path = root / part / f"{pid:04d}_c{camera}s1_{shot:06d}_01.jpg"
                path.parent.mkdir(parents=True, exist_ok=True)
                assert cv2.imwrite(str(path), image)
    return root
