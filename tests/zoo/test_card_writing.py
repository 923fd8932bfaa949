"""A card is put into its metafile without touching what else stands there, and only when it is valid."""

import copy

import pytest

from reidzoo.base.errors import UserError
from reidzoo.zoo.card_writing import write_model
from reidzoo.zoo.metafiles import read_metafile

MODEL = {
    "Name": "toy",
    "Config": "configs/toys/toy.py",
    "Metadata": {"Training Data": "Toys train", "Initialisation": "random", "Seed": 0, "Commit": "5303210e40"},
    "Results": [{"Task": "Person Re-Identification", "Dataset": "Toys test", "Metrics": {"mAP_step": 50.0}}],
    "Weights": {
        "File": "toy.safetensors",
        "Size": 10,
        "SHA256": "1" * 64,  # a number to YAML, unless it is quoted
        "Precision": "float16",
        "Holds": "method",
        "Licence": "as the repository",
        "Data Licence": "none needed",
        "Mirrors": [],
    },
}


def with_name(name, **values):
    model = {**copy.deepcopy(MODEL), "Name": name, **values}
    model["Weights"]["File"] = f"{name}.safetensors"
    return model


def test_a_new_metafile_gets_its_collection(tmp_path):
    write_model(tmp_path / "toys" / "metafile.yml", MODEL, method="Toy")
    (card,) = read_metafile(tmp_path / "toys" / "metafile.yml")
    assert (card.collection.name, card.collection.config_folder) == ("Toy", "configs/toys")
    assert card.metadata["Commit"] == "5303210e40"
    assert card.weights.sha256 == "1" * 64


def test_a_second_model_joins_the_collection_of_its_folder(tmp_path):
    file = tmp_path / "metafile.yml"
    write_model(file, MODEL, method="Toy")
    write_model(file, with_name("toy-variant"), method="ToyVariant")
    first, second = read_metafile(file)
    assert first.collection is not None
    assert first.collection == second.collection


def test_an_entry_is_replaced_in_its_place_and_keeps_what_was_written_by_hand(tmp_path):
    file = tmp_path / "metafile.yml"
    published = [{"Dataset": "Market-1501", "Metrics": {"mAP_official": 68.8}, "Source": "a paper"}]
    old = with_name("toy", Published=published)
    old["Weights"]["Mirrors"] = ["https://example.org/weights"]
    for model in (old, with_name("second"), with_name("toy", Results=[])):
        write_model(file, model, method="Toy")
    toy, second = read_metafile(file)
    assert (toy.name, second.name) == ("toy", "second")
    assert toy.results == ()
    assert toy.published[0].metrics == {"mAP_official": 68.8}
    assert toy.weights.mirrors == ("https://example.org/weights",)


def test_a_card_that_is_not_valid_changes_nothing(tmp_path):
    file = tmp_path / "metafile.yml"
    write_model(file, MODEL, method="Toy")
    before = file.read_bytes()
    bare = [{"Task": "Person Re-Identification", "Dataset": "Toys test", "Metrics": {"mAP": 50.0}}]
    with pytest.raises(UserError, match=r"which stays as it was: model 'second'.*'mAP' does not say its flavour"):
        write_model(file, with_name("second", Results=bare), method="Toy")
    assert file.read_bytes() == before
    assert list(tmp_path.iterdir()) == [file]
