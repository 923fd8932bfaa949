"""One published method, one file: what is updated, in which order, with which weight."""

from reidzoo.methods.ide import IDE
from reidzoo.methods.preprocessor import ImagePreprocessor

__all__ = ["IDE", "ImagePreprocessor"]
