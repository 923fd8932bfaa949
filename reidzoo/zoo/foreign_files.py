"""Weight files that others publish and no card describes: named by path or address, and known by their digest."""

from __future__ import annotations

import re
from pathlib import Path

from reidzoo.base.addresses import local_file
from reidzoo.base.errors import UserError
from reidzoo.base.files import atomic_path, sha256
from reidzoo.base.reporting import Report, silent
from reidzoo.zoo.download import CHUNK, cache_folder
from reidzoo.zoo.mirrors import MirrorError, MirrorPause, open_mirror

WEB = ("http://", "https://")
DIGEST = re.compile(r"[0-9a-f]{64}")
#: torchvision, torch-fidelity and others end the name of a file with the first digits of its digest
DIGITS_IN_NAME = re.compile(r"-([0-9a-f]{8,64})$")


def verified_file(source: str | Path, digest: str | None = None, *, report: Report = silent) -> tuple[Path, str]:
    """The file that ``source`` names and its whole digest, after that was compared with what it should be.

    Args:
        source: a path, an address of a registered scheme (``zoo://NAME``), or one with ``http://`` or ``https://``,
            whose file is downloaded into the cache unless it is there already.
        digest: its SHA-256, 64 hexadecimal digits. None takes those that end the file's name, as in
            ``alexnet-owt-7be5be79.pth``; a download needs all 64.
        report: receives a line before something is downloaded.

    Raises:
        UserError: a digest that is none, no such file, nothing to compare its digest with, another digest, or a
            download that fails.
    """
    if digest is not None:
        digest = digest.lower()
        if not DIGEST.fullmatch(digest):
            raise UserError(f"a SHA-256 has 64 hexadecimal digits, got '{digest}': write it as sha256sum prints it")
    if str(source).startswith(WEB):
        if digest is None:
            raise UserError(
                f"'{source}' is downloaded only with the SHA-256 that it must have: name its 64 digits, too"
            )
        return _downloaded(str(source), digest, report), digest
    path = local_file(source)
    if not path.is_file():
        raise UserError(f"no weight file '{path}': check the path (relative ones start at the working directory)")
    found = sha256(path)
    named = DIGITS_IN_NAME.search(path.stem)
    expected = digest or (named[1] if named else None)
    if expected is None:
        raise UserError(
            f"nothing says which file '{path}' should be, neither digits at the end of its name nor a SHA-256: if you "
            f"trust it, name its SHA-256, {found}"
        )
    if not found.startswith(expected):
        raise UserError(
            f"'{path}' has the SHA-256 {found} and should have {expected}: copy or download it again, it was not read"
        )
    return path, found


def _downloaded(address: str, digest: str, report: Report) -> Path:
    """The file of ``address`` in the cache; it gets its name only when its digest is right."""
    mirror, _, name = address.rpartition("/")
    target = cache_folder() / name
    if target.is_file() and sha256(target) == digest:
        return target
    report(f"downloading {address} to {target}")
    try:
        with atomic_path(target) as part:
            with open_mirror(mirror, name, 0) as source, part.open("wb") as out:
                for chunk in source.chunks(CHUNK):
                    out.write(chunk)
            found = sha256(part)
            if found != digest:
                raise UserError(f"{address} sent a file with the SHA-256 {found}, not {digest}: it was not kept")
    except (MirrorError, MirrorPause) as error:
        raise UserError(
            f"'{address}' could not be downloaded ({error}): try again later, or name a file that you have"
        ) from error
    except OSError as error:
        raise UserError(
            f"'{target.parent}' cannot be written ({error.strerror or error}): name another folder with the "
            "environment variable REIDZOO_HOME"
        ) from error
    return target
