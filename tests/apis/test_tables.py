"""What the pages print is what the results files say."""

import json
import re
from pathlib import Path

import pytest

from reidzoo.apis import tables
from reidzoo.apis.results import results_files
from reidzoo.apis.stages import require_alike
from reidzoo.apis.table_plan import read_table
from reidzoo.apis.tables import BLOCK, PAGES, RESULTS, TABLES, render_page, seeds_table
from reidzoo.base.errors import UserError

ROOT = Path(__file__).resolve().parents[2]
PAGES_WITH_LINKS = sorted(
    path.relative_to(ROOT) for folder in (ROOT, ROOT / "docs", ROOT / "model_zoo") for path in folder.glob("*.md")
)


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_pages_agree_with_the_results_files(page):
    text = page.read_text(encoding="utf-8")
    assert BLOCK.search(text)
    assert render_page(text) == text, "run python tools/update_tables.py"


def test_results_files_carry_their_provenance():
    files = results_files(RESULTS)
    assert files
    for file in files:
        row = json.loads(file.read_text())
        assert {"method", "config", "data", "train_split", "init", "seed", "commit", "machine", "metrics"} <= set(row)
        assert not row["commit"].endswith("-dirty"), f"{file}: measured on a changed checkout"
        assert {"mAP_step", "mAP_official"} <= set(row["metrics"]), f"{file}: a metric without its flavour"


def test_results_files_on_images_carry_theirs():
    for file in sorted(RESULTS.glob("*.images.seed*.json")):
        row = json.loads(file.read_text())
        assert {"kind", "real", "fake", "generator", "counts", "commit", "machine", "metrics"} <= set(row)
        assert not row["commit"].endswith("-dirty"), f"{file}: measured on a changed checkout"
        assert all(name.endswith(")") for name in row["metrics"]), f"{file}: a metric without its flavour"


def row(seed, value):
    return {
        "config": "configs/ide/x.py", "train_split": "SynthPed day default", "data": "SynthPed dusk default",
        "commit": "abc", "machine": "a CPU", "seed": seed, "metrics": dict.fromkeys(tables.METRICS, value),
    }  # fmt: skip


def test_mean_and_standard_deviation():
    table = seeds_table([row(0, 10.0), row(1, 12.0), row(2, 14.0)])
    assert "| [x](/configs/ide/x.py) | SynthPed day | SynthPed dusk | 12.0 ± 2.0 |" in table
    assert "± 0" not in seeds_table([row(0, 10.0)]), "one seed has no spread"


def test_a_pattern_without_results():
    with pytest.raises(UserError, match="no results file"):
        render_page("<!-- results: absent -->\n<!-- end -->")


def test_an_unknown_table():
    with pytest.raises(UserError, match=r"no table 'model_zoo/tables/absent\.toml'"):
        render_page("<!-- table: absent -->\n<!-- end -->")


@pytest.mark.parametrize("file", sorted(TABLES.glob("*.toml")), ids=lambda file: file.stem)
def test_shipped_tables_test_what_they_train(file):
    pairs = {(run.stages[-1], cell.config) for run in read_table(file).runs for cell in run.cells}
    for trained, tested in pairs:
        require_alike(trained, tested)
    assert f"<!-- table: {file.stem} -->" in Path("model_zoo/README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES_WITH_LINKS, ids=str)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\((?!http)([^)#]+)", page.read_text(encoding="utf-8")):
        file = Path(target.lstrip("/")) if target.startswith("/") else page.parent / target
        assert file.exists(), f"{page} links to {target}"
    assert "PLACEHOLDER" not in page.read_text(encoding="utf-8")
