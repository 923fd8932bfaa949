"""Readers: how the folder of each data set becomes a table of images."""

from reidzoo.data.datasets.cuhk03_np import CUHK03NP
from reidzoo.data.datasets.dukemtmc import DukeMTMCreID
from reidzoo.data.datasets.generated_folder import GeneratedFolder
from reidzoo.data.datasets.image_folder import ImageFolder
from reidzoo.data.datasets.market1501 import Market1501
from reidzoo.data.datasets.msmt17 import MSMT17
from reidzoo.data.datasets.pose_pairs import PosePairs
from reidzoo.data.datasets.positive_pairs import PositivePairs
from reidzoo.data.datasets.real_and_generated import RealAndGenerated
from reidzoo.data.datasets.sampled_folder import SampledFolder
from reidzoo.data.datasets.source_in_contexts import SourceInContexts
from reidzoo.data.datasets.synthped import SynthPed
from reidzoo.data.datasets.tracklets import Tracklets
from reidzoo.data.datasets.unpaired import UnpairedImages

__all__ = [
    "CUHK03NP",
    "MSMT17",
    "DukeMTMCreID",
    "GeneratedFolder",
    "ImageFolder",
    "Market1501",
    "PosePairs",
    "PositivePairs",
    "RealAndGenerated",
    "SampledFolder",
    "SourceInContexts",
    "SynthPed",
    "Tracklets",
    "UnpairedImages",
]
