"""A published renderer draws as the trained one, and its card says how well it draws and what learnt from it."""

import json
import runpy
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from toy_market import write_toy_market
from toy_publishing import CLEAN, as_synthped, change, write_judged
from toy_renderings import ELLIPSE, ToyRenderer, write_toy_rendering, write_weights

from reidzoo.apis.configs import read_config
from reidzoo.apis.context_evaluation import evaluate_contexts
from reidzoo.apis.publishing_generators import publish_generator
from reidzoo.apis.publishing_measurements import recipe_rows
from reidzoo.apis.rendering import renderable
from reidzoo.apis.rendering_pictures import draw_contexts, shown_in
from reidzoo.apis.rendering_samples import COUNT, RenderingSamples
from reidzoo.apis.results import write_json
from reidzoo.apis.stage_runs import train_stages
from reidzoo.base.errors import UserError
from reidzoo.base.files import sha256
from reidzoo.base.weights import read_checkpoint
from reidzoo.zoo.card_text import card_text
from reidzoo.zoo.metafiles import read_metafile

TOOL = Path(__file__).resolve().parents[2] / "tools" / "render.py"
NAME = "render_toy_day2dusk"
CONFIG = f"configs/render/{NAME}.py"
DAY, DUSK = (f"SynthPed {domain} toy seed 0 renderer 0 train" for domain in ("day", "dusk"))


@pytest.fixture
def site(toy_market, copied_site):
    """A folder like a checkout: a renderer, trained and judged."""

    def fill(folder):
        day, dusk = (as_synthped(Path("data") / domain, domain, toy_market) for domain in ("day", "dusk"))
        Path(CONFIG).parent.mkdir(parents=True)
        write_toy_rendering(Path(CONFIG).parent, NAME, day, dusk, reader="SynthPed")
        checkpoint = train_stages([CONFIG], seed=3)
        change(run_of(folder) / "run.json", commit=CLEAN)
        row = evaluate_contexts(CONFIG, checkpoint, contexts=2, sources=4, device="cpu")
        write_judged(judged_of(folder), row)

    return copied_site(fill)


def run_of(site):
    return site / "work_dirs" / NAME / "seed3"


def judged_of(site):
    return site / "model_zoo" / "results" / f"{NAME}.images.seed3.json"


def published(**options):
    return publish_generator(Path("work_dirs") / NAME / "seed3", **options)


def test_file_card_and_picture(site):
    lines = []
    done = published(report=lines.append, half=False)
    (card,) = read_metafile(done.metafile, site)
    assert (card.name, card.config, card.is_rendering, card.draws) == (NAME, CONFIG, True, True)
    assert card.metadata["Training Data"] == f"{DAY} and {DUSK}"
    assert cv2.imread(str(site / card.picture)).shape[2] == 3
    drawn, judged = card.results
    assert (drawn.task, drawn.dataset) == ("Context Rendering", f"6 persons of {DAY} in 6 contexts of {DUSK}")
    assert judged.metrics == json.loads(judged_of(site).read_text())["metrics"]
    assert {name.split()[0] for name in judged.metrics} == {"fid", "diversity", "change"}
    assert f"tools/render.py {CONFIG} zoo://{NAME} --out PICTURE" in card_text(card)
    file = read_checkpoint(done.weights)
    assert file["meta"]["without"] == ["judge."]
    assert set(file["state_dict"]) == {"brightness.weight"}
    for name, which in (("by_name.png", (NAME, None)), ("by_run.png", (CONFIG, run_of(site) / "epoch_1.pth"))):
        draw_contexts(*which, site / name, persons=2, contexts=3, device="cpu")
    assert np.array_equal(*(cv2.imread(str(site / name)) for name in ("by_name.png", "by_run.png")))


def test_unjudged_weights_are_not_published(site):
    judged_of(site).unlink()
    with pytest.raises(UserError, match=rf"no row on images .*tools/evaluate_contexts\.py {CONFIG} CHECKPOINT --out"):
        published()
    assert not list(site.rglob("*.safetensors"))


@pytest.mark.parametrize("origin", ["images_from", "weights_from"])
def test_what_learns_from_a_folder_or_on_the_fly_is_a_recipe_of_it(tmp_path, origin):
    generator, learnt = (tmp_path / "runs" / name / "seed0" for name in ("render", "reid"))
    for folder in (generator, learnt):
        folder.mkdir(parents=True)
        (folder / "epoch_1.pth").write_text(folder.parent.name)
        (folder / "last_checkpoint").write_text(str(folder / "epoch_1.pth"))
    checkpoint = generator / "epoch_1.pth"
    row = {
        "config": "configs/x/reid.py",
        "stages": ["configs/x/render.py", "configs/x/reid.py"],
        "data": "Toy test",
        "seed": 0,
        "checkpoint_sha256": sha256(learnt / "epoch_1.pth"),
        "commit": CLEAN,
        "metrics": {"mAP_step": 1.0},
    }
    write_json(tmp_path / "results" / "reid.seed0.json", row)

    def found(digest):
        given = [digest] if origin == "images_from" else {"model.data_preprocessor.renderer_weights": digest}
        write_json(learnt / "stage.json", {"images_from": [], origin: given})
        header = {"config_file": "configs/x/render.py", "seed": 0, "name": "render"}
        return recipe_rows(checkpoint, header, tmp_path / "results", lambda line: None)

    ((own,),) = found(sha256(checkpoint))
    assert own["metrics"] == {"mAP_step": 1.0}
    with pytest.raises(UserError, match=r"learnt from images which '.*epoch_1\.pth' did not draw"):
        found("0" * 64)


@pytest.fixture
def toy_samples(tmp_path):
    roots = [write_toy_market(tmp_path / name, train_pids=pids) for name, pids in (("source", 3), ("target", 2))]
    return RenderingSamples(read_config(write_toy_rendering(tmp_path, "render", *roots)))


def test_samples_are_persons_in_contexts_and_always_the_same(toy_samples):
    assert toy_samples.people == ["Market1501 train", "Market1501 train"]
    assert [len(each) for each in toy_samples.shown] == [3, 3, 2, 2]
    assert max(map(len, toy_samples.shown)) <= COUNT
    rows = toy_samples.rows(ToyRenderer())
    assert [len(row) for row in rows] == [3] * 4
    drawn = toy_samples.drawn(ToyRenderer())
    assert [tuple(each.shape) for each in drawn] == [(2, 3, 32, 16)] * 3
    assert toy_samples.difference(ToyRenderer(), ToyRenderer()) == 0
    assert np.array_equal(drawn[1][0].permute(1, 2, 0).numpy(), rows[2][1])


def test_figures_are_grey_levels(toy_samples):
    (entry,) = toy_samples.figures(ToyRenderer())
    metrics, drawn = entry["metrics"], torch.stack(toy_samples.drawn(ToyRenderer())).double()
    assert entry["data"] == "3 persons of Market1501 train in 2 contexts of Market1501 train"
    means = drawn.mean((0, 1, 3, 4)).tolist()
    assert [metrics[f"mean_{name}"] for name in ("red", "green", "blue")] == pytest.approx(means, abs=1e-3)
    assert (metrics["person_error"], metrics["context_error"]) == (0, 0)  # it pastes
    assert metrics["context_change"] == pytest.approx(drawn.diff(dim=1).abs().mean().item(), abs=1e-3)
    assert metrics["person_change"] == pytest.approx(drawn.diff(dim=0).abs().mean().item(), abs=1e-3)
    darker = ToyRenderer()
    torch.nn.init.constant_(darker.brightness.weight, 0.5)
    (entry,) = toy_samples.figures(darker)
    assert entry["metrics"]["person_error"] == 0
    # half of what lies between the middle grey and the context
    behind = ~toy_samples.shown.source_masks[0, 0].bool()
    halves = (toy_samples.shown.target_images.double() - 127.5)[:, :, behind].abs().mean().item() / 2
    assert entry["metrics"]["context_error"] == pytest.approx(halves, abs=0.5)


class Fixed(ToyRenderer):
    """Draws one of the two images it is given."""

    def __init__(self, of):
        super().__init__()
        self.of = of

    def forward(self, source_images, source_masks, target_images, target_masks):
        return {"person": source_images, "context": target_images}[self.of]


def test_what_is_of_no_use_is_refused(toy_samples):
    for of, missing in (("person", "context"), ("context", "person")):
        with pytest.raises(UserError, match=rf"draws one image whatever the {missing}: .* changes it by 0\.00 of 255"):
            toy_samples.figures(Fixed(of))
    broken = ToyRenderer()
    torch.nn.init.constant_(broken.brightness.weight, float("nan"))
    with pytest.raises(UserError, match="draws what is not finite"):
        toy_samples.figures(broken)


def test_the_picture_shows_different_persons(toy_market, tmp_path, monkeypatch):
    config = write_toy_rendering(tmp_path, "render", toy_market, toy_market, transforms=[ELLIPSE])
    cfg = read_config(config)
    shown = shown_in(renderable(cfg, "source"), renderable(cfg, "target"), 2, 4)
    assert [len(each) for each in shown] == [2, 2, 4, 4]
    assert len(np.unique(shown.target_images.flatten(1), axis=0)) == 4
    grids = []
    monkeypatch.setattr("reidzoo.visualization.image_grid.draw_image_grid", lambda path, rows: grids.append(rows))
    weights = write_weights(tmp_path / "render.pth")
    draw_contexts(config, weights, tmp_path / "x.png", persons=2, contexts=4, device="cpu")
    ((contexts, *persons),) = grids
    assert [len(row) for row in (contexts, *persons)] == [5, 5, 5]
    for row in persons:
        assert np.array_equal(row[3][16, 8], row[0][16, 8])  # the person
        assert np.array_equal(row[3][0, 0], contexts[3][0, 0])
    with pytest.raises(UserError, match=r"the picture is written as \.png, got the name 'x\.jpg'"):
        draw_contexts(config, weights, "x.jpg")
    with pytest.raises(UserError, match="persons is a whole number of at least 1, got 0"):
        draw_contexts(config, weights, "x.png", persons=0)


def test_the_tool_writes_the_picture(toy_market, tmp_path, monkeypatch, capsys):
    config = write_toy_rendering(tmp_path, "render", "nowhere", toy_market)
    out = tmp_path / "picture.png"
    options = ["--in", str(toy_market), "--persons", "1", "--contexts", "2", "--out", str(out), "--device", "cpu"]
    monkeypatch.setattr(sys, "argv", ["render.py", config, write_weights(tmp_path / "render.pth"), *options])
    with pytest.raises(SystemExit, match="0"):
        runpy.run_path(str(TOOL), run_name="__main__")
    assert cv2.imread(str(out)).shape[2] == 3
    assert f"written: {out}" in capsys.readouterr().out
