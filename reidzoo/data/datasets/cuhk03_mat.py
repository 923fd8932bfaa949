"""The Matlab files of CUHK03: images out of ``cuhk-03.mat`` (HDF5), protocol out of the NP config files."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import cv2
import h5py
import numpy as np
from scipy.io import loadmat
from scipy.io.matlab import MatReadError
from tqdm import tqdm

from reidzoo.base.errors import UserError

IMAGES_FILE = "cuhk-03.mat"

#: the first five images of a person are of its first camera, the other five of its second
IMAGES_PER_VIEW = 5


class Row(NamedTuple):
    """One image of the protocol: base name, identity (from 1), camera (from 0)."""

    name: str
    pid: int
    camid: int


def config_name(boxes: str) -> str:
    """The protocol file of ``detected`` or ``labeled`` boxes."""
    return f"cuhk03_new_protocol_config_{boxes}.mat"


def read_part(home: Path, part: str, boxes: str) -> list[Row]:
    """The rows of ``train``, ``query`` or ``gallery``.

    Raises:
        UserError: the file is not the protocol's.
    """
    path = home / config_name(boxes)
    try:
        config = loadmat(path)
        # Matlab's arrays are uint16 and count from 1: widened before anything is subtracted or added
        index = config[f"{part}_idx"].astype(np.int64).ravel() - 1
        pids = config["labels"].astype(np.int64).ravel()
        cameras = config["camId"].astype(np.int64).ravel()
        names = [str(np.asarray(cell).ravel()[0]) for cell in config["filelist"].ravel()]
    except (MatReadError, ValueError, NotImplementedError, KeyError, OSError) as error:
        raise UserError(f"'{path}' is not a protocol file of CUHK03-NP ({error}): fetch it again") from error
    return [Row(names[i], int(pids[i]), int(cameras[i]) - 1) for i in index]


def extracted(home: Path, boxes: str) -> Path:
    """The folder of PNG files, written from ``cuhk-03.mat`` when it is not there yet (a minute or two).

    The folder gets its name when it is complete, so an interrupted extraction starts anew and several
    processes may try at once.

    Raises:
        UserError: neither the folder nor the .mat file exists, or the folder cannot be written.
    """
    folder = home / f"images_{boxes}"
    if folder.is_dir():
        return folder
    places = (home / IMAGES_FILE, home / "cuhk03_release" / IMAGES_FILE)
    source = next((path for path in places if path.is_file()), None)
    if source is None:
        raise UserError(
            f"CUHK03NP expects the images in '{folder}', or '{IMAGES_FILE}' in '{home}' to write them from: "
            "neither is there"
        )
    try:
        temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=home))
    except OSError as error:
        raise UserError(
            f"the images of '{source}' have to be written to '{folder}' once, and that failed ({error.strerror}): "
            "run it once as somebody who may write there"
        ) from error
    try:
        for name, image in tqdm(images_of(source, boxes), desc=f"writing {folder}", unit=" images", disable=None):
            if not cv2.imwrite(str(temporary / name), image[:, :, ::-1]):
                raise UserError(f"'{temporary / name}' could not be written: is the disk full?")
        temporary.chmod(0o755)
        os.rename(temporary, folder)
    except OSError:
        if not folder.is_dir():  # else another process was faster, which is as good
            raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return folder


def images_of(source: Path, boxes: str) -> Iterator[tuple[str, np.ndarray]]:
    """Base name and H x W x 3 uint8 RGB image of every image of ``detected`` or ``labeled``.

    Raises:
        UserError: the file is not the one that CUHK03 was released as.
    """
    try:
        with h5py.File(source) as file:
            # HDF5 holds Matlab's arrays transposed: pairs 1 x 5, persons 10 x P, images 3 x W x H
            for pair, pair_reference in enumerate(file[boxes][0], start=1):
                for person, references in enumerate(file[pair_reference][:].T, start=1):
                    for number, reference in enumerate(references, start=1):
                        image = file[reference][:].T
                        if image.ndim == 3:  # an empty cell is stored as its two dimensions
                            view = 1 if number <= IMAGES_PER_VIEW else 2
                            yield f"{pair}_{person:03d}_{view}_{number:02d}.png", image
    except (OSError, KeyError, TypeError) as error:
        raise UserError(f"'{source}' cannot be read as the release of CUHK03 ({error}): fetch it again") from error
