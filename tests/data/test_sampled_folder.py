"""Images that show nobody: read by a data set of their own, and never counted among the identities."""

import pytest
import torch
from fake_datasets import HEIGHT, WIDTH, generated, sampled, write_image
from mmengine.config import Config
from torch.utils.data import DataLoader
from toy_market import write_toy_market

from reidzoo.apis.configs import complete_for_training
from reidzoo.base.errors import UserError
from reidzoo.base.labels import UNLABELLED_PID
from reidzoo.data.dataset_check import check_dataset
from reidzoo.data.datasets import GeneratedFolder, RealAndGenerated, SampledFolder, UnpairedImages
from reidzoo.data.datasets.base import ReIDDataset
from reidzoo.data.datasets.manifest import write_manifest
from reidzoo.data.datasets.reading import UndecodableImage
from reidzoo.data.datasets.sampled_folder import SampledImage
from reidzoo.data.draw import Draw
from reidzoo.data.samplers import IdentitySampler, RealFakeSampler, ShuffleSampler

SMALL = {"type": "Resize", "height": 32, "width": 16}


@pytest.fixture(scope="module")
def roots(tmp_path_factory):
    """Real identities 1 to 6 with 4 images each, and 5 images of nobody."""
    folder = tmp_path_factory.mktemp("lsro")
    return write_toy_market(folder / "real"), sampled(folder / "sampled")


def mixed(roots, **sampled_options):
    return RealAndGenerated(
        {"type": "Market1501", "root": str(roots[0])},
        {"type": "SampledFolder", "root": str(roots[1]), "transforms": [SMALL], **sampled_options},
    )


def test_items_have_an_image_and_nothing_else(roots):
    dataset = SampledFolder(str(roots[1]))
    assert len(dataset) == dataset.num_images == 5
    assert [path.name for path in dataset.files] == [f"{number:06d}.jpg" for number in range(5)]
    item = dataset[3]
    assert set(item) == {"images", "indices"}
    assert item["images"].shape == (3, HEIGHT, WIDTH)
    assert item["images"].dtype == torch.uint8
    assert item["indices"] == 3


def test_it_is_no_data_set_of_persons(roots):
    dataset = SampledFolder(str(roots[1]))
    assert not isinstance(dataset, ReIDDataset)
    assert dataset.metainfo == {"name": "5 samples of DCGAN trained on Market1501 train"}
    for name in ("records", "labels", "split"):
        assert not hasattr(dataset, name)


def test_augmentation_is_a_function_of_the_draw(roots):
    flip = {"type": "RandomFlip"}
    dataset = SampledFolder(str(roots[1]), [SMALL, flip])
    images = [dataset[Draw(1, seed=3, epoch=epoch)]["images"] for epoch in (*range(8), *range(8))]
    assert all(torch.equal(*pair) for pair in zip(images[:8], images[8:], strict=True))
    assert any(not torch.equal(images[0], image) for image in images[:8])


def test_the_first_so_many(roots):
    assert [path.name for path in SampledFolder(str(roots[1]), first=2).files] == ["000000.jpg", "000001.jpg"]
    assert SampledFolder(str(roots[1]), first=2).title.startswith("2 samples of DCGAN")
    assert len(SampledFolder(str(roots[1]), first=5)) == 5
    for first in (0, 6, -1, 2.0, "all", True):
        with pytest.raises(UserError, match=r"first is how many of the 5 images in .* are read, got"):
            SampledFolder(str(roots[1]), first=first)


def test_a_header_that_says_little_gives_the_name_of_the_class(tmp_path):
    write_image(tmp_path / "a.jpg")
    write_manifest(tmp_path, [SampledImage("a.jpg")], {"kind": "samples", "method": "DCGAN", "source": None})
    assert SampledFolder(str(tmp_path)).title == "SampledFolder"


def test_absent_and_unlisted_images_are_refused(tmp_path):
    root = sampled(tmp_path)
    write_image(root / "deeper" / "stray.png")
    with pytest.raises(UserError, match=r"1 file\(s\) are images that the list does not name, first '.*stray\.png'"):
        SampledFolder(str(root))
    (root / "deeper" / "stray.png").unlink()
    (root / "000003.jpg").unlink()
    with pytest.raises(UserError, match=r"1 file\(s\) are named by the list and do not exist, first '.*000003\.jpg'"):
        SampledFolder(str(root), first=2)


def test_broken_files_are_found(tmp_path):
    dataset = SampledFolder(str(sampled(tmp_path)))
    dataset.files[1].write_bytes(b"no image")
    assert dataset.undecodable() == [dataset.files[1]]
    with pytest.raises(UndecodableImage, match=r"000001\.jpg' is not an image"):
        dataset[1]


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"images": [{"pid": 1}]}', '{"images": 3}'])
def test_a_manifest_of_another_form_is_refused(tmp_path, text):
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(UserError, match="is not a manifest of generated images"):
        SampledFolder(str(tmp_path))


def test_folders_without_images_or_manifest_are_refused(tmp_path):
    with pytest.raises(UserError, match=r"nowhere.*does not exist: draw them first with tools/run_stages\.py"):
        SampledFolder(str(tmp_path / "nowhere"))
    with pytest.raises(UserError, match=r"SampledFolder expects '.*manifest\.json'.*goes on where it was"):
        SampledFolder(str(tmp_path))
    write_manifest(tmp_path, [], {"kind": "samples"})
    with pytest.raises(UserError, match=r"lists no image: draw some with tools/sample\.py"):
        SampledFolder(str(tmp_path))


def test_the_two_kinds_of_generated_images_name_each_others_reader(roots, tmp_path):
    with pytest.raises(UserError, match=r"drawn from noise and show nobody.* read them with SampledFolder"):
        GeneratedFolder(str(roots[1]))
    with pytest.raises(UserError, match="whose identities they have: read them with GeneratedFolder"):
        SampledFolder(str(generated(tmp_path)))


def test_the_check_of_a_folder_of_samples_says_that_it_has_no_persons(roots):
    for dataset_type in (None, "SampledFolder", "GeneratedFolder"):
        with pytest.raises(UserError, match="drawn from noise, which show nobody, and the check is of data sets of p"):
            check_dataset(roots[1], dataset_type)


# --- beside real images


def test_rows_beside_real_ones_have_no_label(roots):
    dataset = mixed(roots)
    assert len(dataset) == 24 + 5
    for index in (24, 28):
        item = dataset[index]
        assert set(item) == set(dataset[0]) == {"images", "pids", "camids", "indices", "is_generated"}
        assert item["pids"] == item["camids"] == UNLABELLED_PID == -2
        assert item["pids"].dtype == item["camids"].dtype == torch.int64
        assert bool(item["is_generated"])
        assert item["indices"] == index


def test_they_enter_no_count(roots):
    real = mixed(roots).real.metainfo
    info = mixed(roots).metainfo
    assert info == {**real, "name": "Market1501 train and 5 samples of DCGAN trained on Market1501 train"}
    assert (info["num_pids"], info["num_cams"]) == (6, 2)
    cfg = Config(
        {
            "model": {"type": "IDE"},
            "train_cfg": {"type": "SeededEpochLoop"},
            "optim_wrapper": {"type": "AutocastOptimWrapper"},
            "train_dataloader": {
                "batch_size": 4,
                "sampler": {"type": "RealFakeSampler"},
                "dataset": {
                    "type": "RealAndGenerated",
                    "real": {"type": "Market1501", "root": str(roots[0])},
                    "generated": {"type": "SampledFolder", "root": str(roots[1]), "transforms": [SMALL]},
                },
            },
        }
    )
    complete_for_training(cfg)
    assert cfg.model.num_pids == 6


def test_alone_they_teach_no_identities(roots):
    cfg = Config(
        {
            "model": {"type": "IDE"},
            "train_cfg": {"type": "SeededEpochLoop"},
            "optim_wrapper": {"type": "AutocastOptimWrapper"},
            "train_dataloader": {
                "batch_size": 4,
                "sampler": {"type": "ShuffleSampler"},
                "dataset": {"type": "SampledFolder", "root": str(roots[1])},
            },
        }
    )
    with pytest.raises(UserError, match="IDE learns identities, and SampledFolder has none: train on a data set of"):
        complete_for_training(cfg)


@pytest.mark.parametrize(("sampler", "fakes"), [(RealFakeSampler, {1}), (ShuffleSampler, {0, 1, 2, 3, 4})])
def test_batches_have_them_flagged(roots, sampler, fakes):
    dataset = mixed(roots)
    arguments = {"batch_size": 4} if sampler is RealFakeSampler else {}
    loader = DataLoader(dataset, batch_size=4, sampler=sampler(dataset, seed=0, **arguments))
    for batch in loader:
        flagged = batch["is_generated"]
        assert int(flagged.sum()) in fakes
        assert batch["pids"].dtype == torch.int64
        assert batch["pids"][flagged].tolist() == [UNLABELLED_PID] * int(flagged.sum())
        assert (batch["pids"][~flagged] >= 0).all()


def test_fewer_of_them_can_be_mixed_in(roots):
    assert len(mixed(roots, first=3)) == 24 + 3


def test_identities_cannot_be_dealt_from_them(roots):
    with pytest.raises(UserError, match=r"IdentitySampler deals identities, and 5 generated images .* show nobody"):
        IdentitySampler(mixed(roots), images_per_pid=2, pids_per_batch=2, seed=0)


def test_they_are_no_real_images(roots):
    real, samples = {"type": "Market1501", "root": str(roots[0])}, {"type": "SampledFolder", "root": str(roots[1])}
    with pytest.raises(UserError, match=r"SampledFolder cannot be its 'real': name a re-ID data set as real"):
        RealAndGenerated(samples, real)
    pair = {"type": "UnpairedImages", "source": real, "target": real}
    with pytest.raises(UserError, match=r"UnpairedImages cannot be its 'generated': .* or a SampledFolder, as gener"):
        RealAndGenerated(real, pair)
    with pytest.raises(UserError, match="UnpairedImages takes its target from a re-ID data set, got SampledFolder"):
        UnpairedImages(real, samples)


def test_broken_files_of_both_kinds_are_found(tmp_path):
    dataset = mixed((write_toy_market(tmp_path / "real"), sampled(tmp_path / "sampled")))
    broken = [dataset.records[2].path, dataset.records[25].path]
    for path in broken:
        path.write_bytes(b"no image")
    assert dataset.undecodable() == broken
    assert dataset.num_images == 29
