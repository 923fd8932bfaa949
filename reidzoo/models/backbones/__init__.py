"""Networks that turn an image into a feature map.

The contract of the shelf: ``backbone(images) -> feature map``, from B x 3 x H x W floats, normalised by the data
preprocessor, to B x C x h x w; ``out_channels`` is C, ``stride`` the input pixels per cell of the map (h is H / stride
within rounding). The argument ``weights`` names a file, which is loaded completely or refused.
"""

from reidzoo.models.backbones.osnet import OSNet
from reidzoo.models.backbones.timm_backbone import TimmBackbone
from reidzoo.models.backbones.torchvision_resnet import TorchvisionResNet
from reidzoo.models.backbones.torchvision_vgg import TorchvisionVGG19

__all__ = ["OSNet", "TimmBackbone", "TorchvisionResNet", "TorchvisionVGG19"]
