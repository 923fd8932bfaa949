"""A published GAN draws as the trained one, and its card is of these weights and of their images."""

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from toy_publishing import CLEAN, as_synthped, change, write_judged
from toy_sampling import write_toy_sampler
from toy_translation import write_toy_reid

from reidzoo.apis import Sampler, publishing_generators
from reidzoo.apis.configs import read_config
from reidzoo.apis.image_evaluation import evaluate_images
from reidzoo.apis.method_loading import load_method
from reidzoo.apis.noise_samples import NoiseSamples
from reidzoo.apis.publishing import publish
from reidzoo.apis.publishing_generators import publish_generator
from reidzoo.apis.results import read_row, write_json
from reidzoo.apis.sampling import REFUSAL, sample_images
from reidzoo.apis.stage_runs import train_stages
from reidzoo.apis.testing import evaluate
from reidzoo.base.errors import UserError
from reidzoo.base.files import sha256
from reidzoo.data.datasets.manifest import read_header
from reidzoo.data.datasets.reading import decode
from reidzoo.methods.sampling import SamplingMethod
from reidzoo.registry import METHODS
from reidzoo.zoo.card_text import card_text
from reidzoo.zoo.cards import list_cards
from reidzoo.zoo.download import locate
from reidzoo.zoo.metafiles import read_metafile

NAME, REID_NAME = "dcgan_toy_day", "lsro_toy_day"
GAN, REID = f"configs/dcgan/{NAME}.py", f"configs/lsro/{REID_NAME}.py"
DATA = "SynthPed day toy seed 0 renderer 0"
NONE_NEEDED = "none needed, drawn by the repository's own renderer"


@pytest.fixture
def site(toy_config, toy_market, copied_site):
    """A folder like a checkout: a GAN, judged, and LSRO beside its images, trained and tested."""

    def fill(folder):
        write_configs(toy_config, as_synthped(folder / "data" / "day", "day", toy_market).relative_to(folder))
        checkpoint = train_stages([GAN, REID], seed=3)
        for name in (NAME, REID_NAME):
            change(folder / "work_dirs" / name / "seed3" / "run.json", commit=CLEAN)
        row = evaluate(REID, checkpoint, work_dir=folder / "test")
        write_json(row_of(folder), {**row, "stages": [GAN, REID], "commit": CLEAN})
        judged = evaluate_images("data/day", run_of(folder) / "sampled-7", device="cpu")
        write_judged(judged_of(folder), judged)

    return copied_site(fill)


def write_configs(toy_config, root):
    """A GAN of the rendered data, whose one step leads far from grey images, and LSRO beside what it draws."""
    Path(GAN).parent.mkdir(parents=True)
    Path(REID).parent.mkdir(parents=True)
    gan = Config.fromfile(write_toy_sampler(Path(GAN).parent, NAME, root))
    gan.train_dataloader.dataset.type = "SynthPed"
    gan.optim_wrapper.generator.optimizer.lr = 0.15
    gan.dump(GAN)
    resize = {"type": "Resize", "height": 32, "width": 16}
    dataset = {
        "type": "RealAndGenerated",
        "real": {"type": "SynthPed", "root": str(root), "transforms": [resize]},
        "generated": {"type": "SampledFolder", "root": f"work_dirs/{NAME}/seed0/sampled-7", "transforms": [resize]},
        "_delete_": True,
    }
    changes = {
        "model.type": "LSRO",
        "train_dataloader.dataset": dataset,
        "test_dataloader.dataset.type": "SynthPed",
        "test_dataloader.dataset.root": str(root),
    }
    shutil.move(write_toy_reid(toy_config, REID_NAME, **changes), REID)


def run_of(site):
    return site / "work_dirs" / NAME / "seed3"


def row_of(site, seed=3):
    return site / "model_zoo" / "results" / f"{REID_NAME}.seed{seed}.json"


def judged_of(site, seed=3):
    return site / "model_zoo" / "results" / f"{NAME}.images.seed{seed}.json"


def published(**options):
    return publish_generator(f"work_dirs/{NAME}/seed3", **options)


def test_a_published_gan_draws_by_its_name(site):
    lines = []
    done = published(report=lines.append)
    assert "optimizer" in lines[-1]
    (card,) = read_metafile(done.metafile, site)
    assert (card.name, card.config, card.collection.name) == (NAME, GAN, "DCGAN")
    assert (card.is_sampling, card.is_translation) == (True, False)
    assert (card.metadata["Training Data"], card.weights.data_licence) == (f"{DATA} train", NONE_NEEDED)
    assert (card.metadata["Initialisation"], card.metadata["Commit"]) == ("random", CLEAN)
    assert done.picture.resolve() == site / card.picture
    high, wide = cv2.imread(str(site / card.picture)).shape[:2]
    assert wide > high * 0.8  # 4 rows of 8 images that are twice as high as wide
    method = load_method(GAN, done.weights, SamplingMethod, REFUSAL)[1]  # strictly: the discriminator, too
    (figures,) = NoiseSamples(read_config(GAN)).figures(method)
    assert (card.results[0].dataset, card.results[0].metrics) == (figures["data"], figures["metrics"])
    assert figures["metrics"]["diversity"] > 2

    (site / GAN).rename(site / "elsewhere.py")  # the file brings its config along
    (site / GAN).write_text("# a name that the card can find\n")
    by_name = Sampler(NAME, device="cpu")(5, seed=2)
    by_run = Sampler("elsewhere.py", run_of(site) / "epoch_1.pth", device="cpu")(5, seed=2)
    assert np.abs(by_name.astype(int) - by_run).max() <= 1
    sample_images(NAME, None, "drawn", count=5, seed=2, quality=100, device="cpu")
    for number, image in enumerate(by_name):
        lossy = cv2.imencode(".jpg", image[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 100])[1]  # colours of noise suffer
        written = decode(Path("drawn", f"{number:06d}.jpg")).astype(int)
        assert np.abs(written - cv2.imdecode(lossy, 1)[:, :, ::-1]).mean() < 1
    header = read_header("drawn")
    assert (header["config"], header["checkpoint_sha256"]) == (GAN, card.weights.sha256)
    assert header["source"] == f"{DATA} train"


def test_the_card_has_how_its_images_were_judged_and_what_learnt_beside_them(site):
    judged, row = json.loads(judged_of(site).read_text()), json.loads(row_of(site).read_text())
    ((metric, value),) = judged["metrics"].items()
    assert metric.startswith("fid (")
    for seed, other in ((4, value + 2), (5, value + 4)):
        generator = {**judged["generator"], "checkpoint_sha256": f"{seed}" * 64, "seed": seed}
        write_json(judged_of(site, seed), {**judged, "generator": generator, "metrics": {metric: other}})
        write_json(row_of(site, seed), {**row, "seed": seed, "metrics": {**row["metrics"], "mAP_step": 20.0}})
    # neither shares a mean: half as many images, of the same weights; and of other weights alone
    few = {**judged, "count": 3, "counts": {"real": 3, "fake": 3}, "metrics": {metric: 1.5}}
    write_json(judged_of(site).with_name(f"{NAME}-few.images.seed3.json"), few)
    stranger = {**judged, "size": [64, 32], "generator": {**judged["generator"], "checkpoint_sha256": "0" * 64}}
    write_json(judged_of(site).with_name(f"{NAME}-old.images.seed3.json"), stranger)
    write_json(judged_of(site).with_name("another.images.seed3.json"), {**judged, "generator": None})
    lines = []
    (card,) = read_metafile(published(half=False, report=lines.append).metafile, site)
    assert f"images of other weights were judged in model_zoo/results/{NAME}-old.images.seed3.json" in lines[0]
    assert [result.task for result in card.results] == [
        "Image Sampling",
        "Image Generation",
        "Image Generation",
        "Person Re-Identification with sampled images",
    ]
    of_few, of_all, learnt = card.results[1:]
    assert of_all.dataset == f"{DATA} train, 24 images beside 7 drawn, 32 x 16 pixels"
    assert of_all.metrics == {metric: value}
    assert of_all.spread[metric] == pytest.approx({"mean": value + 2, "std": 2, "seeds": 3}, abs=1e-3)
    assert (of_few.dataset, of_few.spread) == (f"{DATA} train, 3 images beside 3 drawn, 32 x 16 pixels", {})
    assert (learnt.config, learnt.dataset) == (REID, f"{DATA} test")
    assert learnt.metrics["mAP_step"] == row["metrics"]["mAP_step"]
    assert learnt.spread["mAP_step"]["seeds"] == 3
    assert (card.metadata["Seed"], card.metadata["Seeds"]) == (3, [3, 4, 5])
    text = card_text(card)
    assert f"{metric} {value:.2f} ({value + 2:.2f} ± 2.00 over 3 seeds)" in text
    assert f"python tools/sample.py {GAN} zoo://{NAME} --out FOLDER --count N" in text


def test_the_card_says_how_long_training_took(site):
    (log,) = run_of(site).glob("*/vis_data")
    lines = [{"loss_d": 1.0, "loss_g": 1.0, "time": 0.5 * step, "step": 10 * step} for step in (1, 2, 3)]
    validation = {"time": 99.0, "mAP_step": 3.0, "step": 1}
    (log / "scalars.json").write_text("".join(json.dumps(line) + "\n" for line in [*lines, validation]))
    (card,) = read_metafile(published().metafile, site)
    assert card.metadata["Training Time"] == 30  # a second a step on average


def test_rows_of_re_id_are_welcome_but_not_needed(site):
    row_of(site).unlink()
    (card,) = read_metafile(published().metafile, site)
    assert [result.task for result in card.results] == ["Image Sampling", "Image Generation"]
    assert card.metadata["Seeds"] == [3]


def test_a_gan_of_which_nobody_knows_how_good_it_is_is_refused(site):
    said = (
        rf"no row on images is of exactly these weights of '{GAN}' and of seed 3 in 'model_zoo/results', .*: draw "
        rf"some, then judge them with tools/evaluate_images\.py data/day FOLDER "
        rf"--out model_zoo/results/{NAME}\.images\.seed"
    )
    row = json.loads(judged_of(site).read_text())
    change(judged_of(site), generator={**row["generator"], "checkpoint_sha256": "0" * 64})
    with pytest.raises(UserError, match=said):
        published()
    judged_of(site).unlink()
    with pytest.raises(UserError, match=said):
        published()
    for changes in ({"commit": f"{CLEAN}-dirty"}, {"generator": {**row["generator"], "commit": f"{CLEAN}-dirty"}}):
        write_json(judged_of(site), {**row, **changes})
        with pytest.raises(UserError, match=r"was (measured|drawn) in a checkout with changes"):
            published()
    write_json(judged_of(site), {**row, "kind": "another"})
    with pytest.raises(UserError, match="is no row on images"):
        published()
    assert not list((site / "model_zoo").rglob("metafile.yml"))
    assert not list(site.rglob("*.safetensors"))


def test_a_network_that_learnt_from_other_images_is_refused(site):
    change(site / "work_dirs" / REID_NAME / "seed3" / "stage.json", images_from=["0" * 64])
    with pytest.raises(UserError, match=r"images which '.*epoch_1\.pth' did not draw"):
        published()


class Drawing(torch.nn.Module):
    """Draws the same grey whatever the noise, or what is no number."""

    def __init__(self, value):
        super().__init__()
        self.value = value

    def forward(self, noise):
        return torch.full((len(noise), 3, 32, 16), self.value)


def test_weights_that_draw_nothing_of_use_are_refused(site):
    assert site.is_dir()
    cfg = read_config(GAN)
    method, samples = METHODS.build(cfg.model), NoiseSamples(cfg)
    method.g = Drawing(0.5)
    with pytest.raises(UserError, match=r"DCGAN draws one image whatever the noise: 32 images differ by 0\.00"):
        samples.figures(method)
    method.g = Drawing(float("nan"))
    with pytest.raises(UserError, match="DCGAN draws what is not finite: its training has failed"):
        samples.figures(method)


class Toned(torch.nn.Module):
    """Draws one colour an image, reddish, brighter or darker with the noise."""

    def forward(self, noise):
        tone = 0.05 * noise.sum(1, keepdim=True) + torch.tensor([0.5, 0.0, -0.5])
        return tone[:, :, None, None].expand(-1, 3, 32, 16)


def test_figures_are_grey_levels_and_rows_are_the_first_samples(site):
    cfg = read_config(GAN)
    method, samples = METHODS.build(cfg.model).eval(), NoiseSamples(cfg)
    method.g = Toned()
    ((figures,), (drawn,)) = samples.figures(method), samples.drawn(method)
    metrics = figures["metrics"]
    assert figures["data"] == "the first 32 images of seed 0"
    greys = drawn[:, :, 0, 0].double().numpy()
    assert list(metrics.values())[:3] == pytest.approx(greys.mean(0), abs=1e-3)
    assert metrics["mean_red"] - metrics["mean_green"] == pytest.approx(0.5 * 127.5, abs=0.6)
    assert metrics["diversity"] == pytest.approx(greys.std(0).mean(), abs=1e-3)
    rows = samples.rows(method)
    assert [len(row) for row in rows] == [8] * 4
    assert np.array_equal(rows[1][0], drawn[8].permute(1, 2, 0))
    trained = Sampler(GAN, run_of(site) / "epoch_1.pth", device="cpu")
    assert np.abs(samples.rows(trained.method)[2][1].astype(int) - trained(18)[17]).max() <= 1


def test_people_are_not_shown(site):
    cfg = read_config(GAN)
    assert NoiseSamples(cfg).people == []
    cfg.train_dataloader.dataset.type = "Market1501"
    samples, lines = NoiseSamples(cfg), []
    with publishing_generators._picture(site / "x.png", None, samples, NAME, lines.append) as is_drawn:
        assert not is_drawn
    assert "no picture, for it would show the people of Market1501" in lines[0]
    assert not (site / "x.png").exists()


def test_float32_stays_where_half_precision_shows(site, monkeypatch):
    def write(file, state, header, precision):
        shift = 0.1 if precision == "float16" else 0.0
        return write_weights(file, {name: value + shift for name, value in state.items()}, header, "float32")

    write_weights = publishing_generators.write_weights
    monkeypatch.setattr(publishing_generators, "write_weights", write)
    lines = []
    assert published(report=lines.append).precision == "float32"
    assert "as float16 sampled images differ by up to" in lines[0]


def test_what_learnt_beside_its_images_says_so(site):
    """A re-ID network of LSRO: the card says which images it learnt from, by what stages, and under which terms."""
    run, out = site / "work_dirs" / REID_NAME / "seed3", site / "model_zoo" / "checkpoints"
    (card,) = read_metafile(publish(run, row_of(site), out, half=False).metafile, site)
    assert card.metadata["Training Data"] == f"{DATA} train and 7 samples of DCGAN trained on {DATA} train"
    assert card.metadata["Stages"] == [GAN, REID]
    assert card.weights.data_licence == NONE_NEEDED
    assert read_row(row_of(site))["checkpoint_sha256"] == sha256(run / "epoch_1.pth")
    assert f"train it        python tools/run_stages.py {GAN} {REID}" in card_text(card)


SAMPLING = [card for card in list_cards() if card.is_sampling and card.weights is not None]


@pytest.mark.slow
@pytest.mark.parametrize("card", SAMPLING, ids=lambda card: card.name)
def test_every_published_gan_still_draws_what_its_card_says(card):
    cfg = read_config(card.config)
    trained = load_method(card.config, locate(card.name), SamplingMethod, REFUSAL)[1]
    (figures,) = NoiseSamples(cfg).figures(trained)
    assert card.results[0].dataset == figures["data"]
    assert figures["metrics"] == pytest.approx(card.results[0].metrics, abs=0.1)  # processors round otherwise
