"""One published method, one file: what is updated, in which order, with which weight."""

from reidzoo.methods.bot import BagOfTricks
from reidzoo.methods.camstyle import CamStyle
from reidzoo.methods.cyclegan import CycleGAN
from reidzoo.methods.dcgan import DCGAN
from reidzoo.methods.gan import GAN
from reidzoo.methods.ide import IDE
from reidzoo.methods.lsgan import LSGAN
from reidzoo.methods.pcb import PCB
from reidzoo.methods.preprocessor import ImagePreprocessor
from reidzoo.methods.ptgan import PTGAN
from reidzoo.methods.spgan import SPGAN
from reidzoo.methods.svdnet import SVDNet
from reidzoo.methods.triplet import Triplet
from reidzoo.methods.verif_identif import VerifIdentif

__all__ = [
    "DCGAN",
    "GAN",
    "IDE",
    "LSGAN",
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
