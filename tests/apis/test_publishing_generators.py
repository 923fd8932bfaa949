"""A published translation translates as the trained one, and its card is of these weights and of their images."""

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from toy_publishing import CLEAN, as_synthped, change
from toy_translation import write_toy_reid, write_toy_translation

from reidzoo.apis import Translator, publishing_generators, translation_samples
from reidzoo.apis.configs import read_config
from reidzoo.apis.method_loading import load_method
from reidzoo.apis.publishing_generators import publish_generator
from reidzoo.apis.results import write_json
from reidzoo.apis.stage_runs import train_stages
from reidzoo.apis.testing import evaluate
from reidzoo.apis.translating import translate_dataset
from reidzoo.apis.translation_samples import TranslationSamples, drawn, figures_of, samples_of
from reidzoo.apis.translator import REFUSAL
from reidzoo.base.errors import UserError
from reidzoo.base.weights import read_checkpoint
from reidzoo.data.datasets.listing import image_files
from reidzoo.methods.translation import TranslationMethod
from reidzoo.registry import METHODS
from reidzoo.zoo.cards import list_cards
from reidzoo.zoo.download import locate
from reidzoo.zoo.metafiles import read_metafile

NAME = "gan_toy_a2b"
GAN, REID = f"configs/gan/{NAME}.py", "configs/gan/ide_toy_a2b.py"


@pytest.fixture
def site(toy_config, toy_market, copied_site):
    """A folder like a checkout: a translation and a re-ID recipe on its images, trained, and the row of the latter."""

    def fill(folder):
        Path(GAN).parent.mkdir(parents=True)
        sides = [
            as_synthped(folder / "data" / domain, domain, toy_market).relative_to(folder) for domain in ("day", "dusk")
        ]
        write_toy_translation(Path(GAN).parent, NAME, *sides, type="SynthPed")
        shutil.move(write_toy_reid(toy_config, "ide_toy_a2b", f"work_dirs/{NAME}/seed0/translated-s2t"), REID)
        checkpoint = train_stages([GAN, REID], seed=3)
        change(run_of(folder) / "run.json", commit=CLEAN)
        row = evaluate(REID, checkpoint, work_dir=folder / "test")
        write_json(row_of(folder), {**row, "stages": [GAN, REID], "commit": CLEAN})

    return copied_site(fill)


def run_of(site):
    return site / "work_dirs" / NAME / "seed3"


def row_of(site, seed=3):
    return site / "model_zoo" / "results" / f"ide_toy_a2b.seed{seed}.json"


def published(**options):
    return publish_generator(f"work_dirs/{NAME}/seed3", **options)


def test_a_published_translation_translates_by_its_name(site):
    lines = []
    done = published(report=lines.append)
    assert done.precision in ("float16", "float32")
    assert "optimizer" in lines[-1]
    (card,) = read_metafile(done.metafile, site)
    assert (card.name, card.config, card.collection.name, card.is_translation) == (NAME, GAN, "CycleGAN", True)
    assert (
        card.metadata["Training Data"]
        == "SynthPed day toy seed 0 renderer 0 train and SynthPed dusk toy seed 0 renderer 0 train"
    )
    assert card.weights.data_licence == "none needed, drawn by the repository's own renderer"
    assert cv2.imread(str(site / card.picture)).shape[2] == 3
    assert done.picture.resolve() == site / card.picture
    method = load_method(GAN, done.weights, TranslationMethod, REFUSAL)[1]  # strictly: discriminators, too
    drew = [(each["data"], each["metrics"]) for each in figures_of(method, samples_of(read_config(GAN)))]
    assert [(result.dataset, result.metrics) for result in card.results[:2]] == drew
    assert drew[0][0] == "SynthPed day toy seed 0 renderer 0 train, 6 images, s2t"

    files = image_files(site / "data" / "day" / "query")
    (site / GAN).rename(site / "elsewhere.py")  # the file brings its config along
    (site / GAN).write_text("# a name that the card can find\n")
    by_name = Translator(NAME, device="cpu")(files)
    assert not done.weights.with_suffix(".pth").exists()
    by_run = Translator("elsewhere.py", run_of(site) / "epoch_1.pth", device="cpu")(files)
    assert np.abs(by_name.astype(int) - by_run).max() <= 1
    translated = translate_dataset("elsewhere.py", f"zoo://{NAME}", "data/day", "drawn", device="cpu")
    assert translated.written == len(image_files(site / "data" / "day" / "bounding_box_train"))


def test_the_card_has_what_re_id_learnt_from_its_images(site):
    row = json.loads(row_of(site).read_text())
    for seed, mAP in ((4, 20.0), (5, 30.0)):
        write_json(row_of(site, seed), {**row, "seed": seed, "metrics": {**row["metrics"], "mAP_step": mAP}})
    folder = row_of(site).parent
    write_json(folder / "with-options.seed3.json", {**row, "options": {"model.head.test_parts": 4}})
    write_json(folder / "another-gan.seed3.json", {**row, "stages": ["configs/gan/other_toy_a2b.py", REID]})
    write_json(folder / "another-recipe.seed4.json", {**row, "seed": 4, "config": "configs/gan/x_toy_a2b.py"})
    lines = []
    (card,) = read_metafile(published(half=False, report=lines.append).metafile, site)
    assert "'configs/gan/x_toy_a2b.py' on Market1501 test has no row of seed 3" in lines[0]
    (learnt,) = card.results[2:]
    assert (learnt.config, learnt.dataset) == (REID, "Market1501 test")
    assert learnt.metrics == {name: value for name, value in row["metrics"].items() if name[:4] != "num_"}
    values = [row["metrics"]["mAP_step"], 20.0, 30.0]
    expected = {"mean": np.mean(values), "std": np.std(values, ddof=1), "seeds": 3}
    assert learnt.spread["mAP_step"] == pytest.approx(expected, abs=1e-3)
    assert (card.metadata["Seed"], card.metadata["Seeds"], card.metadata["Commit"]) == (3, [3, 4, 5], CLEAN)
    assert (card.metadata["Initialisation"], card.weights.precision) == ("random", "float32")


def test_float32_stays_where_half_precision_shows(site, monkeypatch):
    def shown(method, images, direction, **options):
        stored = drawn(method, images, direction, **options)
        return stored.float().mul(0.9).byte() if method.is_half else stored

    def load(config, file, *rest):
        cfg, method = load_method(config, file, *rest)
        method.is_half = read_checkpoint(file)["meta"].get("precision") == "float16"
        return cfg, method

    monkeypatch.setattr(translation_samples, "drawn", shown)
    monkeypatch.setattr(publishing_generators, "load_method", load)
    lines = []
    assert published(report=lines.append).precision == "float32"
    assert "as float16 translated images differ by up to" in lines[0]
    with pytest.raises(UserError, match=r"as float16 .* more than 1: publish it as float32"):
        published(half=True, out="other/checkpoints")
    assert not list((site / "other").rglob("*.*"))


def test_people_are_not_shown(site):
    meta = json.loads((run_of(site) / "run.json").read_text())
    assert meta["commit"] == CLEAN
    samples = samples_of(Config.fromfile(GAN))
    assert not any(each.people for each in samples.values())
    for domain in ("day", "dusk"):
        Path("data", domain, "meta.json").unlink()
    cfg = Config.fromfile(GAN)
    for side in ("source", "target"):
        cfg.train_dataloader.dataset[side].type = "Market1501"
    samples, lines = TranslationSamples(cfg), []
    with publishing_generators._picture(site / "x.png", None, samples, NAME, lines.append) as is_drawn:
        assert not is_drawn
    assert "no picture, for it would show the people of Market1501 train" in lines[0]


def test_samples_are_spread_over_identities_and_cameras(site):
    assert site.is_dir()
    samples = samples_of(Config.fromfile(GAN), count=4)["s2t"]
    assert samples.images.shape == (4, 3, 32, 16)
    assert len(np.unique(samples.images.flatten(1), axis=0)) == 4
    again = samples_of(Config.fromfile(GAN), count=4)["s2t"]
    assert torch.equal(samples.images, again.images)
    assert len(samples_of(Config.fromfile(GAN), count=50)["t2s"].images) == 6  # as many as identities


class Same(torch.nn.Module):
    """Draws its input again, or what is no number."""

    def __init__(self, value=0.0):
        super().__init__()
        self.value = value

    def forward(self, images):
        return images + self.value


def test_weights_that_draw_nothing_of_use_are_refused(site):
    assert site.is_dir()
    cfg = Config.fromfile(GAN)
    method, samples = METHODS.build(cfg.model), samples_of(cfg)
    method.g_st = Same()
    with pytest.raises(UserError, match=r"translates nothing in the direction s2t: images change by 0\.00"):
        figures_of(method, samples)
    method.g_st = Same(float("nan"))
    with pytest.raises(UserError, match="draws what is not finite in the direction s2t"):
        figures_of(method, samples)


def test_figures_are_grey_levels(site):
    assert site.is_dir()
    cfg = Config.fromfile(GAN)
    method, samples = METHODS.build(cfg.model), samples_of(cfg)
    method.g_st, method.g_ts = Same(8 / 127.5), Same(-4 / 127.5)
    samples = {key: type(each)(each.name, each.images.clamp(20, 200), True) for key, each in samples.items()}
    s2t, t2s = (each["metrics"] for each in figures_of(method, samples))
    source = samples["s2t"].images.double().mean((0, 2, 3))
    assert [s2t[f"mean_{name}"] for name in ("red", "green", "blue")] == pytest.approx((source + 8).tolist(), abs=1e-3)
    assert (s2t["change"], s2t["cycle_error"]) == (8, 4)
    assert (t2s["change"], t2s["cycle_error"]) == (4, 4)


@pytest.mark.parametrize(
    ("row", "record", "answer"),
    [
        ({"seed": 4}, {}, "no row is of seed 3 in 'model_zoo/results' with stages that end with"),
        ({"stages": [REID]}, {}, "nobody knows what it is good for"),
        ({"checkpoint_sha256": "0" * 64}, {}, "was measured with another network"),
        ({"commit": f"{CLEAN}-dirty"}, {}, "measured in a checkout with changes"),
        ({}, {"commit": f"{CLEAN}-dirty"}, "trained in a checkout with changes"),
        ({}, {"config": f"/somewhere/{NAME}.py"}, "with the config named from the repository's folder"),
        ({}, {"config": REID}, "is of IDE, which is published with the row of its test: add --results"),
    ],
    ids=["seed", "no translation", "checkpoint", "dirty test", "dirty training", "config", "method"],
)
def test_what_is_not_published(site, row, record, answer):
    change(row_of(site), **row)
    change(run_of(site) / "run.json", **record)
    with pytest.raises(UserError, match=answer):
        published()
    assert not list((site / "model_zoo").rglob("metafile.yml"))
    assert not list(site.rglob("*.safetensors"))


def test_a_run_of_something_else_is_refused(site):
    record = site / "work_dirs" / "ide_toy_a2b" / "seed3" / "stage.json"
    origin = json.loads(record.read_text())["images_from"]
    change(record, images_from=["0" * 64])
    with pytest.raises(UserError, match=r"images which '.*epoch_1\.pth' did not draw"):
        published()
    change(record, images_from=origin)
    record.rename("stage.json")
    with pytest.raises(UserError, match="publish from the work folder in which its stages were trained"):
        published()
    text = Path(GAN).read_text()
    Path(GAN).write_text(text.replace("'max_epochs': 1", "'max_epochs': 2"))
    with pytest.raises(UserError, match=r"not trained by today's .* \(train_cfg.max_epochs: 1 and 2\)"):
        published()
    Path(GAN).write_text(text)
    shutil.copy(run_of(site) / "epoch_1.pth", run_of(site) / "epoch_0.pth")
    with pytest.raises(UserError, match=r"not the end of its run, expected epoch_1\.pth: train it on"):
        publish_generator(run_of(site) / "epoch_0.pth")
    (run_of(site) / "run.json").unlink()
    with pytest.raises(UserError, match=r"no run\.json beside"):
        published()


TRANSLATIONS = [card for card in list_cards() if card.is_translation and card.weights is not None]


@pytest.mark.slow
@pytest.mark.parametrize("card", TRANSLATIONS, ids=lambda card: card.name)
def test_every_published_translation_still_draws_what_its_card_says(card, rendered):
    sides = read_config(card.config).train_dataloader.dataset
    roots = {side: Path(sides[side].root) for side in ("source", "target")}
    for root in roots.values():
        if not root.is_dir() and not root.name.startswith("synthped-"):
            pytest.skip(f"the data set of {card.config} is not in '{root}', and cannot be rendered")
    options = {f"train_dataloader.dataset.{side}.root": str(rendered(root)) for side, root in roots.items()}
    samples = samples_of(read_config(card.config, options))
    trained = load_method(card.config, locate(card.name), TranslationMethod, REFUSAL)[1]
    found = {each["data"]: each["metrics"] for each in figures_of(trained, samples)}
    on_card = {result.dataset: result.metrics for result in card.results if result.config is None}
    assert found.keys() == on_card.keys()
    for data, metrics in on_card.items():
        assert found[data] == pytest.approx(metrics, abs=0.1), data  # another processor rounds some pixels otherwise
    # a network of the same form with other weights is far from the card
    torch.manual_seed(0)
    other = METHODS.build(read_config(card.config).model).eval().requires_grad_(False)
    assert figures_of(other, samples)[0]["metrics"] != pytest.approx(
        on_card[samples["s2t"].name + ", 6 images, s2t"], abs=1
    )
