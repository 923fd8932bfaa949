"""What a table of the model zoo consists of, read from its TOML file: trainings, their tests, and claims.

.. code-block:: toml

    title = "Recipes"
    seeds = [0]                                   # of a run that names none

    [columns]                                     # heading = data part of a config's name (method_net_data)
    "day" = "synthped-day"
    "dusk" = "synthped-dusk"
    "day to dusk" = "synthped-day2dusk"

    [variants.reranked]                           # options of a test; the name goes into the file's name
    "test_evaluator.reranking" = { k1 = 20, k2 = 6 }

    [[runs]]                                      # one training a seed, tested in one or several ways
    row = "IDE"                                   # the line of the table; several runs may fill one line
    stages = ["configs/ide/ide_osnet-x0-25_synthped-day.py"]
    seeds = [0, 1, 2]
    tests = [                                     # default: the config of the last stage
        { config = "configs/ide/ide_osnet-x0-25_synthped-day.py" },
        { config = "configs/ide/ide_osnet-x0-25_synthped-day2dusk.py" },
        { config = "configs/ide/ide_osnet-x0-25_synthped-day2dusk.py", variant = "reranked" },
    ]                                             # a variant fills the line "IDE, reranked"

    [[runs]]
    row = "IDE"
    stages = ["configs/ide/ide_osnet-x0-25_synthped-dusk.py"]

    [[claims]]                                    # judged by reidzoo.apis.comparing
    text = "Half of the mAP is lost across domains"
    above = "IDE @ dusk"                          # line @ column
    below = "IDE @ day to dusk"                   # on the same queries
    scale = 0.5                                   # times the value of ``above``; default 1
    metric = "mAP_step"                           # the default
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reidzoo.apis.results import read_row
from reidzoo.base.errors import UserError, nearest

#: one JSON row a test and seed, its table of queries beside it
RESULTS = Path("model_zoo/results")
#: the shipped tables
TABLES = Path("model_zoo/tables")


@dataclass(frozen=True)
class Cell:
    """One test of a run: a line and a column of the table.

    Attributes:
        row: the line.
        column: the heading.
        config: path of the config that is tested.
        variant: name of its options; empty without.
        options: ``key.subkey`` to value, merged over the config.
    """

    row: str
    column: str
    config: str
    variant: str
    options: dict[str, Any]

    @property
    def name(self) -> str:
        """As claims name it."""
        return f"{self.row} @ {self.column}"

    def results_file(self, seed: int, results: Path = RESULTS) -> Path:
        """``<config name>[.<variant>].seed<N>.json``."""
        variant = f".{self.variant}" if self.variant else ""
        return results / f"{Path(self.config).stem}{variant}.seed{seed}.json"

    def read(self, seed: int, results: Path = RESULTS) -> dict[str, Any] | None:
        """The row of results; None where there is none that was measured with these options."""
        file = self.results_file(seed, results)
        if not file.is_file():
            return None
        row = read_row(file)
        return row if row.get("options", {}) == self.options else None


@dataclass(frozen=True)
class Run:
    """One training of ``stages`` for each of ``seeds``, and the cells that its last checkpoint fills."""

    row: str
    stages: tuple[str, ...]
    seeds: tuple[int, ...]
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Claim:
    """``scale`` times the metric of ``above`` is above the metric of ``below``; both are names of cells."""

    text: str
    above: str
    below: str
    metric: str
    scale: float


@dataclass(frozen=True)
class Table:
    """A table as its file says it; ``columns`` maps headings to data parts of config names."""

    title: str
    columns: dict[str, str]
    runs: tuple[Run, ...]
    claims: tuple[Claim, ...]

    @property
    def rows(self) -> list[str]:
        """The lines, in the order in which the file names them first."""
        return list(dict.fromkeys(cell.row for run in self.runs for cell in run.cells))

    @property
    def cells(self) -> dict[str, tuple[Run, Cell]]:
        """Every cell by name, with the run that fills it."""
        return {cell.name: (run, cell) for run in self.runs for cell in run.cells}


def read_table(path: str | Path) -> Table:
    """Read and check a table.

    Raises:
        UserError: no such file, no TOML, an unknown or missing key, a value of another type, a config that does not
            exist or whose data has no column, a cell that is filled twice, a claim about a cell that is not there.
    """
    path = Path(path)
    if not path.is_file():
        raise UserError(f"no table '{path}': the shipped ones lie under model_zoo/tables")
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"'{path}' is no TOML: {error}") from error
    try:
        return _table(content)
    except UserError as error:
        raise UserError(f"{path}: {error}") from error


def read_tables(folder: Path = TABLES) -> dict[str, Table]:
    """The tables of a folder by the stems of their files; raises as :func:`read_table` does."""
    return {file.stem: read_table(file) for file in sorted(folder.glob("*.toml"))}


def _table(content: dict[str, Any]) -> Table:
    check_keys(content, "the table", {"title": str, "columns": dict, "runs": list}, _TABLE_OPTIONAL)
    variants = content.get("variants", {})
    check_keys(variants, "[variants]", {}, dict.fromkeys(variants, dict))
    check_keys(content["columns"], "[columns]", {}, dict.fromkeys(content["columns"], str))
    runs = tuple(_run(node, content, f"run {index}") for index, node in enumerate(content["runs"], 1))
    cells = [cell for run in runs for cell in run.cells]
    for label, names in (
        ("cell", [cell.name for cell in cells]),
        ("results file", [cell.results_file(0).name for cell in cells]),
    ):
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise UserError(f"two tests fill the {label} '{twice}': give one a row or a config of its own")
    names = [cell.name for cell in cells]
    claims = tuple(_claim(node, names, f"claim {index}") for index, node in enumerate(content.get("claims", []), 1))
    return Table(content["title"], content["columns"], runs, claims)


def _run(node: dict[str, Any], content: dict[str, Any], where: str) -> Run:
    check_keys(node, where, {"row": str, "stages": list}, {"tests": list, "seeds": list})
    where = f"{where} ('{node['row']}')"
    seeds = node.get("seeds", content.get("seeds", [0]))
    if not node["stages"] or not seeds or not all(type(seed) is int and seed >= 0 for seed in seeds):
        raise UserError(f"{where} needs at least one stage and seeds from 0, got {node['stages']} and {seeds}")
    tests = node.get("tests", [{"config": node["stages"][-1]}])
    cells = tuple(_cell(test, node["row"], content, where) for test in tests)
    for config in (*node["stages"], *(cell.config for cell in cells)):
        if not Path(str(config)).is_file():
            raise UserError(f"{where}: no config file '{config}': the shipped ones lie under configs/")
    return Run(node["row"], tuple(node["stages"]), tuple(seeds), cells)


def _cell(node: dict[str, Any], row: str, content: dict[str, Any], where: str) -> Cell:
    check_keys(node, f"a test of {where}", {"config": str}, {"variant": str})
    variant, variants = node.get("variant", ""), content.get("variants", {})
    if variant and variant not in variants:
        raise UserError(f"{where}: no variant '{variant}', {nearest(variant, variants)}")
    data = Path(node["config"]).stem.split("_")[-1]
    column = next((heading for heading, part in content["columns"].items() if part == data), None)
    if column is None:
        raise UserError(f"{where}: no column for the data '{data}' of '{node['config']}': add it to [columns]")
    row = f"{row}, {variant}" if variant else row
    return Cell(row, column, node["config"], variant, variants.get(variant, {}))


def _claim(node: dict[str, Any], cells: list[str], where: str) -> Claim:
    check_keys(node, where, {"text": str, "above": str, "below": str}, {"metric": str, "scale": (int, float)})
    for side in ("above", "below"):
        if node[side] not in cells:
            raise UserError(f"{where}: '{side}' names no cell '{node[side]}', {nearest(node[side], cells)}")
    scale = float(node.get("scale", 1.0))
    return Claim(node["text"], node["above"], node["below"], node.get("metric", "mAP_step"), scale)


_TABLE_OPTIONAL = {"seeds": list, "variants": dict, "claims": list}


def check_keys(node: Any, where: str, required: dict[str, Any], optional: dict[str, Any]) -> None:
    """Refuse a node with a missing or unknown key, or a value of another type."""
    if not isinstance(node, dict):
        raise UserError(f"{where} is a table of keys and values, got {node!r}")
    known = {**required, **optional}
    for key in required:
        if key not in node:
            raise UserError(f"{where} lacks the key '{key}'")
    for key, value in node.items():
        if key not in known:
            raise UserError(f"{where} has no key '{key}', {nearest(key, known)}")
        if not isinstance(value, known[key]):
            raise UserError(f"{where}: '{key}' is of another type than expected, got {value!r}")
