"""Deformable skips once more: image by image, part by part, cell by cell, from the formulas in the card."""

import numpy as np

BONES = [(8, 9), (11, 12), (9, 10), (12, 13), (2, 3), (5, 6), (3, 4), (6, 7)]
MIRRORED = [1, 0, 3, 2, 5, 4, 7, 6]
OUTER = (2, 3, 6, 7)
HEAD = (0, 14, 15, 16, 17)
NOWHERE = np.array([[1.0, 0, 1000], [0, 1, 1000]])


def by_x(points):
    """Points (x, y), None where missing."""
    return [None if y < 0 else np.array([x, y], dtype=float) for y, x in np.asarray(points, dtype=float)]


def torso_side(p):
    return np.sqrt((((p[8] - p[2]) ** 2).sum() + ((p[11] - p[5]) ** 2).sum()) / 2)


def rectangle(start, end, side, reach):
    """The four corners; on a line where the limb is seen end on."""
    start = start + 0.1 * (start - end)
    end = end + reach * (end - start)
    along = start - end
    if not along.any():
        return np.array([start + 1, start - 1, end - 1, end + 1])
    normal = np.array([-along[1], along[0]]) / np.sqrt((along**2).sum())
    half = 0.2 * side * normal
    return np.array([start + half, start - half, end - half, end + half])


def masks(points, size):
    p = by_x(points)
    side = torso_side(p)
    drawn = np.zeros((10, *size), dtype=bool)
    drawn[0] = True
    seen = [p[joint] for joint in HEAD if p[joint] is not None]
    if seen:
        x, y = (int(value) for value in np.mean(seen, axis=0))
        half = int(0.4 * side)
        drawn[1, max(0, y - half) : max(0, y + half), max(0, x - half) : max(0, x + half)] = True
    for limb, (start, end) in enumerate(BONES):
        if p[start] is None or p[end] is None:
            continue
        corners = rectangle(p[start], p[end], side, 0.5 if limb in OUTER else 0.1)
        origin, across, along = corners[0], corners[1] - corners[0], corners[3] - corners[0]
        if np.linalg.matrix_rank(np.stack([across, along])) < 2:
            continue
        for y in range(size[0]):
            for x in range(size[1]):
                u, v = np.linalg.solve(np.stack([across, along], axis=1), np.array([x, y]) - origin)
                drawn[2 + limb, y, x] = 0 <= u <= 1 and 0 <= v <= 1
    return drawn


def affine(target, source):
    """Least squares by numpy's solver."""
    design = np.concatenate([target, np.ones((len(target), 1))], axis=1)
    if np.linalg.matrix_rank(design) < 3:
        return NOWHERE
    return np.linalg.lstsq(design, np.array(source), rcond=None)[0].T


def transforms(target, source):
    t, s = by_x(target), by_x(source)
    torso = (8, 11, 5, 2)
    found = [affine([t[joint] for joint in torso], [s[joint] for joint in torso])]
    head = [joint for joint in HEAD if t[joint] is not None and s[joint] is not None]
    joints = [*head, 5, 2]
    found.append(affine([t[joint] for joint in joints], [s[joint] for joint in joints]) if head else NOWHERE)
    for limb, (start, end) in enumerate(BONES):
        first, last = BONES[limb]
        if s[first] is None or s[last] is None:
            first, last = BONES[MIRRORED[limb]]
        if any(point is None for point in (t[start], t[end], s[first], s[last])):
            found.append(NOWHERE)
            continue
        reach = 0.3 if limb in OUTER else 0.1
        there = rectangle(t[start], t[end], torso_side(t), reach)
        here = rectangle(s[first], s[last], torso_side(s), reach)
        found.append(affine(there, here))
    return np.stack(found)


def sample(features, x, y, sampling):
    """C values of a map C x h x w at a place, 0 outside."""

    def cell(column, row):
        inside = 0 <= column < features.shape[2] and 0 <= row < features.shape[1]
        return features[:, int(row), int(column)] if inside else np.zeros(len(features))

    if sampling == "nearest":
        return cell(np.floor(x + 0.5), np.floor(y + 0.5))
    left, top = np.floor(x), np.floor(y)
    right, below = x - left, y - top
    return (
        (1 - right) * (1 - below) * cell(left, top)
        + right * (1 - below) * cell(left + 1, top)
        + (1 - right) * below * cell(left, top + 1)
        + right * below * cell(left + 1, top + 1)
    )


def deform(features, source, target, size, sampling):
    """One image: C x h x w features and two poses of 18 x 2 to C x h x w, before a ReLU as the released code."""
    _, height, width = features.shape
    down, across = size[0] // height, size[1] // width
    drawn, moves = masks(target, size), transforms(target, source)
    moved = np.zeros_like(features)
    for row in range(height):
        for column in range(width):
            values = []
            for part in range(10):
                x = moves[part, 0] @ [column, row, 0] + moves[part, 0, 2] / across
                y = moves[part, 1] @ [column, row, 0] + moves[part, 1, 2] / down
                values.append(sample(features, x, y, sampling) * drawn[part, row * down, column * across])
            moved[:, row, column] = np.max(values, axis=0)
    return moved


def random_pose(rng, size=(32, 16), missing=0.3):
    """Points anywhere in the image; each but those of the torso is missing now and then."""
    points = rng.uniform(0, 1, (18, 2)) * (np.array(size) - 1)
    gone = rng.uniform(size=18) < missing
    gone[[2, 5, 8, 11]] = False
    points[gone] = -1
    return points.astype(np.float32)
