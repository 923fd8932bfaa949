"""reidzoo: person re-identification and the image generation that feeds it, on MMEngine.

Importing the package is free: it reads no file, sets no global flag and does not import torch.
"""

__version__ = "0.1.0"
