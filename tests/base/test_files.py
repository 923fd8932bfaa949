"""The digest of files; atomic writing is tested where files are written."""

import hashlib

from reidzoo.base.files import sha256


def test_the_digest_is_that_of_the_bytes(tmp_path):
    empty, long = tmp_path / "empty", tmp_path / "long"
    empty.touch()
    long.write_bytes(bytes(range(256)) * 5000)  # more than one piece
    assert sha256(empty) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert sha256(long) == hashlib.sha256(long.read_bytes()).hexdigest()
