"""Toy tables, trained and tested: the file as it is read, order, skipping, refusals, and the text they give."""

import json
import re
import shutil

import pytest

from reidzoo.apis import stages
from reidzoo.apis.table_plan import read_table
from reidzoo.apis.table_runs import run_table
from reidzoo.apis.table_text import table_text
from reidzoo.base.errors import UserError

TABLE = """
title = "Toy"
seeds = [1]

[columns]
"day" = "day"
"day to dusk" = "day2dusk"

[variants.cosine]
"test_evaluator.distance" = "cosine"

[[runs]]
row = "IDE"
stages = ["{folder}/ide_toy_day.py"]
seeds = [0, 1]
tests = [
    {{ config = "{folder}/ide_toy_day.py" }},
    {{ config = "{folder}/ide_toy_day2dusk.py" }},
    {{ config = "{folder}/ide_toy_day2dusk.py", variant = "cosine" }},
]

[[runs]]
row = "two stages"
stages = ["{folder}/ide_toy_day.py", "{folder}/next_toy_day.py"]

[[claims]]
text = "More training helps"
above = "two stages @ day"
below = "IDE @ day"
metric = "rank1"
"""


@pytest.fixture
def table(toy_config, tmp_path):
    """Path of a table of three toy configs; its text may be replaced by ``(old, new)``."""
    for name in ("ide_toy_day", "ide_toy_day2dusk", "next_toy_day"):
        shutil.copy(toy_config(**{"train_cfg.max_epochs": 1}), tmp_path / f"{name}.py")

    def write(*replaced):
        text = TABLE.format(folder=tmp_path)
        for old, new in replaced:
            assert old in text
            text = text.replace(old, new)
        (tmp_path / "toy.toml").write_text(text)
        return tmp_path / "toy.toml"

    return write


@pytest.fixture
def run(table, tmp_path):
    """Run the table in folders of the test; returns the names of the files written, and the lines of progress."""

    def run(path=None, **settings):
        lines = []
        written = run_table(
            path or table(),
            work_dir=tmp_path / "runs",
            results=tmp_path / "results",
            report=lines.append,
            **settings,
        )
        return [file.name for file in written], lines

    return run


def test_a_table_as_it_is_read(table):
    toy = read_table(table())
    assert toy.rows == ["IDE", "IDE, cosine", "two stages"]
    assert list(toy.cells) == ["IDE @ day", "IDE @ day to dusk", "IDE, cosine @ day to dusk", "two stages @ day"]
    _, cell = toy.cells["IDE, cosine @ day to dusk"]
    assert cell.options == {"test_evaluator.distance": "cosine"}
    assert cell.results_file(3).name == "ide_toy_day2dusk.cosine.seed3.json"
    assert toy.runs[1].seeds == (1,)
    assert (toy.claims[0].metric, toy.claims[0].scale) == ("rank1", 1.0)


@pytest.mark.parametrize(
    ("old", "new", "answer"),
    [
        ("title =", "titel =", "lacks the key 'title'"),
        ("seeds = [1]\n\n[col", "seed = [1]\n\n[col", "has no key 'seed', did you mean 'seeds'"),
        ("seeds = [0, 1]", "seeds = [0, -1]", r"seeds from 0, got .* and \[0, -1\]"),
        ("seeds = [0, 1]", "seeds = 0", "'seeds' is of another type"),
        ("next_toy_day.py", "absent_toy_day.py", "'two stages'.*: no config file .*absent_toy_day.py"),
        ('"day to dusk" = "day2dusk"', '"dusk" = "dusk"', "no column for the data 'day2dusk'"),
        ('variant = "cosine"', 'variant = "cosin"', "no variant 'cosin', did you mean 'cosine'"),
        ('variant = "cosine"', 'label = "cosine"', "has no key 'label'"),
        (', variant = "cosine"', "", "two tests fill the cell 'IDE @ day to dusk'"),
        ('row = "two stages"', 'row = "IDE"', "two tests fill the cell 'IDE @ day'"),
        (', "{folder}/next_toy_day.py"', "", "two tests fill the results file"),
        ('"two stages @ day"', '"two stage @ day"', "names no cell 'two stage @ day', did you mean 'two stages @ day'"),
        ("[[claims]]", "[claims]", "'claims' is of another type"),
        ("[[runs]]", "[[runs", "is no TOML"),
    ],
)
def test_mistakes_in_a_table(table, tmp_path, old, new, answer):
    with pytest.raises(UserError, match=answer):
        read_table(table((old.format(folder=tmp_path), new)))


def test_an_absent_table():
    with pytest.raises(UserError, match=r"no table 'absent\.toml'"):
        read_table("absent.toml")


@pytest.mark.slow
def test_a_table_is_filled_once(run, table, tmp_path, monkeypatch):
    written, lines = run()
    first = [f"ide_toy_{name}.seed0.json" for name in ("day", "day2dusk", "day2dusk.cosine")]
    then = [name.replace("seed0", "seed1") for name in first]
    assert written == [*first, *then, "next_toy_day.seed1.json"], "seed 0 of every run before seed 1"
    assert lines[0] == "Toy: 3 runs, 0 done, 3 left"
    assert any(line.startswith("[3/3] two stages (next_toy_day), seed 1: 1 tested; 0 left") for line in lines)
    cosine = json.loads((tmp_path / "results" / "ide_toy_day2dusk.cosine.seed0.json").read_text())
    assert cosine["options"] == {"test_evaluator.distance": "cosine"}
    assert (tmp_path / "results" / cosine["queries"]).is_file()
    staged = json.loads((tmp_path / "results" / "next_toy_day.seed1.json").read_text())
    assert staged["init"] == f"stages {tmp_path}/ide_toy_day.py"
    assert staged["stages"] == [f"{tmp_path}/ide_toy_day.py", f"{tmp_path}/next_toy_day.py"]
    assert (tmp_path / "runs" / "ide_toy_day" / "seed1" / "epoch_1.pth").is_file()

    monkeypatch.setattr(stages, "train", lambda *arguments, **settings: pytest.fail("nothing is left to train"))
    assert run()[0] == []
    row = tmp_path / "results" / "next_toy_day.seed1.json"
    row.write_text(json.dumps({**json.loads(row.read_text()), "checkpoint_sha256": "of another run"}))
    (tmp_path / "results" / "ide_toy_day.seed0.queries.csv").unlink()
    assert run()[0] == ["ide_toy_day.seed0.json", "next_toy_day.seed1.json"]
    assert run(table(('"cosine"\n\n', '"euclidean"\n\n')))[0] == [
        "ide_toy_day2dusk.cosine.seed0.json",
        "ide_toy_day2dusk.cosine.seed1.json",
    ], "options have changed"
    shutil.rmtree(tmp_path / "runs")
    run(table(('"cosine"\n\n', '"euclidean"\n\n')))  # without checkpoints the rows stand

    text = table_text(read_table(table()), tmp_path / "results")
    number = r"\d+\.\d( ± \d+\.\d)?"
    assert re.search(rf"^\| IDE \| .* \| {number} \| {number} \| {number} \| {number} \| 2 \|$", text, re.MULTILINE)
    assert re.search(r"^\| IDE, cosine \| .* \| – \| – \| – \| – \| – \|$", text, re.MULTILINE), "of other options"
    assert re.search(r"^\| two stages \| .* \| \d+\.\d \| \d+\.\d \| – \| – \| 1 \|$", text, re.MULTILINE)
    assert "Percent, mean ± standard deviation over seeds; " in text
    assert re.search(r"rank1: two stages @ day − IDE @ day \| [+-]\d+\.\d \| not resolved \(.*one run only", text)


def test_choosing_rows_and_seeds(run, tmp_path):
    assert run(only_tests=True)[0] == []
    written, lines = run(rows=["IDE, cosine"], seeds=[1])
    assert written == ["ide_toy_day2dusk.cosine.seed1.json"]
    assert lines[0] == "Toy: 1 runs, 0 done, 1 left"
    written, lines = run(only_tests=True)
    assert written == ["ide_toy_day.seed1.json", "ide_toy_day2dusk.seed1.json"]
    assert "two stages (next_toy_day), seed 1: not trained, so not tested" in lines
    with pytest.raises(UserError, match="no row 'IDF', did you mean 'IDE'"):
        run(rows=["IDF"])
    with pytest.raises(UserError, match="runs the seeds 0, 1, got 5"):
        run(seeds=[5])


def test_a_test_by_a_config_that_trains_otherwise_is_refused(run, tmp_path):
    config = tmp_path / "ide_toy_day2dusk.py"
    config.write_text(config.read_text().replace("lr=0.01", "lr=0.02"))
    with pytest.raises(UserError, match=r"train differently \(optim_wrapper.optimizer.lr: 0.01 and 0.02\)"):
        run()
    assert not (tmp_path / "runs").exists(), "before anything is trained"


def test_a_run_that_fails_is_named_and_leaves_what_is_done(run, table, tmp_path):
    config = tmp_path / "next_toy_day.py"
    config.write_text(config.read_text().replace("lr=0.01", "lr=1e30"))
    reduced = table(("    {{ config".format() + f' = "{tmp_path}/ide_toy_day2dusk.py", variant = "cosine" }},\n', ""))
    with pytest.raises(UserError, match=r"two stages \(next_toy_day\), seed 1: .*loss"):
        run(reduced, seeds=[1])
    assert {file.name for file in (tmp_path / "results").glob("*.json")} == {
        "ide_toy_day.seed1.json",
        "ide_toy_day2dusk.seed1.json",
    }
    assert run(reduced, rows=["IDE"], seeds=[1])[0] == []


def test_the_text_of_a_table_that_was_not_run(table, tmp_path):
    text = table_text(read_table(table()), tmp_path / "results").replace(f"/{tmp_path}/", "/")
    assert text.splitlines() == [
        "| Toy | configs | day: mAP_step | rank1 | day to dusk: mAP_step | rank1 | seeds |",
        "|---|---|---|---|---|---|---|",
        "| IDE | [day](/ide_toy_day.py), [day to dusk](/ide_toy_day2dusk.py) | – | – | – | – | – |",
        "| IDE, cosine | [day to dusk](/ide_toy_day2dusk.py) | – | – | – | – | – |",
        "| two stages | [day](/next_toy_day.py) | – | – | – | – | – |",
        "",
        "| claim | compared | difference [95 %] | verdict |",
        "|---|---|---|---|",
        "| More training helps | rank1: two stages @ day − IDE @ day | – | not run |",
    ]


def toy_rows(folder, config, seeds, first_matches, **changes):
    """Rows of results with their tables of queries, one a seed: ``first_matches`` by seed."""
    folder.mkdir(exist_ok=True)
    for seed, matches in zip(seeds, first_matches, strict=True):
        stem = f"{config}.seed{seed}"
        lines = ["image,pid,camid,ap_step,ap_official,inp,first_match"]
        lines += [f"query/{i}.jpg,{i},0,{1 / m:.5f},{1 / m:.5f},{1 / m:.5f},{m}" for i, m in enumerate(matches, 1)]
        (folder / f"{stem}.queries.csv").write_text("\n".join(lines) + "\n")
        rank1 = 100 * sum(match == 1 for match in matches) / len(matches)
        row = {
            "config": config, "options": {}, "data": "toy", "train_split": "toy", "ranking": "euclidean", "seed": seed,
            "checkpoint_sha256": stem, "commit": "abc", "machine": "a CPU", "queries": f"{stem}.queries.csv",
            "metrics": {"mAP_step": rank1, "rank1": rank1}, **changes,
        }  # fmt: skip
        (folder / f"{stem}.json").write_text(json.dumps(row))


def test_the_verdict_of_a_claim(table, tmp_path):
    results = tmp_path / "results"
    toy_rows(results, "ide_toy_day", [0, 1], [[2] * 30 + [1] * 10, [2] * 29 + [1] * 11])
    toy_rows(results, "next_toy_day", [0, 1], [[1] * 39 + [2], [1] * 40])
    two_seeds = ('next_toy_day.py"]', 'next_toy_day.py"]\nseeds = [0, 1]')
    text = table_text(read_table(table(two_seeds)), results)
    assert re.search(r"\| \+72\.5 \[\+\d+\.\d, \+\d+\.\d\] \| holds \|$", text, re.MULTILINE)
    assert "| 26.2 ± 1.8 | 26.2 ± 1.8 | – | – | 2 / 0 |" in text
    sides = 'above = "two stages @ day"\nbelow = "IDE @ day"'
    turned = table(two_seeds, (sides, 'above = "IDE @ day"\nbelow = "two stages @ day"\nscale = 2'))
    text = table_text(read_table(turned), results)
    assert re.search(r"rank1: 2 × IDE @ day − two stages @ day \| -46\.2 .* fails \|$", text, re.MULTILINE)
    same = table((sides, 'above = "IDE, cosine @ day to dusk"\nbelow = "IDE @ day"'))
    assert "− IDE @ day | – | not run |" in table_text(read_table(same), results)
    cosine = {"options": {"test_evaluator.distance": "cosine"}, "checkpoint_sha256": "ide_toy_day.seed1"}
    toy_rows(results, "ide_toy_day2dusk.cosine", [1], [[1] * 20 + [2] * 20], **cosine)
    text = table_text(read_table(same), results)  # seed 1 of both, as there is no other of the variant
    assert re.search(r"− IDE @ day \| \+22\.5 \[.*\] \| not resolved \(of this checkpoint", text)
    with pytest.raises(UserError, match="claim 'More training helps': metric 'mAP' cannot be compared"):
        table_text(read_table(table(('"rank1"', '"mAP"'))), results)
