"""Reading one file from a mirror: a folder, or a base URL with file, http or https; from the middle where it can."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from urllib.error import HTTPError, URLError
from urllib.parse import quote, unquote, urlsplit
from urllib.request import Request, urlopen

from reidzoo.base.errors import UserError

ATTEMPTS = 4
TIMEOUT = 30.0  # seconds without a byte
BUSY = (408, 425, 429, 500, 502, 503, 504)  # answers that another attempt may change
CANNOT_RESUME = 416


class MirrorError(Exception):
    """This mirror does not give the file."""


class MirrorPause(Exception):
    """This attempt ended early; another one may go on."""


@dataclass
class Source:
    """An open file of a mirror.

    Attributes:
        stream: gives its bytes.
        start: offset of the first of them.
        length: number of them that the mirror announces, None where it does not say.
    """

    stream: BinaryIO
    start: int
    length: int | None

    def chunks(self, size: int) -> Iterator[bytes]:
        """The bytes, at most ``size`` at a time.

        Raises:
            MirrorPause: the connection ended before the announced length.
        """
        received = 0
        while True:
            try:
                chunk = self.stream.read(size)
            except (OSError, http.client.HTTPException) as error:
                raise MirrorPause(f"the connection broke after {self.start + received:,} bytes") from error
            if not chunk:
                break
            received += len(chunk)
            yield chunk
        if self.length is not None and received < self.length:
            raise MirrorPause(f"the connection ended after {self.start + received:,} bytes")


@contextmanager
def open_mirror(mirror: str, file: str, start: int) -> Iterator[Source]:
    """Open ``file`` of ``mirror`` at the byte ``start``, or at 0 where the mirror cannot begin in the middle.

    Raises:
        UserError: the mirror is neither a folder nor a URL of a known kind, or no URL at all.
        MirrorError: the mirror does not have the file, or refuses it.
        MirrorPause: the mirror does not answer, or asks for patience.
    """
    try:
        url = urlsplit(mirror)
    except ValueError as error:
        raise UserError(f"the mirror '{mirror}' is no URL ({error})") from error
    if url.scheme in ("http", "https"):
        opened = _open_url(f"{mirror.rstrip('/')}/{quote(file)}", mirror, start)
    elif url.scheme == "file":
        opened = _open_file(Path(unquote(url.path)) / file, mirror, start)
    elif "://" in mirror:
        raise UserError(f"a mirror is a folder or a URL with file, http or https, got '{mirror}'")
    else:
        opened = _open_file(Path(mirror) / file, mirror, start)
    with opened.stream:
        yield opened


def _open_file(path: Path, mirror: str, start: int) -> Source:
    try:
        stream = path.open("rb")
        length = path.stat().st_size
    except OSError as error:
        raise MirrorError(f"{mirror}: no '{path.name}' there ({error.strerror})") from error
    start = start if start < length else 0
    stream.seek(start)
    return Source(stream, start, length - start)


def _open_url(address: str, mirror: str, start: int) -> Source:
    headers = {"User-Agent": "reidzoo", "Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
    try:
        response = urlopen(Request(address, headers=headers), timeout=TIMEOUT)
    except HTTPError as error:
        error.close()
        if error.code == CANNOT_RESUME and start:
            return _open_url(address, mirror, 0)
        answer = f"the server answers {error.code} {error.reason}"
        if error.code in BUSY:
            raise MirrorPause(answer) from error
        raise MirrorError(f"{mirror}: {answer}") from error
    except (http.client.InvalidURL, ValueError) as error:
        raise UserError(f"the mirror '{mirror}' is no URL ({error})") from error
    except (URLError, OSError, http.client.HTTPException) as error:
        raise MirrorPause(f"no answer ({getattr(error, 'reason', None) or error})") from error
    resumed = response.status == http.client.PARTIAL_CONTENT
    if resumed and not (response.headers.get("Content-Range") or "").startswith(f"bytes {start}-"):
        response.close()
        return _open_url(address, mirror, 0)
    length = response.headers.get("Content-Length")
    return Source(response, start if resumed else 0, int(length) if length and length.isdigit() else None)
