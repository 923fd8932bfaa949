"""Two poses of one person of Market-1501, as published with the images, on which the literature's code was run."""

import torch

SIZE = (128, 64)

_Y = {
    "0188_c2s2_149727_03.jpg": [-1, 27, 27, -1, -1, 28, 46, 64, 60, 83, 105, 61, 88, 113, -1, -1, -1, 14],
    "0188_c4s6_008910_07.jpg": [-1, 27, 27, 45, 60, 26, 45, -1, 64, 94, 120, 64, 94, 120, -1, -1, 13, 13],
}
_X = {
    "0188_c2s2_149727_03.jpg": [-1, 35, 47, -1, -1, 22, 15, 8, 46, 39, 50, 28, 29, 38, -1, -1, -1, 27],
    "0188_c4s6_008910_07.jpg": [-1, 24, 37, 35, 25, 10, 3, -1, 32, 44, 55, 11, 5, 0, -1, -1, 31, 17],
}


def golden_points() -> torch.Tensor:
    """2 x 18 x 2 float32, (y, x) in images of 128 x 64 pixels."""
    return torch.tensor([[_Y[name], _X[name]] for name in _Y], dtype=torch.float32).transpose(1, 2)
