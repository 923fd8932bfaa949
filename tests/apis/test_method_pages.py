"""Every method of the shelf has its page, and the pages say what files, configs and cards say today."""

import re
from collections import Counter
from pathlib import Path

import pytest

from reidzoo.apis import method_pages as pages_module
from reidzoo.apis.docstring_markdown import as_code, cell, inline, linked_to, markdown, sections
from reidzoo.apis.method_configs import ShippedConfig, configs_of, plainest, shipped_configs
from reidzoo.apis.method_pages import FOLDER, GUIDES, INDEX, method_pages, update_method_pages
from reidzoo.apis.paper_methods import KINDS, paper_methods
from reidzoo.methods import IDE, PG2StageOne
from reidzoo.registry import METHODS


@pytest.fixture(scope="module")
def pages():
    return method_pages()


def test_pages_are_up_to_date(pages):
    shown = {path: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.md")}
    assert set(shown) == set(pages), "run python tools/update_tables.py"
    for path, text in pages.items():
        assert shown[path] == text, f"{path}: run python tools/update_tables.py"


def test_every_method_has_one_page(pages):
    METHODS.import_from_location()
    methods = {name: cls for name, cls in METHODS.module_dict.items() if cls.__module__.startswith("reidzoo.methods.")}
    counts = Counter(name for method in paper_methods() for name in method.names)
    assert set(methods) - set(counts) == {"ImagePreprocessor"}, "the head of a method's file names authors, venue, year"
    assert set(counts.values()) == {1}
    for method in paper_methods():
        text = pages[FOLDER / f"{method.stem}.md"]
        assert all(f"### `{name}`" in text for name in method.names)
        assert text.startswith(f"# {method.title}\n")
        assert len(method.title) < 60, f"{method.file}: {len(method.title)} characters before the first colon"
        assert f"({method.stem}.md)" in pages[INDEX]
    assert len(pages) == len(paper_methods()) + 1


def test_every_page_has_its_parts(pages):
    for path, text in pages.items():
        if path != INDEX:
            assert re.findall(r"^## (.+)$", text, re.MULTILINE) == [
                "Files", "Configs", "Commands", "Checkpoints", "Arguments", "See also",
            ], path  # fmt: skip
            assert any(f"(/{guide.as_posix()})" in text for guide in GUIDES), (
                f"{path}: name the method or its file in one of {', '.join(map(str, GUIDES))}"
            )
            assert not re.search(r"^\| `\w+` \| \S+ \|  \|$", text, re.MULTILINE), f"{path}: an argument without a text"
            assert not re.search(r"``[^`]|:(class|func|meth):", text.replace("```", "")), (
                f"{path}: a docstring's markup"
            )


def test_every_kind_is_used():
    assert {method.kind for method in paper_methods()} == set(KINDS)


def test_links_lead_somewhere(pages):
    for path, text in pages.items():
        for target in re.findall(r"\]\((?!http)([^)#]+)", text):
            file = Path(target.lstrip("/")) if target.startswith("/") else FOLDER / target
            assert file in pages or file.exists(), f"{path} links to {target}"


def test_stale_and_surplus_pages_are_mended(tmp_path, monkeypatch):
    folder = tmp_path / "methods"
    folder.mkdir()
    monkeypatch.setattr(pages_module, "FOLDER", folder)
    monkeypatch.setattr(pages_module, "method_pages", lambda: {folder / "a.md": "new\n", folder / "b.md": "same\n"})
    for name, text in (("a", "old\n"), ("b", "same\n"), ("gone", "of a method that is no more\n")):
        (folder / f"{name}.md").write_text(text)
    assert update_method_pages() == [folder / "a.md", folder / "gone.md"]
    assert {path.name: path.read_text() for path in folder.iterdir()} == {"a.md": "new\n", "b.md": "same\n"}
    assert update_method_pages() == []


MAP = """Method: Author, 2020.

    paper          here
    x_i, p(y | X)  ``images``
    a long name of a letter   its text
                   goes on
"""


def test_a_map_becomes_a_table():
    assert markdown(MAP, skip=1).splitlines() == [
        "| paper | here |",
        "|---|---|",
        "| x_i, p(y \\| X) | `images` |",
        "| a long name of a letter | its text goes on |",
    ]


def test_cells_are_sorted_by_where_they_stand():
    table = "    mode   for G                for M\n    one    (p + n) / 4,   n: x  the same"
    assert markdown(f"Head.\n\n{table}", skip=1).splitlines()[-1] == "| one | (p + n) / 4, n: x | the same |"


def test_what_has_no_columns_becomes_code():
    assert markdown("Head.\n\n    a = b\n    c = d   # e", skip=1) == "```text\na = b\nc = d   # e\n```"


def test_paragraphs_and_lists():
    text = "One line\nand the next.\n\n* first\n  goes on\n* second\n\n1. one,\n2. two"
    assert markdown(text) == "One line and the next.\n\n* first goes on\n* second\n\n1. one,\n2. two"


def test_literals_and_roles_become_code():
    assert inline("``a * b``, :class:`reidzoo.x.Y`, :meth:`GAN.noise`") == "`a * b`, `Y`, `GAN.noise`"
    assert markdown("a literal ``over\ntwo lines``") == "a literal `over two lines`"


def test_what_markdown_would_misread_is_escaped():
    assert inline("a * b, W <- U, ||x||_2, x_i, **bold**") == "a \\* b, W &lt;- U, ||x||\\_2, x_i, **bold**"
    assert inline("f[1](x)") == "f[1]\\(x)"
    assert cell("p(y | x)") == "p(y \\| x)"


def test_roles_are_linked_where_the_file_is_known():
    namer = linked_to("reidzoo.methods.ide", [IDE])
    assert namer("reidzoo.methods.trained.TrainedMethod") == "[`TrainedMethod`](/reidzoo/methods/trained.py)"
    assert namer("reidzoo.models.generators.CRGANGenerator").endswith("(/reidzoo/models/generators/crgan_generator.py)")
    assert namer("reidzoo.base.pose_maps") == "[`pose_maps`](/reidzoo/base/pose_maps.py)"
    assert namer("ReIDMethod") == "[`ReIDMethod`](/reidzoo/methods/base.py)", "a base that the file does not import"
    assert namer("accuracy") == "[`accuracy`](/reidzoo/methods/base.py)", "what the file imports"
    assert namer("Tensor") == as_code("Tensor") == "`Tensor`", "not of this package"


def test_sections_of_a_class():
    head, found = sections(PG2StageOne.__doc__)
    assert head == "G1 alone: close to the photograph, and twice as close where the person is."
    assert list(found["Args"]) == ["generator", "data_preprocessor"]
    text = "Head.\n\nMore.\n\nArgs:\n    a: one\n        and more.\n    b: two.\n\nRaises:\n    UserError: three."
    assert sections(text) == (
        "Head.\n\nMore.", {"Args": {"a": "one and more.", "b": "two."}, "Raises": {"UserError": "three."}},
    )  # fmt: skip
    assert sections(None) == ("", {})


def config(tmp_path, name, text):
    path = tmp_path / "configs" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return ShippedConfig(path.relative_to(tmp_path))


HEADER = """# A config
# of two lines.
# train:  python tools/train.py configs/x.py \\
#             --seed 1
# pairs:  python tools/camstyle.py configs/x.py      (one after the other)
# expect: see model_zoo/README.md
_base_ = ["../_base_/x.py"]
model = dict(type="IDE", backbone=dict(type="OSNet"), loss=dict(type="CrossEntropy"), x=dict(type=NAME))
"""


def test_a_config_is_read_without_running_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = config(tmp_path, "ide/ide_osnet_synthped-day.py", HEADER)
    assert found.description == "A config of two lines."
    assert found.commands == [
        ("train", "python tools/train.py configs/x.py \\\n    --seed 1"),
        ("pairs", "python tools/camstyle.py configs/x.py  # one after the other"),
    ]
    assert found.method == "IDE"
    assert found.types == ["IDE", "OSNet", "CrossEntropy"]
    assert found.on_synthped


def test_whose_config_it_is(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    alone, also = 'model = dict(type="{}")', 'model = dict(type="IDE", data_preprocessor=dict(type="{}"))'
    own = config(tmp_path, "ide/a_synthped.py", alone.format("IDE"))
    short = config(tmp_path, "short/b_synthped.py", alone.format("Long"))
    later = config(tmp_path, "short/c_synthped.py", alone.format("IDE"))
    naming = config(tmp_path, "paste/d_synthped.py", also.format("Paste"))
    shipped = [own, short, later, naming]
    others = {"ide", "long_name", "cut", "anywhere"}
    assert configs_of("ide", {"IDE"}, others, shipped) == (Path("configs/ide"), [own])
    assert configs_of("long_name", {"Long"}, others, shipped) == (Path("configs/short"), [short, later])
    assert configs_of("cut", {"Paste"}, others, shipped) == (Path("configs/paste"), [naming])
    assert configs_of("anywhere", {"IDE"}, others, shipped).folder is None
    assert configs_of("absent", {"Absent"}, others, shipped) == (None, [])


def test_the_plainest_config():
    configs = [each for each in shipped_configs() if each.path.parent.name == "ide"]
    assert plainest(configs, {"ide_osnet-x0-25_synthped-day"}).path.stem == "ide_osnet-x0-25_synthped-day"
    assert plainest([], set()) is None


def test_every_shipped_config_says_what_it_is():
    for each in shipped_configs():
        assert each.description.endswith("."), f"{each.path}: the first line is a sentence"
        assert each.method is not None, f"{each.path}: model = dict(type=...)"
