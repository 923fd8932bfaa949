"""A digest changes with what computes, near and far, and with nothing else."""

import pytest

from reidzoo.apis.code_digests import ROOMS, SourceTree, digests, source_tree

LOSS = '''
from reidzoo.base.errors import UserError
from reidzoo.base.arithmetic import double
from reidzoo.registry import LOSSES

SCALE = 2.0

@LOSSES.register
class Toy:
    """A loss."""

    def forward(self, x: int) -> int:
        # a comment
        if x < 0:
            raise UserError("x is at least 0")
        return SCALE * double(x)

def elsewhere():
    return 1
'''
BASE = "def double(x):\n    return x + x\n"
ERRORS = "class UserError(Exception):\n    pass\n"


def tree(loss=LOSS, base=BASE, errors=ERRORS):
    return SourceTree({"reidzoo.losses.toy": loss, "reidzoo.base.arithmetic": base, "reidzoo.base.errors": errors})


def changed(old, new):
    before, after = old.digests(["Toy"]), new.digests(["Toy"])
    return [room for room in ROOMS if before[room] != after[room]]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"""A loss."""', '"""Another text."""'),
        ("# a comment", "# none"),
        ("x: int) -> int", "x)"),
        ('"x is at least 0"', '"expected x >= 0"'),
        ("    return 1", "    return 2"),  # nobody uses it
        ("        return SCALE * double(x)", "\n        return (SCALE *\n                double(x))"),
    ],
)
def test_what_does_not_compute_does_not_count(old, new):
    assert old in LOSS
    assert changed(tree(), tree(LOSS.replace(old, new))) == []


def test_what_the_class_does_counts_and_what_it_uses():
    assert changed(tree(), tree(LOSS.replace("SCALE * double", "double"))) == ["losses"]
    assert changed(tree(), tree(LOSS.replace("SCALE = 2.0", "SCALE = 3.0"))) == ["losses"]
    assert changed(tree(), tree(base=BASE.replace("x + x", "2 * x"))) == ["base"]
    assert changed(tree(), tree(errors=ERRORS.replace("pass", "code = 1"))) == [], "named in a refusal only"


def test_a_definition_may_move_to_another_file_of_its_room():
    moved = SourceTree(
        {
            "reidzoo.losses.toy": LOSS.replace("SCALE = 2.0", "from reidzoo.losses.constants import SCALE"),
            "reidzoo.losses.constants": "SCALE = 2.0\n",
            "reidzoo.base.arithmetic": "from reidzoo.base.sums import double\n",
            "reidzoo.base.sums": BASE,
        }
    )
    assert changed(tree(), moved) == []


def test_an_attribute_of_an_imported_module_is_followed():
    loss = "from reidzoo.base import arithmetic\n@LOSSES.register\nclass Toy:\n    f = arithmetic.double\n"
    assert changed(tree(loss), tree(loss, BASE.replace("x + x", "2 * x"))) == ["base"]


def test_every_registered_network_loss_and_method_is_found_in_the_sources():
    from reidzoo.registry import all_shelves

    for shelf in ("methods", "backbones", "generators", "discriminators", "heads", "losses", "datasets"):
        for name, cls in all_shelves()[shelf].module_dict.items():
            if cls.__module__.startswith("reidzoo."):
                assert name in source_tree().registered, name


def test_the_digest_of_a_config_is_of_what_decides_about_numbers(tmp_path):
    text = 'model = dict(type="IDE")\nlog_level = "INFO"\n'
    (tmp_path / "a.py").write_text(text)
    (tmp_path / "b.py").write_text(text.replace("INFO", "DEBUG"))
    (tmp_path / "c.py").write_text(text.replace("IDE", "PCB"))
    a, b, c = (digests([tmp_path / f"{name}.py"]) for name in "abc")
    assert a == b
    assert a["config"] != c["config"]
    assert a["methods"] != c["methods"]
