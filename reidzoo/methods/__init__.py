"""One published method, one file: what is updated, in which order, with which weight."""

from reidzoo.methods.all_in_one import AllInOne
from reidzoo.methods.bot import BagOfTricks
from reidzoo.methods.camstyle import CamStyle
from reidzoo.methods.context_rendering import ContextRendering
from reidzoo.methods.cr_gan import CRGAN
from reidzoo.methods.cut_and_paste import CutAndPaste
from reidzoo.methods.cyclegan import CycleGAN
from reidzoo.methods.dcgan import DCGAN
from reidzoo.methods.deformable_gan import DeformableGAN
from reidzoo.methods.dgnet import DGNet
from reidzoo.methods.gan import GAN
from reidzoo.methods.ide import IDE
from reidzoo.methods.lsgan import LSGAN
from reidzoo.methods.lsro import LSRO
from reidzoo.methods.pcb import PCB
from reidzoo.methods.pg2 import PG2StageOne, PG2StageTwo
from reidzoo.methods.preprocessor import ImagePreprocessor
from reidzoo.methods.pseudo_label import PseudoLabel
from reidzoo.methods.ptgan import PTGAN
from reidzoo.methods.spgan import SPGAN
from reidzoo.methods.svdnet import SVDNet
from reidzoo.methods.taudl import TAUDL
from reidzoo.methods.triplet import Triplet
from reidzoo.methods.verif_identif import VerifIdentif

__all__ = [
    "CRGAN",
    "DCGAN",
    "GAN",
    "IDE",
    "LSGAN",
    "LSRO",
    "PCB",
    "PTGAN",
    "SPGAN",
    "TAUDL",
    "AllInOne",
    "BagOfTricks",
    "CamStyle",
    "ContextRendering",
    "CutAndPaste",
    "CycleGAN",
    "DGNet",
    "DeformableGAN",
    "ImagePreprocessor",
    "PG2StageOne",
    "PG2StageTwo",
    "PseudoLabel",
    "SVDNet",
    "Triplet",
    "VerifIdentif",
]
