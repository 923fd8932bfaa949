"""The shelves: what a name answers, and what a wrong one answers."""

import inspect

import pytest

from reidzoo.base.errors import UserError
from reidzoo.registry import BACKBONES, LOSSES, SHELVES, Shelf, address, all_shelves, check_arguments


def test_a_misspelt_name_gets_the_nearest_and_the_shelf():
    with pytest.raises(UserError, match=r"no 'OsNet' on shelf backbones: did you mean 'OSNet'"):
        BACKBONES.build({"type": "OsNet"})


def test_a_name_of_another_shelf_is_shown_where_it_stands():
    with pytest.raises(UserError, match=r"shelf backbones \(reidzoo/models/backbones/osnet.py:\d+\)"):
        LOSSES.build({"type": "OSNet"})


def test_wrong_arguments_get_signature_and_address():
    with pytest.raises(UserError, match=r"'widht', did you mean 'width'.* OSNet\(width: .*osnet.py:\d+"):
        BACKBONES.build({"type": "OSNet", "widht": 1})
    with pytest.raises(UserError, match="HeadX needs 'size'"):
        check_arguments(type("HeadX", (), {"__init__": lambda self, size: None}), {})


def test_config_without_type():
    with pytest.raises(UserError, match="add the type"):
        LOSSES.build({"label_smoothing": 0.1})


def test_a_name_is_unique_over_all_shelves(monkeypatch):
    spare = Shelf("spare", "reidzoo.losses")
    monkeypatch.setitem(SHELVES, "spare", spare)

    class OSNet:
        """An impostor."""

    with pytest.raises(UserError, match=r"'OSNet' .* is taken on shelf backbones by reidzoo/models/backbones/osnet.py"):
        spare.register(OSNet)
    assert "OSNet" not in spare.module_dict


def test_registering_twice_from_one_place_is_harmless():
    cls = BACKBONES.get("OSNet")
    assert BACKBONES.register(cls) is cls


@pytest.mark.parametrize("kind", sorted(SHELVES))
def test_every_entry_is_documented_with_its_arguments(kind):
    """The common promise of all shelves: a docstring, and every argument of the constructor explained in it."""
    for name, cls in all_shelves()[kind].module_dict.items():
        assert cls.__doc__, f"{name} ({address(cls)}) has no docstring"
        if "__init__" not in vars(cls):
            continue  # the base that owns the constructor documents it
        for argument in inspect.signature(cls).parameters:
            assert f"{argument}:" in cls.__doc__, f"{name} ({address(cls)}) does not document '{argument}'"
