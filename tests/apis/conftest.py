"""A folder like a checkout in which something was trained, for the tests of publishing."""

import shutil

import pytest
from toy_publishing import enter


@pytest.fixture(scope="module")
def trained_once():
    """Folder of the one run of a file, as soon as a test has made it."""
    return {}


@pytest.fixture
def copied_site(trained_once, tmp_path, tmp_path_factory, monkeypatch):
    """Works in a copy of the folder that a function fills, which is called in it once a file."""

    def copied(fill):
        if not trained_once:
            folder = tmp_path_factory.mktemp("site")
            monkeypatch.chdir(folder)
            fill(folder)
            trained_once["folder"] = folder
        copy = shutil.copytree(trained_once["folder"], tmp_path / "site")
        enter(copy, monkeypatch)
        return copy

    return copied
