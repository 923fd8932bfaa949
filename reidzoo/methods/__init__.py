"""One published method, one file: what is updated, in which order, with which weight."""

from reidzoo.methods.bot import BagOfTricks
from reidzoo.methods.camstyle import CamStyle
from reidzoo.methods.cyclegan import CycleGAN
from reidzoo.methods.ide import IDE
from reidzoo.methods.pcb import PCB
from reidzoo.methods.preprocessor import ImagePreprocessor
from reidzoo.methods.ptgan import PTGAN
from reidzoo.methods.spgan import SPGAN
from reidzoo.methods.svdnet import SVDNet
from reidzoo.methods.triplet import Triplet
from reidzoo.methods.verif_identif import VerifIdentif

__all__ = [
    "IDE",
    "PCB",
    "PTGAN",
    "SPGAN",
    "BagOfTricks",
    "CamStyle",
    "CycleGAN",
    "ImagePreprocessor",
    "SVDNet",
    "Triplet",
    "VerifIdentif",
]
