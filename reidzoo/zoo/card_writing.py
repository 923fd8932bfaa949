"""Writing a card: into the metafile of its method, which stays as it is in every other entry."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from reidzoo.base.errors import UserError
from reidzoo.base.files import atomic_path
from reidzoo.zoo.metafiles import read_metafile

#: what people write into an entry by hand; a new card without them takes those of the old one over
BY_HAND = ("Published",)


def write_model(metafile: str | Path, model: dict[str, Any], *, method: str) -> None:
    """Put ``model`` into ``metafile``, in the place of the entry of its name, or behind the others.

    Figures of others (``Published``) and mirrors of the old entry are kept. The file is written anew: comments in it
    are lost, and it is replaced only when the result is a valid metafile.

    Args:
        metafile: created with a collection of its own where it does not exist.
        model: an entry of ``Models`` as :mod:`reidzoo.zoo.metafiles` describes it, without ``In Collection``.
        method: name of the collection, where there is none for the folder of the model's config.

    Raises:
        UserError: the metafile, or what it would become, is not valid.
    """
    metafile = Path(metafile)
    folder = str(Path(model["Config"]).parent)
    content: dict[str, Any] = {"Collections": [], "Models": []}
    if metafile.is_file():
        read_metafile(metafile)  # what is wrong already is not this model's fault
        content = yaml.safe_load(metafile.read_text(encoding="utf-8"))
    model = {"Name": model["Name"], "In Collection": _collection(content, folder, method), **model}
    names = [entry["Name"] for entry in content["Models"]]
    if model["Name"] in names:
        place = names.index(model["Name"])
        content["Models"][place] = _kept(content["Models"][place], model)
    else:
        content["Models"].append(model)
    write_metafile(metafile, content)


def write_metafile(metafile: Path, content: dict[str, Any]) -> None:
    """Write the whole content of a metafile, which is replaced only when it is valid.

    Raises:
        UserError: it is not.
    """
    text = yaml.dump(content, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120, default_flow_style=None)
    with atomic_path(metafile) as temporary:
        temporary.write_text(text, encoding="utf-8")
        try:
            read_metafile(temporary)
        except UserError as error:
            sentence = str(error).removeprefix(f"{temporary}: ")
            raise UserError(f"the card does not fit into '{metafile}', which stays as it was: {sentence}") from error


class _Dumper(yaml.SafeDumper):
    """No anchors: an entry that another one repeats is written out."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _collection(content: dict[str, Any], folder: str, method: str) -> str:
    for collection in content["Collections"]:
        if collection.get("Config Folder") == folder or collection["Name"] == method:
            return collection["Name"]
    content["Collections"].append({"Name": method, "Config Folder": folder})
    return method


def _kept(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    kept = {key: old[key] for key in BY_HAND if key in old and key not in new}
    mirrors = old.get("Weights", {}).get("Mirrors")
    if mirrors and "Weights" in new:
        new = {**new, "Weights": {**new["Weights"], "Mirrors": mirrors}}
    return {**new, **kept}
