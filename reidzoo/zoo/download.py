"""From a card to a file that is known to be the card's: the right size and the right digest, or no file at all.

A file gets its name only after its digest was checked. Until then it is ``<name>.part``, which a later attempt
continues; a complete file with another digest is kept aside as ``<name>.rejected`` and never used.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from errno import EDQUOT, ENOSPC
from pathlib import Path

from filelock import FileLock

from reidzoo.base.errors import UserError
from reidzoo.base.files import sha256
from reidzoo.base.reporting import Report, silent
from reidzoo.zoo.cards import checkout, find_card
from reidzoo.zoo.metafiles import Card, Weights
from reidzoo.zoo.mirrors import ATTEMPTS, MirrorError, MirrorPause, open_mirror

SCHEME = "zoo"
#: where a checkout keeps the weights, relative to its root
CHECKPOINTS = Path("model_zoo/checkpoints")
CHUNK = 1 << 18

Progress = Callable[[int, int], object]


def cache_folder() -> Path:
    """Where downloads lie: ``checkpoints/`` in the folder that REIDZOO_HOME names, or in ``~/.cache/reidzoo``."""
    home = os.environ.get("REIDZOO_HOME")
    return (Path(home) if home else Path.home() / ".cache" / "reidzoo") / "checkpoints"


def locate(name: str) -> Path:
    """The verified file of a model: the checkout's own, or the cache's, or, where neither is there, downloaded.

    This is what ``zoo://NAME`` means. The digest is computed anew each time, so a file that decays is not used.

    Raises:
        UserError: as :func:`fetch`.
    """
    root = checkout()
    if root is not None:
        weights = published_weights(find_card(name))
        file = root / CHECKPOINTS / weights.file
        if file.is_file() and mismatch(file, weights) is None:
            return file
    return fetch(name)


def fetch(
    name: str,
    *,
    mirror: str | None = None,
    to: str | Path | None = None,
    progress: Progress = lambda done, total: None,
    report: Report = silent,
    wait: Callable[[float], object] = time.sleep,
) -> Path:
    """Bring the weights of a model into a folder, verified.

    Mirrors are asked in order: ``mirror``, then ``model_zoo/checkpoints`` of the checkout, then the card's own.

    Args:
        name: of a card.
        mirror: a folder, or a base URL with ``file://``, ``http://`` or ``https://``.
        to: the folder; default: the cache (:func:`cache_folder`).
        progress: receives bytes so far and bytes in all.
        report: receives a line when a mirror is given up, or a file is put aside.
        wait: is called with the seconds between two attempts.

    Returns:
        ``<to>/<name>.safetensors``. A file that is there already and right is not fetched again.

    Raises:
        UserError: no such model, no published weights, no mirror that has the right file, no mirror at all, a folder
            that cannot be written, or a full disk.
    """
    weights = published_weights(find_card(name))
    folder = Path(to) if to is not None else cache_folder()
    target = folder / weights.file
    if target.is_file() and mismatch(target, weights) is None:
        return target
    mirrors = _mirrors(mirror, weights)
    if not mirrors:
        raise UserError(f"no mirror is known for '{weights.file}': name a folder or a URL that has it with --mirror")
    with _writing(target, weights):
        folder.mkdir(parents=True, exist_ok=True)
        lock = folder / f".{target.name}.lock"
        with FileLock(lock):  # processes of one training ask for the same file at once
            _fetch_locked(target, weights, mirrors, progress, report, wait)
            lock.unlink(missing_ok=True)
    return target


def published_weights(card: Card) -> Weights:
    """The weights of a card.

    Raises:
        UserError: it has none; the sentence says how to train them.
    """
    if card.weights is None:
        raise UserError(f"no weights of '{card.name}' are published: train it with {card.train}")
    return card.weights


def mismatch(file: Path, weights: Weights) -> str | None:
    """What differs between a file and its card, in words; None when it is the card's."""
    size = file.stat().st_size
    if size != weights.size:
        return f"it has {size:,} bytes, and its card says {weights.size:,}"
    digest = sha256(file)
    return None if digest == weights.sha256 else f"its sha256 is {digest}, and its card says {weights.sha256}"


def _mirrors(first: str | None, weights: Weights) -> list[str]:
    root = checkout()
    own = root / CHECKPOINTS if root is not None else None
    shipped = [str(own)] if own is not None and (own / weights.file).is_file() else []
    return list(dict.fromkeys([*([first] if first is not None else []), *shipped, *weights.mirrors]))


def _fetch_locked(
    target: Path, weights: Weights, mirrors: list[str], progress: Progress, report: Report, wait: Callable
) -> None:
    if target.is_file():
        difference = mismatch(target, weights)
        if difference is None:
            return  # another process has brought it meanwhile
        report(_put_aside(target, target, difference))
    failures = []
    for mirror in mirrors:
        try:
            _from_mirror(mirror, target, weights, progress, wait)
            return
        except MirrorError as error:
            failures.append(str(error))
            report(failures[-1])
    raise UserError(
        f"'{weights.file}' could not be fetched ({'; '.join(failures)}): "
        "try again later, or name a folder or a URL that has it with --mirror"
    )


def _from_mirror(mirror: str, target: Path, weights: Weights, progress: Progress, wait: Callable) -> None:
    """Fetch from one mirror, with pauses and from where the last attempt ended, check, and give the file its name."""
    part = target.with_name(f"{target.name}.part")
    for attempt in range(ATTEMPTS):
        try:
            resumed = _append(mirror, part, weights, progress)
        except MirrorPause as pause:
            if attempt == ATTEMPTS - 1:
                raise MirrorError(f"{mirror}: {pause}, {ATTEMPTS} attempts") from pause
            wait(2.0**attempt)
            continue
        difference = mismatch(part, weights)
        if difference is None:
            part.replace(target)
            return
        if not resumed:
            raise MirrorError(f"{mirror}: {_put_aside(part, target, difference)}")
        part.unlink()  # the beginning may be of another file: once more, from the start
    raise MirrorError(f"{mirror}: what it sends does not continue what was there, {ATTEMPTS} attempts")


def _append(mirror: str, part: Path, weights: Weights, progress: Progress) -> bool:
    """Write what ``part`` lacks; returns whether it began with bytes of an earlier attempt."""
    start = part.stat().st_size if part.is_file() else 0
    if start > weights.size:
        part.unlink()
        start = 0
    if start == weights.size:
        return True
    with open_mirror(mirror, weights.file, start) as source:
        done = source.start  # 0 where the mirror cannot go on in the middle
        with part.open("ab" if done else "wb") as out:
            progress(done, weights.size)
            for chunk in source.chunks(CHUNK):
                out.write(chunk[: weights.size + 1 - done])  # one byte too many shows that the file is another
                done += len(chunk)
                progress(min(done, weights.size), weights.size)
                if done > weights.size:
                    break
    return source.start > 0


def _put_aside(file: Path, target: Path, difference: str) -> str:
    rejected = target.with_name(f"{target.name}.rejected")
    file.replace(rejected)
    return f"the file is not the card's ({difference}), it is kept as '{rejected}' and not used"


@contextmanager
def _writing(target: Path, weights: Weights) -> Iterator[None]:
    """Tell in one sentence why a folder takes no file."""
    try:
        yield
    except OSError as error:
        advice = "name another folder with --to, or with the environment variable REIDZOO_HOME"
        if error.errno in (ENOSPC, EDQUOT):
            target.with_name(f"{target.name}.part").unlink(missing_ok=True)
            raise UserError(
                f"the disk of '{target.parent}' has no room for the {weights.size:,} bytes of '{target.name}': "
                f"free some, or {advice}"
            ) from error
        raise UserError(f"'{target.parent}' cannot be written ({error.strerror or error}): {advice}") from error
