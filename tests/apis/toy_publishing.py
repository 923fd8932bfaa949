"""A folder like a checkout, for the tests of publishing generators."""

import json
import shutil

from reidzoo.apis.results import write_json
from reidzoo.data.datasets.listing import image_files

CLEAN = "0123456789ab"  # the checkout that runs the tests may have changes


def as_synthped(root, domain, images):
    """Toy images in a folder that says it was rendered."""
    shutil.copytree(images, root)
    counts = {folder.name: {"images": 0, "identities": 0} for folder in root.iterdir()}
    for folder, count in counts.items():
        names = [path.name for path in image_files(root / folder)]
        count.update(images=len(names), identities=len({name[:4] for name in names}))
    meta = {"domain": domain, "size": "toy", "seed": 0, "renderer_version": "0", "counts": counts}
    write_json(root / "meta.json", meta)
    return root


def change(file, **values):
    """Other values for some keys of a JSON file."""
    write_json(file, {**json.loads(file.read_text()), **values})


def enter(site, monkeypatch):
    """Work in ``site`` as in a checkout; the zoo finds its cards and weights there."""
    monkeypatch.chdir(site)
    for module in ("cards", "download"):
        monkeypatch.setattr(f"reidzoo.zoo.{module}.checkout", lambda: site)


def write_judged(file, row):
    """A row on images as if drawn and judged by the clean checkout."""
    write_json(file, {**row, "generator": {**row["generator"], "commit": CLEAN}, "commit": CLEAN})
