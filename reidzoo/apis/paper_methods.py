"""Which methods of the literature there are, of what kind each is, and what its file says of itself."""

from __future__ import annotations

import inspect
import re
from importlib import import_module
from itertools import groupby
from typing import NamedTuple

from reidzoo.apis.docstring_markdown import paragraphs
from reidzoo.methods.base import ReIDMethod
from reidzoo.methods.mixed import MixedMethod
from reidzoo.methods.pose_transfer import PoseTransferMethod
from reidzoo.methods.preprocessor import ImagePreprocessor
from reidzoo.methods.rendering import RenderingMethod
from reidzoo.methods.sampling import SamplingMethod
from reidzoo.methods.swapping import SwapMethod
from reidzoo.methods.translation import TranslationMethod
from reidzoo.registry import METHODS

#: a method's head names its paper, and with it a year
YEAR = re.compile(r"\b(19|20)\d\d\b|arXiv:\d{4}")


class Kind(NamedTuple):
    """Methods that belong together: by a base class, or by an argument that says what they learn from."""

    title: str
    bases: tuple[type, ...]
    argument: str | None = None

    def has(self, cls: type) -> bool:
        """Whether ``cls`` is of this kind."""
        return issubclass(cls, self.bases) or self.argument in inspect.signature(cls).parameters


#: the first that fits counts, so what is special stands before what it derives from
KINDS = (
    Kind("Contexts and tracklets", (RenderingMethod, ImagePreprocessor), "tracklets_per_camera"),
    Kind("Joint: one network that recognises and draws", (SwapMethod,)),
    Kind("Persons in other poses", (PoseTransferMethod,)),
    Kind("Translation between domains", (TranslationMethod,)),
    Kind("Images from noise", (SamplingMethod,)),
    Kind("Re-ID on real and generated images", (MixedMethod,)),
    Kind("Re-ID", (ReIDMethod,)),
)


class Method(NamedTuple):
    """A method's file and what the shelf has of it."""

    module: str
    classes: list[type]

    @property
    def stem(self) -> str:
        """The file's name, which is its page's as well."""
        return self.module.rpartition(".")[2]

    @property
    def file(self) -> str:
        """Path from the repository."""
        return f"{self.module.replace('.', '/')}.py"

    @property
    def names(self) -> list[str]:
        """What a config calls its classes."""
        return [cls.__name__ for cls in self.classes]

    @property
    def docstring(self) -> str:
        """Of the file."""
        return import_module(self.module).__doc__

    @property
    def title(self) -> str:
        """What stands before the first colon of the docstring."""
        return self._headline[0]

    @property
    def paper(self) -> str:
        """What follows the title in the docstring's first paragraph: authors, title, venue, year; or an idea."""
        paper = self._headline[1]
        return paper[:1].upper() + paper[1:]

    @property
    def kind(self) -> Kind:
        """Of its first class."""
        return next(kind for kind in KINDS if kind.has(self.classes[0]))

    @property
    def _headline(self) -> tuple[str, str]:
        title, _, paper = " ".join(paragraphs(self.docstring)[0]).partition(": ")
        return title, paper


def paper_methods() -> list[Method]:
    """The methods of the literature, by their files: what is on the shelf METHODS and whose file names a paper."""
    METHODS.import_from_location()
    ours = [cls for cls in METHODS.module_dict.values() if cls.__module__.startswith("reidzoo.methods.")]
    ours = [cls for cls in ours if YEAR.search(import_module(cls.__module__).__doc__ or "")]
    ours.sort(key=lambda cls: (cls.__module__, inspect.getsourcelines(cls)[1]))
    return [Method(module, list(classes)) for module, classes in groupby(ours, key=lambda cls: cls.__module__)]
