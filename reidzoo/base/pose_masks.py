"""Where the person of a pose is: limbs drawn thick, gaps closed, in the two recipes of the literature.

Both draw limbs 8 pixels wide and close the result by a dilation and an erosion of 5 x 5 pixels; they differ by a few
pixels (their intersection is about 0.95 of their union), and so do the masked scores: never compare across recipes.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from reidzoo.base.errors import UserError, nearest
from reidzoo.base.pose_maps import disc_maps, present
from reidzoo.base.skeletons import JOINT_INDEX, LIMBS

#: half the width of a limb, radius of a joint, and distance of PG2's discs along a limb, in pixels
RADIUS = 4
#: side of the square that closes gaps, in pixels
CLOSING = 5

_ALSO_DRAWN = (
    ("neck", "right_ear"),
    ("neck", "left_ear"),
    ("right_ear", "left_ear"),
    # these three close the outline of the torso
    ("right_hip", "left_hip"),
    ("left_hip", "left_shoulder"),
    ("right_hip", "right_shoulder"),
)
#: indices of both ends of each line of a mask: the bones of the skeleton and six lines more
MASK_LIMBS = (*LIMBS, *((JOINT_INDEX[start], JOINT_INDEX[end]) for start, end in _ALSO_DRAWN))


def pose_mask(points: Tensor, size: tuple[int, int], recipe: str = "pg2") -> Tensor:
    """Masks of persons from their points, on the points' device.

    Args:
        points: B x 18 x 2, (y, x) in pixels.
        size: height and width of the masks.
        recipe: ``pg2`` (Ma et al., NIPS 2017, released code: discs along each limb; a joint without a visible
            neighbour is not drawn) or ``deform`` (Siarohin et al., CVPR 2018, released code: a rectangle for each limb
            and a disc on each visible joint).

    Returns:
        B x 1 x H x W uint8, 255 person and 0 rest; all 0 where no point is visible.

    Raises:
        UserError: an unknown recipe.
    """
    recipes = {"pg2": _discs_along_limbs, "deform": _rectangles_and_joints}
    if recipe not in recipes:
        raise UserError(f"there is no recipe '{recipe}' of pose masks, {nearest(recipe, recipes)}")
    drawn = recipes[recipe](points.float(), size)
    return (_close(drawn) * 255).to(torch.uint8)


def _discs_along_limbs(points: Tensor, size: tuple[int, int]) -> Tensor:
    """PG2: solid discs at both ends of a limb and at equal distances of at least RADIUS between; B x 1 x H x W, 0 or 1.

    The union of equal discs is the dilation of their centres by one disc, whatever their number.
    """
    starts, ends, visible = _limbs(points)
    steps = ((ends - starts).norm(dim=-1) / RADIUS).floor() * visible  # B x L
    number = torch.arange(int(steps.max()) + 1, device=points.device)[:, None]
    # centre i of n lies at i / n of the limb (multiplied first, so that whole pixels stay whole); the end stands
    # alone, since a limb shorter than RADIUS has no step
    between = starts[:, :, None] + (ends - starts)[:, :, None] * number / steps[..., None, None].clamp(min=1)
    centres = torch.cat((between, ends[:, :, None]), dim=2).trunc().long() + RADIUS  # B x L x N x 2
    drawn = torch.cat((number[:, 0] <= steps[..., None], torch.ones_like(visible)[..., None]), dim=2)

    height, width = (length + 2 * RADIUS for length in size)  # a disc may reach into the image from outside
    inside = (centres >= 0).all(-1) & (centres[..., 0] < height) & (centres[..., 1] < width)
    drawn = drawn & inside & visible[..., None]
    sample = torch.arange(len(points), device=points.device)[:, None, None]
    where = ((sample * height + centres[..., 0]) * width + centres[..., 1]) * drawn
    canvas = points.new_zeros(len(points) * height * width)
    canvas.scatter_reduce_(0, where.flatten(), drawn.to(canvas.dtype).flatten(), "amax")

    offsets = torch.arange(-RADIUS, RADIUS + 1, device=points.device)
    disc = (offsets[:, None] ** 2 + offsets**2 <= RADIUS**2).to(canvas.dtype)
    return (F.conv2d(canvas.view(-1, 1, height, width), disc[None, None]) > 0.5).to(canvas.dtype)


def _rectangles_and_joints(points: Tensor, size: tuple[int, int]) -> Tensor:
    """Deformable GAN: a filled rectangle for each limb, a disc on each visible joint; B x 1 x H x W, 0 or 1."""
    starts, ends, visible = _limbs(points)
    rows, columns = (torch.arange(length, device=points.device, dtype=points.dtype) for length in size)
    along = ends - starts
    length = along.norm(dim=-1)[..., None, None]
    down = (rows - starts[..., 0, None])[..., None]  # B x L x H x 1
    right = (columns - starts[..., 1, None])[..., None, :]  # B x L x 1 x W
    dy, dx = along[..., 0, None, None], along[..., 1, None, None]
    across, forward = down * dx - right * dy, down * dy + right * dx  # both times the length of the limb
    inside = (across.abs() <= RADIUS * length) & (forward >= 0) & (forward <= length**2)
    visible = visible & (length[..., 0, 0] > 0)  # a limb seen end on is its joint's disc
    limbs = (inside & visible[..., None, None]).any(dim=1, keepdim=True)
    # this recipe's discs are without their rim: nearer than 4 pixels are, of whole ones, those up to the root of 15
    joints = disc_maps(points, size, radius=math.sqrt(RADIUS**2 - 1)).amax(dim=1, keepdim=True)
    return torch.maximum(limbs.to(joints.dtype), joints)


def _limbs(points: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Start and end (B x L x 2) of each line of a mask, and whether both are visible (B x L)."""
    first, second = (list(indices) for indices in zip(*MASK_LIMBS, strict=True))
    there = present(points)
    return points[:, first], points[:, second], there[:, first] & there[:, second]


def _close(mask: Tensor) -> Tensor:
    """Dilation, then erosion, by a square; what lies outside the image counts for neither."""
    grown = F.max_pool2d(mask, CLOSING, stride=1, padding=CLOSING // 2)
    return -F.max_pool2d(-grown, CLOSING, stride=1, padding=CLOSING // 2)
