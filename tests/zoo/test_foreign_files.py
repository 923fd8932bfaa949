"""Files that no card describes: named by path or address, read only with the digest that they should have."""

import hashlib
import os

import pytest
from toy_zoo import CONTENT, FILE, NAME

from reidzoo.base.addresses import register_scheme
from reidzoo.base.errors import UserError
from reidzoo.zoo.foreign_files import verified_file

DIGEST = hashlib.sha256(CONTENT).hexdigest()
OTHER = "0" * 64


@pytest.fixture
def file(tmp_path):
    """A function that writes the content under a name."""

    def write(name):
        (tmp_path / name).write_bytes(CONTENT)
        return tmp_path / name

    return write


@pytest.mark.parametrize("name", [f"net-{DIGEST[:8]}.pth", f"net-{DIGEST[:12]}.pth", f"net-{DIGEST}.pth"])
def test_digits_in_the_name_are_enough(file, name):
    assert verified_file(str(file(name))) == (file(name), DIGEST)


@pytest.mark.parametrize("name", ["net.pth", "net-v2.pth", "net-1234567.pth", "net-00000000.pth"])
def test_a_named_digest_is_enough_and_stronger_than_the_name(file, name):
    assert verified_file(file(name), DIGEST.upper()) == (file(name), DIGEST)


def test_an_address_of_a_scheme(file, monkeypatch):
    monkeypatch.setattr("reidzoo.base.addresses._FINDERS", {})
    register_scheme("toy", lambda name: file(f"{name}-{DIGEST[:8]}.pth"))
    assert verified_file("toy://net")[1] == DIGEST


@pytest.mark.parametrize(("name", "digest"), [("net-00000000.pth", None), (f"net-{DIGEST[:8]}.pth", OTHER)])
def test_another_digest_is_refused(file, name, digest):
    with pytest.raises(UserError, match="it was not read") as refusal:
        verified_file(file(name), digest)
    assert DIGEST in str(refusal.value)
    assert f"should have {digest or '00000000'}" in str(refusal.value)


def test_a_file_that_nothing_describes_is_refused_with_its_digest(file):
    with pytest.raises(UserError, match=f"if you trust it, name its SHA-256, {DIGEST}"):
        verified_file(file("net-v2.pth"))


def test_an_absent_file(tmp_path):
    with pytest.raises(UserError, match="no weight file"):
        verified_file(tmp_path / "net-12345678.pth")


@pytest.mark.parametrize("digest", ["", "12345678", "x" * 64, OTHER + "0"])
def test_what_is_no_digest(file, digest):
    with pytest.raises(UserError, match="64 hexadecimal digits, got"):
        verified_file(file("net.pth"), digest)


def test_a_download_reports_and_is_kept(zoo, server):
    lines = []
    address = f"{server.url}/a/{FILE}"
    assert verified_file(address, DIGEST, report=lines.append) == (zoo / FILE, DIGEST)
    assert (zoo / FILE).read_bytes() == CONTENT
    assert lines == [f"downloading {address} to {zoo / FILE}"]
    verified_file(address, DIGEST, report=lines.append)
    assert len(lines) == len(server.ranges) == 1, "what is there and right is not fetched again"


def test_a_download_needs_all_digits(server):
    with pytest.raises(UserError, match="only with the SHA-256"):
        verified_file(f"{server.url}/net-{DIGEST[:8]}.pth")
    assert server.ranges == []


def test_a_download_of_another_digest_leaves_nothing(zoo, server):
    with pytest.raises(UserError, match=f"SHA-256 {DIGEST}, not {OTHER}: it was not kept"):
        verified_file(f"{server.url}/{FILE}", OTHER)
    assert list(zoo.iterdir()) == []


@pytest.mark.parametrize("bad", [("status", 404), ("cut", 100)])
def test_a_download_that_fails(zoo, server, bad):
    server.bad = [bad]
    with pytest.raises(UserError, match="could not be downloaded"):
        verified_file(f"{server.url}/{FILE}", DIGEST)
    assert list(zoo.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="a file in the place of a folder")
def test_a_cache_that_cannot_be_written(zoo, server):
    zoo.parent.write_text("a file")
    with pytest.raises(UserError, match="REIDZOO_HOME"):
        verified_file(f"{server.url}/{NAME}.pth", DIGEST)
