"""What shrinking leaves of the data of a config."""

from mmengine.config import Config

from reidzoo.apis.smoke import SMOKE_DATA, shrink

FLIP = [{"type": "RandomFlip"}]
TINY = {"type": "SynthPed", "root": str(SMOKE_DATA)}


def shrunk(dataset, **sampler):
    loader = {"batch_size": 64, "dataset": dataset, "sampler": sampler or {"type": "ShuffleSampler"}}
    cfg = Config({"train_dataloader": loader, "train_cfg": {}})
    shrink(cfg)
    return cfg.train_dataloader


def test_both_domains_become_tiny_and_keep_the_cameras_that_there_are():
    source = {"type": "Market1501", "root": "market", "split": "train", "cameras": (1, 5), "transforms": FLIP}
    target = {"type": "MSMT17", "root": "msmt17", "with_val": True, "cameras": [9], "val_identities": 90}
    assert shrunk({"type": "UnpairedImages", "source": source, "target": target, "distinct": True}).dataset == {
        "type": "UnpairedImages",
        "distinct": False,  # both are the same tiny set
        "source": {**TINY, "split": "train", "transforms": FLIP, "cameras": [1]},
        "target": {**TINY, "val_identities": 4},
    }


def test_generated_images_become_tiny():
    assert shrunk({"type": "GeneratedFolder", "root": "work_dirs/gan", "transforms": FLIP}).dataset == {
        **TINY,
        "transforms": FLIP,
    }


def test_real_and_generated_images_keep_their_form_and_fit_their_sampler():
    real = {"type": "Market1501", "root": "market", "transforms": FLIP}
    fake = {"type": "GeneratedFolder", "root": "work_dirs/gan", "split": "train", "transforms": []}
    dataset = {"type": "RealAndGenerated", "real": real, "generated": fake}
    loader = shrunk(dataset, type="RealFakeSampler", real_fake=(9, 1))
    assert loader.dataset == {
        "type": "RealAndGenerated",
        "real": {**TINY, "transforms": FLIP},
        "generated": {**TINY, "split": "train", "transforms": []},
    }
    assert loader.batch_size == loader.sampler.batch_size == 4
    assert loader.sampler.real_fake == (1, 1)


def test_cameras_that_the_tiny_set_lacks_are_left_out():
    assert "cameras" not in shrunk({"type": "Market1501", "root": "market", "cameras": [5]}).dataset


def test_colours_are_learned_from_tiny_images():
    target = {"type": "MSMT17", "root": "msmt17", "split": "train"}
    recolour = {"type": "ReinhardTransfer", "target": target, "prob": 0.5}
    assert shrunk({"type": "Market1501", "root": "market", "transforms": [recolour, *FLIP]}).dataset == {
        **TINY,
        "transforms": [{**recolour, "target": {**TINY, "split": "train"}}, *FLIP],
    }


def test_a_method_may_need_larger_batches():
    loader = {"batch_size": 64, "dataset": {"type": "Market1501", "root": "m"}, "sampler": {"type": "ShuffleSampler"}}
    cfg = Config({"train_dataloader": loader, "train_cfg": {}, "model": {"type": "DGNet", "num_pids": 3}})
    shrink(cfg)
    assert cfg.train_dataloader.batch_size == 4
    assert shrunk(loader["dataset"]).batch_size == 2
