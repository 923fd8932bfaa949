"""A file of weights is the card's or it is not there: mirrors, resuming, refusals, full and read-only folders."""

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from errno import EROFS
from pathlib import Path

import pytest
from toy_zoo import CONTENT, FILE, NAME, metafile

from reidzoo.base.errors import UserError
from reidzoo.zoo import download
from reidzoo.zoo.download import cache_folder, fetch, locate

OTHER = bytes(reversed(CONTENT))
GONE = "http://127.0.0.1:1"  # nobody listens there


@pytest.fixture
def folder(tmp_path):
    """A folder that has the right file."""
    (tmp_path / "mirror").mkdir()
    (tmp_path / "mirror" / FILE).write_bytes(CONTENT)
    return tmp_path / "mirror"


@pytest.fixture
def small_chunks(monkeypatch):
    monkeypatch.setattr(download, "CHUNK", 1000)


def contents(folder):
    return sorted(path.name for path in folder.iterdir())


def test_the_cache(monkeypatch):
    monkeypatch.setenv("REIDZOO_HOME", "/somewhere")
    assert cache_folder() == Path("/somewhere/checkpoints")
    monkeypatch.delenv("REIDZOO_HOME")
    assert cache_folder() == Path.home() / ".cache" / "reidzoo" / "checkpoints"


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("kind", ["folder", "file", "http", "http with slash"])
def test_every_kind_of_mirror(zoo, folder, server, kind):
    mirror = {"folder": str(folder), "file": folder.as_uri(), "http": server.url, "http with slash": server.url + "/"}
    seen = []
    path = fetch(NAME, mirror=mirror[kind], progress=lambda done, total: seen.append((done, total)))
    assert path == zoo / FILE
    assert path.read_bytes() == CONTENT
    assert seen == [(done, 5000) for done in range(0, 5001, 1000)]
    assert contents(zoo) == [FILE], "nothing else is left behind"


def test_another_folder(zoo, folder, tmp_path):
    assert fetch(NAME, mirror=str(folder), to=tmp_path / "a" / "b") == tmp_path / "a" / "b" / FILE
    assert not zoo.exists()


def test_what_is_there_and_right_is_not_fetched_again(zoo, folder):
    fetch(NAME, mirror=str(folder))
    assert fetch(NAME) == zoo / FILE
    assert locate(NAME) == zoo / FILE


@pytest.mark.parametrize("content", [OTHER, CONTENT[:-1], CONTENT + b"x", b""], ids=["bytes", "short", "long", "empty"])
def test_a_decayed_file_is_put_aside_and_fetched_again(zoo, folder, content):
    zoo.mkdir(parents=True)
    (zoo / FILE).write_bytes(content)
    lines = []
    fetch(NAME, mirror=str(folder), report=lines.append)
    assert (zoo / FILE).read_bytes() == CONTENT
    assert (zoo / f"{FILE}.rejected").read_bytes() == content
    assert len(lines) == 1
    assert "not used" in lines[0]


@pytest.mark.parametrize("over", ["folder", "http"])
def test_a_mismatch_names_both_digests_and_keeps_the_file_aside(zoo, folder, server, over):
    server.content = OTHER
    (folder / FILE).write_bytes(OTHER)
    with pytest.raises(UserError) as refusal:
        fetch(NAME, mirror=server.url if over == "http" else str(folder))
    for content in (CONTENT, OTHER):
        assert hashlib.sha256(content).hexdigest() in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert contents(zoo) == [f".{FILE}.lock", f"{FILE}.rejected"]
    assert (zoo / f"{FILE}.rejected").read_bytes() == OTHER


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize(
    ("content", "said"),
    [(b"<html>sign in</html>", "it has 20 bytes, and its card says 5,000"), (CONTENT * 9, "it has 5,001 bytes")],
)
def test_a_file_of_another_size(zoo, server, content, said):
    server.content = content
    with pytest.raises(UserError, match=said):
        fetch(NAME, mirror=server.url)
    assert server.ranges == [None], "no second attempt at a file that is whole and wrong"
    assert not (zoo / FILE).exists()


def test_mirrors_in_order(write_zoo, folder, server, tmp_path, monkeypatch):
    content = metafile()
    content["Models"][0]["Weights"]["Mirrors"] = [server.url, folder.as_uri()]
    write_zoo(content)
    (tmp_path / "checkout" / download.CHECKPOINTS).mkdir(parents=True)
    (tmp_path / "checkout" / download.CHECKPOINTS / FILE).write_bytes(OTHER)
    monkeypatch.setattr(download, "checkout", lambda: tmp_path / "checkout")
    server.bad = [("status", 404)]
    lines = []
    fetch(NAME, mirror=str(tmp_path / "none"), report=lines.append)
    starts = [str(tmp_path / "none"), str(tmp_path / "checkout"), server.url]
    assert len(lines) == 3
    assert all(line.startswith(start) for line, start in zip(lines, starts, strict=True)), lines
    assert "no 'toy_net_data.safetensors' there" in lines[0]
    assert "404" in lines[2]


def test_a_checkout_needs_no_network_and_no_copy(write_zoo, tmp_path, monkeypatch):
    content = metafile()
    content["Models"][0]["Weights"]["Mirrors"] = [GONE]
    write_zoo(content)
    shipped = tmp_path / "checkout" / download.CHECKPOINTS / FILE
    shipped.parent.mkdir(parents=True)
    shipped.write_bytes(CONTENT)
    monkeypatch.setattr(download, "checkout", lambda: tmp_path / "checkout")
    assert locate(NAME) == shipped
    assert not cache_folder().exists()
    assert fetch(NAME).read_bytes() == CONTENT


def test_a_decayed_file_of_a_checkout_is_not_used_and_stays(zoo, tmp_path, monkeypatch):
    shipped = tmp_path / "checkout" / download.CHECKPOINTS / FILE
    shipped.parent.mkdir(parents=True)
    shipped.write_bytes(OTHER)
    monkeypatch.setattr(download, "checkout", lambda: tmp_path / "checkout")
    with pytest.raises(UserError, match="the file is not the card's"):
        locate(NAME)
    assert shipped.read_bytes() == OTHER
    assert not (zoo / FILE).exists()


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("resumes", [True, False], ids=["ranges", "no ranges"])
def test_a_cut_connection_goes_on_or_starts_again(zoo, server, resumes):
    server.bad, server.resumes = [("cut", 2000), ("cut", 1000)], resumes
    pauses = []
    assert fetch(NAME, mirror=server.url, wait=pauses.append).read_bytes() == CONTENT
    assert pauses == [1.0, 2.0]
    assert server.ranges == [None, "bytes=2000-", "bytes=3000-" if resumes else "bytes=1000-"]
    assert contents(zoo) == [FILE]


@pytest.mark.usefixtures("small_chunks")
def test_a_connection_that_keeps_breaking_leaves_what_the_next_download_continues(zoo, server):
    server.bad = [("cut", 1000)] * 4
    pauses = []
    with pytest.raises(UserError, match=r"the connection ended after 4,000 bytes, 4 attempts.*try again later"):
        fetch(NAME, mirror=server.url, wait=pauses.append)
    assert pauses == [1.0, 2.0, 4.0]
    assert (zoo / f"{FILE}.part").read_bytes() == CONTENT[:4000]
    assert fetch(NAME, mirror=server.url).read_bytes() == CONTENT
    assert server.ranges[-1] == "bytes=4000-"


@pytest.mark.usefixtures("small_chunks")
def test_an_interrupted_download_is_continued(zoo, server):
    def interrupt(done, total):
        if done >= 2000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(NAME, mirror=server.url, progress=interrupt)
    assert contents(zoo) == [f".{FILE}.lock", f"{FILE}.part"]
    seen = []
    assert fetch(NAME, mirror=server.url, progress=lambda done, _: seen.append(done)).read_bytes() == CONTENT
    assert seen[0] == 2000
    assert server.ranges[-1] == "bytes=2000-"


@pytest.mark.parametrize(
    "beginning", [OTHER[:2000], OTHER, OTHER + b"x", CONTENT], ids=["part", "all", "more", "right"]
)
@pytest.mark.parametrize("over", ["folder", "http"])
def test_a_beginning_of_any_other_file_does_no_harm(zoo, folder, server, beginning, over):
    zoo.mkdir(parents=True)
    (zoo / f"{FILE}.part").write_bytes(beginning)
    pauses = []
    path = fetch(NAME, mirror=server.url if over == "http" else str(folder), wait=pauses.append)
    assert path.read_bytes() == CONTENT
    assert pauses == []
    assert contents(zoo) == [FILE]


def test_a_beginning_that_is_longer_than_the_servers_file(zoo, server):
    zoo.mkdir(parents=True)
    (zoo / f"{FILE}.part").write_bytes(CONTENT[:4000])
    server.content = b"short"
    with pytest.raises(UserError, match="it has 5 bytes"):
        fetch(NAME, mirror=server.url)
    assert server.ranges == ["bytes=4000-", None]


def test_a_busy_server_is_asked_again_and_a_refusal_is_not(zoo, server):
    server.bad = [("status", 503), ("status", 429)]
    pauses = []
    assert fetch(NAME, mirror=server.url, wait=pauses.append) == zoo / FILE
    assert pauses == [1.0, 2.0]
    (zoo / FILE).unlink()
    server.bad = [("status", 403)]
    with pytest.raises(UserError, match=r"the server answers 403 Forbidden\): try again later, or name a folder"):
        fetch(NAME, mirror=server.url, wait=pauses.append)
    assert len(pauses) == 2


@pytest.mark.usefixtures("zoo")
def test_a_server_that_does_not_answer():
    pauses = []
    with pytest.raises(UserError, match=r"no answer \(.*refused.*\), 4 attempts"):
        fetch(NAME, mirror=GONE, wait=pauses.append)
    assert pauses == [1.0, 2.0, 4.0]


@pytest.mark.usefixtures("zoo")
@pytest.mark.parametrize(
    ("name", "mirror", "said"),
    [
        ("toy_net_dat", None, r"no model 'toy_net_dat' in the zoo, did you mean 'toy_net_data' or"),
        ("bare_net_data", None, "no weights of 'bare_net_data' are published: train it with python tools/train.py"),
        (NAME, None, "no mirror is known for 'toy_net_data.safetensors': name a folder or a URL"),
        (NAME, "ftp://x", "a mirror is a folder or a URL with file, http or https, got 'ftp://x'"),
        (NAME, "http://127.0.0.1:port", "the mirror 'http://127.0.0.1:port' is no URL"),
        (NAME, "http://[half", r"the mirror 'http://\[half' is no URL"),
    ],
)
def test_mistakes(name, mirror, said):
    with pytest.raises(UserError, match=said):
        fetch(name, mirror=mirror, wait=lambda seconds: None)


def test_a_full_disk(zoo, folder):
    zoo.mkdir(parents=True)
    (zoo / f"{FILE}.part").symlink_to("/dev/full")  # the kernel's own "no space left on device"
    with pytest.raises(UserError, match=r"has no room for the 5,000 bytes of 'toy_net_data.*': free some, or name"):
        fetch(NAME, mirror=str(folder))
    assert contents(zoo) == [f".{FILE}.lock"]


def test_a_read_only_cache(zoo, folder, monkeypatch):
    def refuse(self, *arguments, **options):
        raise OSError(EROFS, os.strerror(EROFS), str(self))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "mkdir", refuse)
        with pytest.raises(UserError, match=r"written \(Read-only file system\): name another folder with --to"):
            fetch(NAME, mirror=str(folder))
    fetch(NAME, mirror=str(folder))
    monkeypatch.setattr(Path, "mkdir", refuse)
    assert locate(NAME) == zoo / FILE, "a filled cache is read, not written"


@pytest.mark.usefixtures("zoo")
def test_a_folder_that_cannot_be(folder, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=r"cannot be written \(Not a directory\)"):
        fetch(NAME, mirror=str(folder), to=tmp_path / "file" / "below")


@pytest.mark.usefixtures("zoo")
def test_processes_that_ask_at_once_fetch_once(server):
    with ThreadPoolExecutor(4) as pool:
        paths = list(pool.map(lambda _: fetch(NAME, mirror=server.url), range(4)))
    assert {path.read_bytes() for path in paths} == {CONTENT}
    assert server.ranges == [None]
