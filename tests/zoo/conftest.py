"""The toy zoo as fixtures."""

import threading
from http.server import ThreadingHTTPServer

import pytest
import yaml
from toy_zoo import CONTENT, Handler, metafile

from reidzoo.zoo import cards, download


@pytest.fixture
def write_zoo(tmp_path, monkeypatch):
    """Install a metafile as the whole zoo, without checkout, with an empty cache."""
    monkeypatch.setattr(cards, "PACKED", tmp_path / "index")
    monkeypatch.setattr(cards, "checkout", lambda: None)
    monkeypatch.setattr(download, "checkout", lambda: None)
    monkeypatch.setenv("REIDZOO_HOME", str(tmp_path / "home"))

    def write(content, method="toy"):
        path = tmp_path / "index" / method / "metafile.yml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
        return path

    return write


@pytest.fixture
def zoo(write_zoo, tmp_path):
    """The toy zoo; gives the cache's folder."""
    write_zoo(metafile())
    return tmp_path / "home" / "checkpoints"


@pytest.fixture
def server():
    """A web server on this machine; ``url``, ``ranges`` (what was asked for), ``bad``, ``content``, ``resumes``."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.content, server.resumes, server.ranges, server.bad = CONTENT, True, [], []
        server.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()
