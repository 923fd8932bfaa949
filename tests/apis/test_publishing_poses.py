"""A published pose transfer draws as the trained one without its judge, and its card is of these weights."""

import json
import shutil
from pathlib import Path

import cv2
import pytest
import torch
from mmengine.config import Config
from toy_poses import write_posed_market, write_toy_transfer
from toy_publishing import CLEAN, as_synthped, change, write_judged
from toy_translation import write_toy_reid

from reidzoo.apis.configs import read_config
from reidzoo.apis.method_loading import load_method
from reidzoo.apis.pose_evaluation import evaluate_poses
from reidzoo.apis.pose_samples import COUNT, PoseSamples
from reidzoo.apis.publishing_generators import publish_generator
from reidzoo.apis.reposing import REFUSAL, repose
from reidzoo.apis.results import write_json
from reidzoo.apis.stage_runs import train_stages
from reidzoo.apis.testing import evaluate
from reidzoo.base.errors import UserError
from reidzoo.base.weights import read_checkpoint
from reidzoo.data.datasets.listing import image_files
from reidzoo.methods.pose_transfer import PoseTransferMethod
from reidzoo.registry import METHODS
from reidzoo.zoo.card_text import card_text
from reidzoo.zoo.cards import list_cards
from reidzoo.zoo.download import locate
from reidzoo.zoo.metafiles import read_metafile

FIRST, NAME, REID_NAME = "pg2-stage1_toy_day", "pg2-stage2_toy_day", "mixed_toy_day"
COARSE, FINE, REID = f"configs/pg2/{FIRST}.py", f"configs/pg2/{NAME}.py", f"configs/pg2/{REID_NAME}.py"
DATA = "SynthPed day toy seed 0 renderer 0"


@pytest.fixture
def site(toy_config, copied_site):
    """A folder like a checkout: both stages of PG2 and re-ID beside what they draw, trained, judged and tested."""

    def fill(folder):
        write_configs(toy_config, posed_synthped(folder).relative_to(folder))
        checkpoint = train_stages([COARSE, FINE, REID], seed=3)
        for name in (FIRST, NAME, REID_NAME):
            change(folder / "work_dirs" / name / "seed3" / "run.json", commit=CLEAN)
        row = evaluate(REID, checkpoint, work_dir=folder / "test")
        row |= {"stages": [COARSE, FINE, REID], "commit": CLEAN}
        write_json(folder / "model_zoo" / "results" / f"{REID_NAME}.seed3.json", row)
        judged = evaluate_poses(FINE, run_of(folder) / "epoch_1.pth", metrics=["l1", "ssim-pg2"], device="cpu")
        write_judged(judged_of(folder), judged)

    return copied_site(fill)


def posed_synthped(folder):
    """Toy images with poses in a folder that says it was rendered."""
    market = write_posed_market(folder / "market", train_pids=3, test_pids=2)
    poses = [shutil.move(path, folder / path.name) for path in sorted(market.glob("*.csv"))]
    root = as_synthped(folder / "data" / "day", "day", market)
    for path in poses:
        shutil.move(path, root / path.name)
    return root


def write_configs(toy_config, root):
    """Both stages of PG2, and re-ID on real images and on what they draw."""
    Path(COARSE).parent.mkdir(parents=True)
    start = f"work_dirs/{FIRST}/seed0/epoch_1.pth"
    second = {"method": "PG2StageTwo", "load_from": start, "allow_partial_load": ["g2.", "d."]}
    for name, options in ((FIRST, {}), (NAME, second)):
        cfg = Config.fromfile(write_toy_transfer(Path(COARSE).parent, name, root, **options))
        cfg.train_dataloader.dataset.dataset.type = "SynthPed"
        cfg.dump(Path(COARSE).parent / f"{name}.py")
    drawn = {"type": "GeneratedFolder", "root": f"work_dirs/{NAME}/seed0/reposed-1"}
    dataset = {"type": "RealAndGenerated", "real": {"type": "SynthPed", "root": str(root)}, "generated": drawn}
    changes = {
        "model.type": "CamStyle",
        "train_dataloader.dataset": {**dataset, "_delete_": True},
        "test_dataloader.dataset.type": "SynthPed",
        "test_dataloader.dataset.root": str(root),
    }
    shutil.move(write_toy_reid(toy_config, REID_NAME, **changes), REID)


def run_of(site, name=NAME):
    return site / "work_dirs" / name / "seed3"


def judged_of(site, name=NAME):
    return site / "model_zoo" / "results" / f"{name}.images.seed3.json"


def published(name=NAME, **options):
    return publish_generator(f"work_dirs/{name}/seed3", **options)


def test_a_published_pose_transfer_draws_by_its_name(site):
    lines = []
    done = published(report=lines.append)
    (card,) = read_metafile(done.metafile, site)
    assert (card.name, card.config, card.collection.name) == (NAME, FINE, "PG2StageTwo")
    assert (card.is_pose_transfer, card.draws, card.is_translation, card.is_sampling) == (True, True, False, False)
    assert card.metadata["Training Data"] == f"pairs of {DATA} train"
    assert card.metadata["Stages"] == [COARSE, FINE]
    assert card.metadata["Initialisation"] == f"stages {COARSE}"
    assert card.weights.data_licence == "none needed, drawn by the repository's own renderer"
    assert f"tools/repose.py {FINE} zoo://{NAME} IMAGE --pose" in card_text(card)
    assert cv2.imread(str(site / card.picture)).shape[2] == 3
    drawn, judged, learnt = card.results
    assert (drawn.task, drawn.dataset) == ("Pose Transfer", f"{DATA} train, 3 images in other poses")
    assert judged.dataset == f"{DATA} test, targets of pairs, 24 images beside 24 drawn, 32 x 16 pixels"
    assert judged.metrics == json.loads(judged_of(site).read_text())["metrics"]
    assert (learnt.task, learnt.config) == ("Person Re-Identification with images in other poses", REID)

    (site / FINE).rename(site / "elsewhere.py")  # the file brings its config along
    (site / FINE).write_text("# a name that the card can find\n")
    image, other = image_files(site / "data" / "day" / "query")[:2]
    by_name = repose(NAME, None, image, other, device="cpu")
    by_run = repose("elsewhere.py", run_of(site) / "epoch_1.pth", image, other, device="cpu")
    assert abs(by_name.astype(int) - by_run).max() <= 1


def test_the_file_is_without_the_discriminator_and_complete_otherwise(site):
    lines = []
    done = published(report=lines.append)
    assert "left out: message_hub, optimizer, d.; card in" in lines[-1]
    own = torch.load(run_of(site) / "epoch_1.pth", weights_only=True)["state_dict"]
    file = read_checkpoint(done.weights)
    assert file["meta"]["without"] == ["d."]
    assert set(file["state_dict"]) == {name for name in own if not name.startswith("d.")} < set(own)
    torch.save({"state_dict": file["state_dict"], "meta": {}}, site / "silent.pth")
    with pytest.raises(UserError, match=r"missing \(d\."):
        load_method(FINE, site / "silent.pth", PoseTransferMethod, REFUSAL)
    file["state_dict"].popitem()
    torch.save(file, site / "less.pth")
    with pytest.raises(UserError, match="1 missing"):
        load_method(FINE, site / "less.pth", PoseTransferMethod, REFUSAL)


def test_the_first_stage_is_published_alone(site):
    with pytest.raises(UserError, match=rf"no row on images .* seed 3 .*tools/evaluate_poses\.py {COARSE} CHECKPOINT"):
        published(FIRST)
    judged = evaluate_poses(COARSE, run_of(site, FIRST) / "epoch_1.pth", metrics=["l1"], device="cpu")
    judged["generator"]["commit"] = CLEAN
    write_json(judged_of(site, FIRST), {**judged, "commit": CLEAN})
    (card,) = read_metafile(published(FIRST).metafile, site)
    assert "Stages" not in card.metadata
    assert card.metadata["Initialisation"] == "random"
    assert len(card.results) == 2


def test_a_second_stage_needs_the_first_that_it_started_from(site):
    change(run_of(site) / "stage.json", started_from="0" * 64)
    with pytest.raises(UserError, match=r"what is in '.*stage1_toy_day.seed3' is not the load_from that"):
        published()
    shutil.rmtree(run_of(site, FIRST))
    with pytest.raises(UserError, match="publish from the work folder in which its stages were trained"):
        published()
    assert not list(site.rglob("*.safetensors"))


def test_samples_are_of_different_persons_and_always_the_same(site):
    assert site.is_dir()
    first, again = (PoseSamples(read_config(FINE)) for _ in range(2))
    assert first.people == []
    assert len(first.sources) == 3 <= COUNT
    for key in ("sources", "targets", "source_points", "target_points"):
        assert torch.equal(getattr(first, key), getattr(again, key))
    assert all(not torch.equal(*pair) for pair in zip(first.source_points, first.target_points, strict=True))
    Path("data/day/meta.json").unlink()
    cfg = read_config(FINE)
    cfg.train_dataloader.dataset.dataset.type = "Market1501"
    assert PoseSamples(cfg).people == ["Market1501 train"]


class Fixed(torch.nn.Module):
    """Draws one value everywhere, or in grey levels what the first point says."""

    def __init__(self, value=None):
        super().__init__()
        self.value = value

    def forward(self, images, source_points, target_points):
        value = target_points[:, 0, 0] if self.value is None else torch.full((len(images),), self.value)
        return (value[:, None, None, None] / 127.5 - 1).expand(images.shape)


def test_figures_are_grey_levels_and_what_is_of_no_use_is_refused(site):
    assert site.is_dir()
    cfg = read_config(COARSE)
    method, samples = METHODS.build(cfg.model).eval(), PoseSamples(cfg)
    method.g1 = Fixed()
    (entry,) = samples.figures(method)
    metrics, points = entry["metrics"], samples.target_points[:, 0, 0].double()
    for name in ("mean_red", "mean_green", "mean_blue"):
        assert metrics[name] == pytest.approx(points.mean().item(), abs=0.01)
    moved = (points - samples.source_points[:, 0, 0]).abs().mean().item()
    assert metrics["pose_change"] == pytest.approx(moved, abs=0.01)
    distance = (samples.targets.double() - points[:, None, None, None]).abs().mean().item()
    assert metrics["distance"] == pytest.approx(distance, abs=0.01)
    method.g1 = Fixed(100.0)
    with pytest.raises(UserError, match=r"draws one image whatever the pose: another pose changes it by 0\.00"):
        samples.figures(method)
    method.g1 = Fixed(float("nan"))
    with pytest.raises(UserError, match="draws what is not finite"):
        samples.figures(method)


POSE_TRANSFERS = [card for card in list_cards() if card.is_pose_transfer and card.weights is not None]


@pytest.mark.slow
@pytest.mark.parametrize("card", POSE_TRANSFERS, ids=lambda card: card.name)
def test_every_published_pose_transfer_still_draws_what_its_card_says(card, rendered):
    root = Path(read_config(card.config).train_dataloader.dataset.dataset.root)
    if not root.is_dir() and not root.name.startswith("synthped-"):
        pytest.skip(f"the data set of {card.config} is not in '{root}', and cannot be rendered")
    options = {"train_dataloader.dataset.dataset.root": str(rendered(root))}
    samples = PoseSamples(read_config(card.config, options))
    method = load_method(card.config, locate(card.name), PoseTransferMethod, REFUSAL)[1]
    (found,) = samples.figures(method)
    on_card = {result.dataset: result.metrics for result in card.results if result.task == PoseSamples.task}
    assert found["metrics"] == pytest.approx(on_card[found["data"]], abs=0.1)  # processors round some pixels otherwise
