"""Points and masks of persons by MediaPipe, which needs older packages than the rest and so runs beside it."""

from __future__ import annotations

import struct
import subprocess
import tempfile
import weakref
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from reidzoo.base.errors import UserError
from reidzoo.base.skeletons import JOINTS, MISSING
from reidzoo.data.poses.mediapipe_worker import LANDMARKS, READY
from reidzoo.data.poses.skeleton_conversion import mediapipe33_to_18
from reidzoo.registry import POSE_ESTIMATORS

WORKER = Path(__file__).with_name("mediapipe_worker.py")
#: crops lower than this are enlarged to it: MediaPipe finds wrong legs in persons of 128 x 64 pixels
HEIGHT = 512
#: shares of the height that are added above and below, and on both sides: its detector looks for whole persons with
#: room around them. At 128 x 64 this is: enlarged 4 times, 64 and 128 pixels added.
MARGINS = (1 / 8, 1 / 4)
LANDMARK_BYTES = LANDMARKS * 3 * 4


@POSE_ESTIMATORS.register
class MediaPipePose:
    """MediaPipe's BlazePose (Bazarevsky et al., 2020), whose weights come in its package: nothing is downloaded.

    Args:
        python: of an environment with MediaPipe 0.10.21, relative to the working directory; ``make pose-env`` makes
            the default. MediaPipe runs in a process of this Python as long as the estimator lives.

    Raises:
        UserError: there is no such Python, or MediaPipe does not run in it.
    """

    def __init__(self, python: str = ".venv-pose/bin/python"):
        executable = Path(python).absolute()  # not resolved: an environment is known by its link
        if not executable.is_file():
            raise UserError(
                f"MediaPipe runs in an environment of its own, and there is no '{python}': make it with "
                "`make pose-env` in the repository's folder, and call from there"
            )
        self.python = python
        self._said = tempfile.TemporaryFile()  # noqa: SIM115, it lives as long as the process
        try:
            self._process = subprocess.Popen(
                [executable, "-I", WORKER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._said
            )  # -I: neither the worker's folder nor PYTHONPATH, which belongs to this process, are looked through
        except OSError as error:
            raise UserError(
                f"'{python}' cannot be run ({error.strerror}): name the Python of an environment"
            ) from error
        self._ending = weakref.finalize(self, _end, self._process)
        if self._read(len(READY)) != READY:
            raise self._died("does not start")

    def __call__(self, image: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Look at one image, H x W x 3 uint8 RGB; of several persons MediaPipe takes one.

        Returns:
            Points 18 x 2 float32, (y, x) in pixels within the image, ``MISSING`` where MediaPipe puts them outside (it
            completes persons that the image cuts off), and all where nobody was found; confidence 18 float32, 0 to 1;
            mask H x W uint8, 255 person and 0 rest.

        Raises:
            UserError: MediaPipe's process has ended.
        """
        picture, frame = framed(image)
        landmarks, mask = self._ask(picture)
        if landmarks is None:
            nowhere = np.full((len(JOINTS), 2), MISSING, np.float32)
            return nowhere, np.zeros(len(JOINTS), np.float32), np.zeros(image.shape[:2], np.uint8)
        points, visibilities = within(frame.to_image(landmarks[:, :2]), landmarks[:, 2], image.shape[:2])
        points, confidence = mediapipe33_to_18(points[None], visibilities[None])
        return points[0], confidence[0], frame.mask_to_image(mask, image.shape[:2])

    def _ask(self, picture: np.ndarray) -> tuple[np.ndarray | None, np.ndarray | None]:
        """Landmarks 33 x 3 and mask of a picture, both None where nobody was found."""
        height, width = picture.shape[:2]
        with suppress(BrokenPipeError):  # told below, by the answer that does not come
            self._process.stdin.write(struct.pack("<II", height, width) + picture.tobytes())
            self._process.stdin.flush()
        found = self._read(1)
        if found == b"\0":
            return None, None
        answer = self._read(LANDMARK_BYTES + height * width)
        if found != b"\1" or len(answer) != LANDMARK_BYTES + height * width:
            raise self._died(f"ended at a picture of {height} x {width} pixels")
        landmarks = np.frombuffer(answer[:LANDMARK_BYTES], "<f4").reshape(LANDMARKS, 3)
        return landmarks, np.frombuffer(answer[LANDMARK_BYTES:], np.uint8).reshape(height, width)

    def _read(self, size: int) -> bytes:
        return self._process.stdout.read(size)

    def _died(self, what: str) -> UserError:
        """The sentence on a process that ended, with the last line that it left."""
        self._ending()
        self._said.seek(0)
        lines = self._said.read().decode(errors="replace").split("\n")
        last = next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")
        return UserError(f"MediaPipe {what} in '{self.python}' ({last}): make that environment anew, `make pose-env`")


class Frame(NamedTuple):
    """Where an image lies in the picture that MediaPipe sees: enlarged, then with margins."""

    #: height and width of the enlarged image, in pixels
    size: tuple[int, int]
    #: pixels above and to the left of it
    corner: tuple[int, int]
    #: pixels of the enlarged image by pixel of the image, down and across
    scale: tuple[float, float]

    def to_image(self, points: np.ndarray) -> np.ndarray:
        """Points N x 2 (y, x), measured from the picture's upper left corner, in the image's pixels.

        Distances from a corner are half a pixel more than pixel numbers, whose centres count.
        """
        return ((points - self.corner) / self.scale - 0.5).astype(np.float32)

    def mask_to_image(self, mask: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        """A soft mask of the picture (uint8) as one of the image, H x W: 255 from one half on, 0 elsewhere."""
        (top, left), (height, width) = self.corner, self.size
        inner = mask[top : top + height, left : left + width]
        shrunk = cv2.resize(inner, size[::-1], interpolation=cv2.INTER_AREA)
        return np.where(shrunk >= 128, 255, 0).astype(np.uint8)


def framed(image: np.ndarray) -> tuple[np.ndarray, Frame]:
    """The picture in which MediaPipe finds small crops' persons, and where the image lies in it.

    Args:
        image: H x W x 3 uint8 RGB; enlarged (bicubic) to ``HEIGHT`` where it is lower; its edges are repeated outwards.
    """
    height, width = image.shape[:2]
    factor = max(1.0, HEIGHT / height)
    size = round(height * factor), max(1, round(width * factor))
    top, left = (round(size[0] * share) for share in MARGINS)
    enlarged = cv2.resize(image, size[::-1], interpolation=cv2.INTER_CUBIC)
    picture = cv2.copyMakeBorder(enlarged, top, top, left, left, cv2.BORDER_REPLICATE)
    return picture, Frame(size, (top, left), (size[0] / height, size[1] / width))


def within(points: np.ndarray, visibilities: np.ndarray, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Points N x 2 and visibilities N of an image: up to a pixel outside is moved to the edge, further is missing."""
    edge = np.array(size) - 1
    outside = (np.maximum(-points, points - edge) > 1).any(axis=1)
    inside = np.clip(points, 0, edge).astype(np.float32)
    return np.where(outside[:, None], np.float32(MISSING), inside), np.where(outside, 0, visibilities)


def _end(process: subprocess.Popen) -> None:
    """The worker ends when its input does."""
    with suppress(OSError):
        process.stdin.close()
    process.wait()
    process.stdout.close()
