"""A published DG-Net draws and recognises as the trained one, and its card says how well it does both."""

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from toy_publishing import CLEAN, as_synthped, change, write_judged
from toy_swaps import ToySwap, write_toy_swap

from reidzoo.apis import Embedder, publishing_generators
from reidzoo.apis.configs import read_config
from reidzoo.apis.method_loading import load_method
from reidzoo.apis.publishing import publish, publish_table
from reidzoo.apis.publishing_generators import publish_generator
from reidzoo.apis.results import write_json
from reidzoo.apis.stage_runs import train_stages
from reidzoo.apis.swap_evaluation import evaluate_swaps
from reidzoo.apis.swap_samples import COUNT, SwapSamples
from reidzoo.apis.swapping import REFUSAL, swap
from reidzoo.apis.testing import evaluate
from reidzoo.base.errors import UserError
from reidzoo.base.weights import read_checkpoint
from reidzoo.data.datasets.listing import image_files
from reidzoo.methods.swapping import SwapMethod
from reidzoo.zoo.card_text import card_text
from reidzoo.zoo.cards import list_cards
from reidzoo.zoo.download import locate
from reidzoo.zoo.metafiles import read_metafile

TEACHER_NAME, NAME = "dgnet-teacher_toy_day", "dgnet_toy_day"
TEACHER, JOINT = f"configs/dgnet/{TEACHER_NAME}.py", f"configs/dgnet/{NAME}.py"
DATA = "SynthPed day toy seed 0 renderer 0"
OSNET = {"type": "OSNet", "width": 0.25, "embedding": False}
IDE = {"type": "IDE", "backbone": OSNET, "head": {"type": "LinearHead", "hidden": 8, "hidden_relu": False}}
DGNET = {
    "type": "DGNet",
    "backbone": OSNET,
    "head": {"type": "PrimaryFineHead", "hidden": 8},
    "generator": {"type": "DGNetGenerator", "width": 2, "mlp_width": 16, "blocks": 2},
    "discriminator": {"type": "MultiScaleDiscriminator", "width": 2, "blocks": 1},
    "teacher": IDE,
    "teacher_weights": f"work_dirs/{TEACHER_NAME}/seed0/epoch_1.pth",
}
RESIZE = {"type": "Resize", "height": 64, "width": 40}


@pytest.fixture
def site(toy_config, toy_market, copied_site):
    """A folder like a checkout: a teacher and DG-Net, trained, tested and judged."""

    def fill(folder):
        write_configs(toy_config, as_synthped(folder / "data" / "day", "day", toy_market).relative_to(folder))
        checkpoint = train_stages([TEACHER, JOINT], seed=3)
        for name in (TEACHER_NAME, NAME):
            change(folder / "work_dirs" / name / "seed3" / "run.json", commit=CLEAN)
        row = evaluate(JOINT, checkpoint, work_dir=folder / "test")
        write_json(row_of(folder), {**row, "stages": [TEACHER, JOINT], "commit": CLEAN})
        judged = evaluate_swaps(JOINT, checkpoint, metrics=["dssim-lab"], device="cpu")
        write_judged(judged_of(folder), judged)

    return copied_site(fill)


def write_configs(toy_config, root):
    """The teacher, and DG-Net for one step of each network."""
    Path(JOINT).parent.mkdir(parents=True)
    images = {"type": "SynthPed", "root": str(root), "split": "train", "transforms": [RESIZE]}
    adam = {"type": "AutocastOptimWrapper", "optimizer": {"type": "Adam", "lr": 1e-3}}
    base = {
        "train_cfg.max_epochs": 1,
        "train_dataloader.num_batch_per_epoch": 1,
        "train_dataloader.drop_last": True,
        "test_dataloader.dataset": {**images, "split": "test", "_delete_": True},
    }
    part = {"train_dataloader.dataset": {**images, "_delete_": True}}
    shutil.move(toy_config(**base, **part, model={**IDE, "_delete_": True}), TEACHER)
    pairs = {
        "train_dataloader.dataset": {"type": "PositivePairs", "dataset": images, "_delete_": True},
        "train_dataloader.batch_size": 4,
        "train_dataloader.sampler": {"type": "ShuffleSampler", "_delete_": True},
        "optim_wrapper": {
            "constructor": "MethodOptimWrapperConstructor",
            **dict.fromkeys(("appearance", "generator", "discriminator"), adam),
            "_delete_": True,
        },
    }
    shutil.move(toy_config(**base, **pairs, model={**DGNET, "_delete_": True}), JOINT)


def run_of(site, name=NAME):
    return site / "work_dirs" / name / "seed3"


def row_of(site, seed=3):
    return site / "model_zoo" / "results" / f"{NAME}.seed{seed}.json"


def judged_of(site):
    return site / "model_zoo" / "results" / f"{NAME}.images.seed3.json"


def published(**options):
    return publish_generator(f"work_dirs/{NAME}/seed3", **options)


def test_a_published_dgnet_draws_and_recognises_by_its_name(site):
    row, lines = json.loads(row_of(site).read_text()), []
    write_json(row_of(site, 4), {**row, "seed": 4, "metrics": {**row["metrics"], "mAP_step": 20.0}})
    done = published(report=lines.append)
    (card,) = read_metafile(done.metafile, site)
    assert (card.name, card.config, card.collection.name, card.is_swapping) == (NAME, JOINT, "DGNet", True)
    assert card.metadata["Stages"] == [TEACHER, JOINT]
    assert (card.metadata["Initialisation"], card.metadata["Training Data"]) == ("random", f"{DATA} train")
    assert card.metadata["Seeds"] == [3, 4]
    assert f"tools/swap.py {JOINT} zoo://{NAME} --appearance IMAGES" in card_text(card)
    assert cv2.imread(str(site / card.picture)).shape[2] == 3
    drawn, judged, tested = card.results
    assert (drawn.task, drawn.dataset) == ("Appearance Swapping", f"{DATA} train, 3 appearances in 3 structures")
    assert judged.metrics == json.loads(judged_of(site).read_text())["metrics"]
    assert (tested.task, tested.dataset, tested.config) == ("Person Re-Identification", f"{DATA} test", None)
    assert tested.metrics["mAP_step"] == pytest.approx(row["metrics"]["mAP_step"], abs=0.051)
    assert tested.spread["mAP_step"]["seeds"] == 2
    assert not any(name.startswith("num_") for name in tested.metrics)

    files = image_files(site / "data" / "day" / "query")
    by_name, by_run = (
        swap(*which, files[:2], files[2:4], device="cpu")
        for which in ((NAME, None), (JOINT, run_of(site) / "epoch_1.pth"))
    )
    assert abs(by_name.astype(int) - by_run).max() <= 1
    features = [Embedder(*which, device="cpu")(files) for which in ((NAME,), (JOINT, run_of(site) / "epoch_1.pth"))]
    assert np.allclose(*features, atol=1e-2)
    assert evaluate(JOINT, f"zoo://{NAME}", work_dir=site / "again")["metrics"]["mAP_step"] == pytest.approx(
        tested.metrics["mAP_step"], abs=1e-3
    )


def test_the_file_is_without_the_discriminator(site):
    lines = []
    file = read_checkpoint(published(report=lines.append, half=False).weights)
    own = torch.load(run_of(site) / "epoch_1.pth", weights_only=True)["state_dict"]
    assert "optimizer, discriminator.; card in" in lines[-1].replace("param_schedulers, ", "")
    assert file["meta"]["without"] == ["discriminator."]
    assert set(own) - set(file["state_dict"]) == {name for name in own if name.startswith("discriminator.")} != set()
    assert file["state_dict"]["steps"] == own["steps"] == 1


def test_float32_stays_where_half_precision_moves_the_score(site, monkeypatch):
    def moved(config, file, **options):
        row = evaluate(config, file, **options)
        row["metrics"]["mAP_step"] += 1.0 if read_checkpoint(file)["meta"]["precision"] == "float16" else 0.0
        return row

    monkeypatch.setattr(publishing_generators, "evaluate", moved)
    lines = []
    assert published(report=lines.append).precision == "float32"
    assert any("as float16 mAP_step moves by 1.0" in line for line in lines)
    with pytest.raises(UserError, match=r"as float16 .*or mAP_step moves by more than 0\.05: publish it as float32"):
        published(half=True, out="other/checkpoints")
    assert not list((site / "other").rglob("*.*"))


def test_what_is_not_published(site):
    row = json.loads(row_of(site).read_text())
    for changes in ({"seed": 4}, {"options": {"model.alpha": 0}}, {"checkpoint_sha256": "0" * 64}):
        write_json(row_of(site), {**row, **changes})
        with pytest.raises(UserError, match=f"no row is of a test of exactly these weights of '{JOINT}' and of seed 3"):
            published()
    write_json(row_of(site), {**row, "commit": f"{CLEAN}-dirty"})
    with pytest.raises(UserError, match="measured in a checkout with changes"):
        published()
    write_json(row_of(site), row)
    with pytest.raises(UserError, match="of DGNet, which draws images and is published with what is known of them"):
        publish(run_of(site), row_of(site))
    record = run_of(site) / "stage.json"
    change(record, weights_from={"model.teacher_weights": "0" * 64})
    with pytest.raises(UserError, match=r"is not the model.teacher_weights that '.*epoch_1\.pth' was trained with"):
        published()
    assert not list(site.rglob("*.safetensors"))


def test_a_table_publishes_it_with_all_that_is_known(site, tmp_path):
    (tmp_path / "toy.toml").write_text(
        f'title = "Toy"\nseeds = [3]\n[columns]\n"day" = "day"\n'
        f'[[runs]]\nrow = "DG-Net"\nstages = ["{TEACHER}", "{JOINT}"]\n'
    )
    (done,) = publish_table(tmp_path / "toy.toml", seed=3, results=Path("model_zoo/results"))
    assert done.picture.is_file()


@pytest.fixture
def toy_samples(toy_market, tmp_path):
    return SwapSamples(read_config(write_toy_swap(tmp_path, "swap", toy_market)))


def test_samples_are_of_different_persons_and_always_the_same(toy_samples, toy_market, tmp_path):
    again = SwapSamples(read_config(write_toy_swap(tmp_path, "swap", toy_market)))
    assert len(toy_samples.appearance) == len(toy_samples.structure) == 3 <= COUNT
    assert torch.equal(toy_samples.appearance, again.appearance)
    images = torch.cat([toy_samples.appearance, toy_samples.structure])
    assert len(np.unique(images.flatten(1), axis=0)) == 6
    assert toy_samples.people == ["Market1501 train"]
    rows = toy_samples.rows(ToySwap())
    assert [len(row) for row in rows] == [4] * 4


class Fixed(ToySwap):
    """Draws the appearance's or the structure's first value everywhere."""

    def __init__(self, of):
        super().__init__()
        self.of = of

    def draw(self, appearance, structure):
        return {"appearance": appearance, "structure": structure}[self.of][:, :1, :1, :1].expand(appearance.shape)


def test_figures_are_grey_levels_and_what_is_of_no_use_is_refused(toy_samples):
    (entry,) = toy_samples.figures(ToySwap())
    assert entry["data"] == "Market1501 train, 3 appearances in 3 structures"
    metrics = entry["metrics"]
    drawn = torch.stack(toy_samples.drawn(ToySwap())).double()
    means = drawn.mean((0, 1, 3, 4))
    assert [metrics[f"mean_{name}"] for name in ("red", "green", "blue")] == pytest.approx(means.tolist(), abs=1e-3)
    assert metrics["appearance_change"] == pytest.approx(drawn.diff(dim=0).abs().mean().item(), abs=1e-3)
    assert metrics["structure_change"] == pytest.approx(drawn.diff(dim=1).abs().mean().item(), abs=1e-3)
    own = toy_samples.structure
    error = (ToySwap().swap(own, own).double() - own).abs().mean().item()
    assert metrics["self_error"] == pytest.approx(error, abs=1e-3)
    for of, missing in (("appearance", "structure"), ("structure", "appearance")):
        with pytest.raises(UserError, match=rf"draws one image whatever the {missing}: .* changes it by 0\.00 of 255"):
            toy_samples.figures(Fixed(of))
    broken = ToySwap()
    torch.nn.init.constant_(broken.generator.weight, float("nan"))
    with pytest.raises(UserError, match="draws what is not finite"):
        toy_samples.figures(broken)


SWAPS = [card for card in list_cards() if card.is_swapping and card.weights is not None]


@pytest.mark.slow
@pytest.mark.parametrize("card", SWAPS, ids=lambda card: card.name)
def test_every_published_swap_still_draws_and_scores_what_its_card_says(card, rendered, tmp_path):
    cfg = read_config(card.config)
    root = Path(cfg.train_dataloader.dataset.dataset.root)
    if not root.is_dir() and not root.name.startswith("synthped-"):
        pytest.skip(f"the data set of {card.config} is not in '{root}', and cannot be rendered")
    folder = str(rendered(root))
    samples = SwapSamples(read_config(card.config, {"train_dataloader.dataset.dataset.root": folder}))
    method = load_method(card.config, locate(card.name), SwapMethod, REFUSAL)[1]
    (found,) = samples.figures(method)
    on_card = {result.task: result for result in card.results}
    assert found["metrics"] == pytest.approx(on_card[SwapSamples.task].metrics, abs=0.1)
    options = {"test_dataloader.dataset.root": folder}
    row = evaluate(card.config, locate(card.name), work_dir=tmp_path, options=options)
    tested = on_card["Person Re-Identification"]
    assert row["data"] == tested.dataset
    assert row["metrics"]["mAP_step"] == pytest.approx(tested.metrics["mAP_step"], abs=0.05)
