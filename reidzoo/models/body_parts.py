"""Ten rigid parts of a body, and how each moved between two poses (Siarohin et al., CVPR 2018).

Written from the released code: the torso's region is the whole image, so that the background goes with it; limbs are
0.4 times the mean side of the torso wide; calves and forearms reach further beyond their end in masks than in
transforms. Affine maps are ordinary least squares, where the released code takes the total ones of its library: mostly
equal but for a few hundredths of a pixel, not where the torso is seen from the side.

All of it runs on the points' device in float64, for all images and parts at once. Points are B x 18 x 2, (y, x) in
pixels (:mod:`reidzoo.base.pose_maps`); inside, and in the transforms, coordinates are (x, y).
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from reidzoo.base.pose_maps import present
from reidzoo.base.skeletons import JOINT_INDEX

PARTS = (
    "torso",
    "head",
    "right_thigh",
    "left_thigh",
    "right_calf",
    "left_calf",
    "right_upper_arm",
    "left_upper_arm",
    "right_forearm",
    "left_forearm",
)
#: what samples nothing: a map to a place outside of every image
NOWHERE = 1000.0

_SIDES = ("right", "left")
_BONES = (("hip", "knee"), ("knee", "ankle"), ("shoulder", "elbow"), ("elbow", "wrist"))
#: from and to of the eight limbs in the order of PARTS; each right limb stands before its mirror image
_FROM, _TO = ([JOINT_INDEX[f"{side}_{bone[end]}"] for bone in _BONES for side in _SIDES] for end in (0, 1))
_MIRRORED = [limb ^ 1 for limb in range(len(_FROM))]
_OUTER = [1, 3]  # of _BONES: calves and forearms
#: how far limbs reach beyond their end, as a share of their length: in masks, in transforms
_MASK_REACH = [0.5 if limb // 2 in _OUTER else 0.1 for limb in range(len(_FROM))]
_TRANSFORM_REACH = [0.3 if limb // 2 in _OUTER else 0.1 for limb in range(len(_FROM))]
_REACH_BACK = 0.1  # beyond their beginning
_HALF_WIDTH = 0.2  # of a limb, in mean sides of the torso
_HEAD_HALF = 0.4  # of the head's square
_TORSO = [JOINT_INDEX[name] for name in ("right_hip", "left_hip", "left_shoulder", "right_shoulder")]
_SHOULDERS = [JOINT_INDEX[name] for name in ("left_shoulder", "right_shoulder")]
_HEAD = [JOINT_INDEX[name] for name in ("nose", "right_eye", "left_eye", "right_ear", "left_ear")]
#: spread across a line, of the spread along it, below which points lie on it and fix no affine map
_FLAT = 1e-9


class Limbs(NamedTuple):
    """Centre lines of the eight limbs: both ends B x 8 x 2, (x, y), and whether they are visible, B x 8."""

    start: Tensor
    end: Tensor
    visible: Tensor


def part_masks(points: Tensor, size: tuple[int, int]) -> Tensor:
    """Where each part is: B x 10 x H x W bool, in the order of :data:`PARTS`; nothing where a part is not visible.

    Args:
        points: of the target pose, with both shoulders and both hips.
        size: height and width of the image.
    """
    height, width = size
    x, there = _by_x(points), present(points)
    side = _torso_side(x)
    rows = torch.arange(height, device=points.device, dtype=x.dtype)[:, None]
    columns = torch.arange(width, device=points.device, dtype=x.dtype)
    torso = torch.ones(len(points), 1, height, width, dtype=torch.bool, device=points.device)

    seen = there[:, _HEAD, None].to(x.dtype)
    centre = ((x[:, _HEAD] * seen).sum(1) / seen.sum(1).clamp(min=1)).trunc()[..., None, None]  # B x 2 x 1 x 1
    half = (_HEAD_HALF * side).trunc()[:, None, None]
    head = _within(columns, centre[:, 0], half) & _within(rows, centre[:, 1], half) & seen.any(1)[..., None]

    limbs = _limbs(x, there, _MASK_REACH)
    along = limbs.end - limbs.start
    length = along.norm(dim=-1)[..., None, None]
    right = columns - limbs.start[..., 0, None, None]  # B x 8 x 1 x W
    down = rows - limbs.start[..., 1, None, None]  # B x 8 x H x 1
    dx, dy = along[..., 0, None, None], along[..., 1, None, None]
    forward, across = right * dx + down * dy, right * dy - down * dx  # both times the length of the limb
    inside = (forward >= 0) & (forward <= length**2)
    inside &= (across.abs() <= _HALF_WIDTH * side[:, None, None, None] * length) & (length > 0)
    return torch.cat((torso, head[:, None], inside & limbs.visible[..., None, None]), dim=1)


def part_transforms(target: Tensor, source: Tensor) -> Tensor:
    """From places in the target image to where their part was in the source image.

    A limb that the source does not show is taken from its mirror image. Where that, or the target's limb, or any joint
    of the head that both show is missing too, or points lie on a line, there is no map: the place is moved by
    :data:`NOWHERE`. The same holds of all parts where a shoulder or hip of either pose is missing.

    Args:
        target: points of the target pose.
        source: points of the source pose.

    Returns:
        B x 10 x 2 x 3 float64: (x, y) of the source is the matrix times (x, y, 1) of the target.
    """
    there = present(target), present(source)
    x_target, x_source = _by_x(target), _by_x(source)
    both = there[0] & there[1]
    torso = _fit(x_target[:, None, _TORSO], x_source[:, None, _TORSO], both[:, None, _TORSO])
    weights = torch.cat((both[:, _HEAD], both[:, _SHOULDERS]), dim=1) & both[:, _HEAD].any(1, keepdim=True)
    anchors = _HEAD + _SHOULDERS
    head = _fit(x_target[:, None, anchors], x_source[:, None, anchors], weights[:, None])

    moved = _limbs(x_source, there[1], _TRANSFORM_REACH)
    moved = Limbs(*(torch.where(_like(moved.visible, part), part, part[:, _MIRRORED]) for part in moved))
    kept = _limbs(x_target, there[0], _TRANSFORM_REACH)
    visible = (kept.visible & moved.visible)[..., None].expand(-1, -1, 4)
    limbs = _fit(_corners(kept, _torso_side(x_target)), _corners(moved, _torso_side(x_source)), visible)

    transforms = torch.cat((torso, head, limbs), dim=1)
    complete = both[:, _TORSO].all(1)[:, None, None, None]
    return torch.where(complete, transforms, _nowhere(transforms))


def _by_x(points: Tensor) -> Tensor:
    return points.double().flip(-1)


def _torso_side(x: Tensor) -> Tensor:
    """Root mean square of the lengths from hip to shoulder, right and left: B."""
    right_hip, left_hip, left_shoulder, right_shoulder = x[:, _TORSO].unbind(1)
    squares = (right_hip - right_shoulder).square().sum(-1) + (left_hip - left_shoulder).square().sum(-1)
    return (squares / 2).sqrt()


def _limbs(x: Tensor, there: Tensor, reach: list[float]) -> Limbs:
    """Centre lines, prolonged at the beginning by a tenth, at the end by ``reach``, of what is then their length."""
    start, end = x[:, _FROM], x[:, _TO]
    start = start + _REACH_BACK * (start - end)
    end = end + torch.tensor(reach, dtype=x.dtype, device=x.device)[:, None] * (end - start)
    return Limbs(start, end, there[:, _FROM] & there[:, _TO])


def _corners(limbs: Limbs, side: Tensor) -> Tensor:
    """The rectangle around each limb: B x 8 x 4 x 2."""
    along = limbs.start - limbs.end
    length = along.norm(dim=-1, keepdim=True)
    across = torch.stack((-along[..., 1], along[..., 0]), dim=-1) * _HALF_WIDTH * side[:, None, None] / length
    across = torch.where(length > 0, across, 1.0)  # seen end on: from corner to corner of a pixel, as released
    return torch.stack((limbs.start + across, limbs.start - across, limbs.end - across, limbs.end + across), dim=2)


def _fit(target: Tensor, source: Tensor, weights: Tensor) -> Tensor:
    """Least squares from N points of the target to as many of the source, for each part alone.

    Args:
        target: B x P x N x 2.
        source: B x P x N x 2.
        weights: B x P x N bool, which of them count.

    Returns:
        B x P x 2 x 3; :data:`NOWHERE` where fewer than three count, or all lie on a line.
    """
    weights = weights.to(target.dtype)[..., None]
    number = weights.sum(2, keepdim=True).clamp(min=1)
    middle_target, middle_source = ((points * weights).sum(2, keepdim=True) / number for points in (target, source))
    offsets = (target - middle_target) * weights
    moments = offsets.mT @ offsets  # B x P x 2 x 2
    xx, xy, yy = moments[..., 0, 0], moments[..., 0, 1], moments[..., 1, 1]
    determinant = xx * yy - xy.square()
    flat = determinant <= _FLAT * (xx + yy).square()
    adjugate = torch.stack((yy, -xy, -xy, xx), dim=-1).unflatten(-1, (2, 2))
    inverse = adjugate / torch.where(flat, 1.0, determinant)[..., None, None]
    linear = (source - middle_source).mT @ offsets @ inverse
    shift = middle_source.mT - linear @ middle_target.mT
    transforms = torch.cat((linear, shift), dim=-1)
    return torch.where(flat[..., None, None], _nowhere(transforms), transforms)


def _nowhere(transforms: Tensor) -> Tensor:
    return transforms.new_tensor([[1.0, 0.0, NOWHERE], [0.0, 1.0, NOWHERE]]).expand_as(transforms)


def _within(places: Tensor, centre: Tensor, half: Tensor) -> Tensor:
    """From ``half`` before the centre up to, without it, ``half`` behind."""
    return (places >= centre - half) & (places < centre + half)


def _like(condition: Tensor, values: Tensor) -> Tensor:
    return condition[..., None] if values.ndim > condition.ndim else condition
