"""Cards are read strictly: every mistake is one sentence with file and key."""

import copy

import pytest
import yaml
from toy_zoo import FILE, NAME, metafile, sampling_metafile, translation_metafile

from reidzoo.base.errors import UserError
from reidzoo.zoo.metafiles import read_metafile


def read(tmp_path, content, root=None):
    path = tmp_path / "metafile.yml"
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content), encoding="utf-8")
    return read_metafile(path, root)


def changed(place, value=None, content=None):
    """The good metafile with one value set, or, without a value, one key removed."""
    content = copy.deepcopy(content or metafile())
    *parents, key = place.split("/")
    node = content
    for parent in parents:
        node = node[int(parent) if parent.isdigit() else parent]
    if value is None:
        del node[key]
    else:
        node[key] = value
    return content


def test_a_card_says_what_the_file_says(tmp_path):
    trained, bare = read(tmp_path, metafile())
    assert (trained.name, trained.collection.name, trained.collection.paper["Year"]) == (NAME, "Toy", 2016)
    assert (trained.weights.file, trained.weights.size, trained.weights.holds) == (FILE, 5000, "method")
    assert trained.results[0].metrics["mAP_step"] == 74.25
    assert trained.results[0].spread["mAP_step"] == {"mean": 74.1, "std": 0.9, "seeds": 3}
    assert trained.train is None
    assert bare.weights is None
    assert bare.train.startswith("python tools/train.py")
    assert bare.published[0].metrics == {"mAP_official": 68.8}
    assert bare.results == ()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (changed("Models/0/Weigths", {}), r"model 1 has no key 'Weigths', did you mean 'Weights'\?"),
        (changed("Models/0/Config"), "model 1 lacks the key 'Config'"),
        (changed("Models/0/Metadata/Seed"), f"model '{NAME}': Metadata lacks the key 'Seed'"),
        (changed("Models/0/Metadata/Seed", True), "'Seed' is a whole number, got True"),
        (changed("Models/0/Metadata/Seeds", ["0"]), "'Seeds' is a list of whole numbers"),
        (changed("Models/0/Metadata/Stages", [3]), r"'Stages' is a list of config files, got \[3\]"),
        (changed("Models/0/Results/0/Task", "Image Generating"), "no task 'Image Generating', did you mean 'Image"),
        (changed("Models/0/Results/0/Metrics", {"fid": 3.0}), "'fid' does not say its flavour: write fid"),
        (changed("Models/0/Metadata/Commit", 5303210), "'Commit' is text in quotes, got 5303210"),
        (changed("Models/0/Metadata/Hardware"), "'Training Time' says nothing without 'Hardware'"),
        (changed("Models/0/In Collection", "Toi"), r"no collection 'Toi' in this file, did you mean 'Toy'\?"),
        (changed("Models/0/Name", "../escape"), "a name becomes a file name"),
        (changed("Models/0/Train", "x"), "either Weights or Train"),
        (changed("Models/1/Train"), "either Weights or Train"),
        (changed("Models/0/Results/0/Metrics", {"mAP": 74.2}), "'mAP' does not say its flavour: write mAP_step or"),
        (changed("Models/1/Published/0/Metrics", {"FID": 3.0}), "'FID' does not say its flavour"),
        (changed("Models/0/Results/0/Metrics", {"mAP_step": "74"}), "'mAP_step' is a number, got '74'"),
        (changed("Models/0/Results/0/Spread", {"rank5": {}}), r"Spread of 'rank5', did you mean 'rank1'"),
        (changed("Models/0/Results/0/Spread/mAP_step/std"), "Spread of 'mAP_step' lacks the key 'std'"),
        (changed("Models/1/Published/0/Source"), "Published lacks the key 'Source'"),
        (changed("Models/0/Weights/File", "other.safetensors"), f"expected '{FILE}', got 'other.safetensors'"),
        (changed("Models/0/Weights/SHA256", "8fb1392400cf"), "64 hexadecimal digits"),
        (changed("Models/0/Weights/Size", "5000"), "'Size' is a whole number, got '5000'"),
        (changed("Models/0/Weights/Licence"), "Weights lacks the key 'Licence'"),
        (changed("Models/0/Weights/Holds", "head"), "'Holds' is method or backbone, got 'head'"),
        (changed("Models/0/Weights/Mirrors", [3]), "'Mirrors' is a list of base URLs"),
        (changed("Models/0/Results", ["x"]), "Results is keys with values, got 'x'"),
        (changed("Models/0/Picture", "/somewhere/a.png"), "'Picture' is the path of a .png file in the repository"),
        (changed("Models/0/Picture", "model_zoo/../../a.png"), "'Picture' is the path of a .png file"),
        (changed("Models/0/Picture", "model_zoo/a.svg"), "got 'model_zoo/a.svg'"),
        (changed("Models/0/Picture", 3), "'Picture' is text in quotes, got 3"),
        (changed("Models/0/Results/0/Config", ["x"]), "'Config' is text in quotes"),
        (changed("Collections/0/Paper/Page", "3"), r"collection 1 \('Toy'\): Paper has no key 'Page'"),
        ("just text", "the metafile is keys with values"),
        ("Collections: []\nCollections: []\nModels: []\n", "is no YAML: the key 'Collections' stands twice"),
        ("Models: [", "is no YAML"),
    ],
)  # fmt: skip
def test_mistakes(tmp_path, content, said):
    with pytest.raises(UserError, match=rf"metafile\.yml.*{said}") as refusal:
        read(tmp_path, content)
    assert "\n" not in str(refusal.value)


def test_yaml_makes_no_python_objects(tmp_path):
    made = tmp_path / "made"
    with pytest.raises(UserError, match="is no YAML: could not determine a constructor"):
        read(tmp_path, f"Models: !!python/object/apply:os.mkdir ['{made}']\n")
    assert not made.exists()


def test_configs_must_exist_where_the_repository_is_at_hand(tmp_path, pytestconfig):
    absent = changed("Models/0/Config", "configs/ide/absent.py")
    read(tmp_path, absent)
    with pytest.raises(UserError, match=rf"model '{NAME}': no config file 'configs/ide/absent\.py': correct 'Config'"):
        read(tmp_path, absent, pytestconfig.rootpath)
    with pytest.raises(UserError, match="no folder 'configs/absent'"):
        read(tmp_path, changed("Collections/0/Config Folder", "configs/absent"), pytestconfig.rootpath)


def test_a_translation_has_a_picture_and_results_of_others(tmp_path, pytestconfig):
    content = translation_metafile()
    card, bare = read(tmp_path, content)
    assert (card.is_translation, bare.is_translation) == (True, False)
    assert (card.picture, bare.picture) == ("model_zoo/pictures/toy_net_data.png", None)
    assert [result.config for result in card.results] == [None, "configs/bot/bot_toy.py"]
    with pytest.raises(UserError, match=r"no config file 'configs/bot/bot_toy\.py'"):
        read(tmp_path, content, pytestconfig.rootpath)
    shipped = changed("Models/0/Results/1/Config", "configs/ide/ide_osnet-x0-25_synthped-day.py", content)
    with pytest.raises(UserError, match=r"no picture 'model_zoo/pictures/toy_net_data\.png': correct 'Picture'"):
        read(tmp_path, shipped, pytestconfig.rootpath)


def test_a_gan_samples_and_translates_nothing(tmp_path):
    gan, bare = read(tmp_path, sampling_metafile())
    assert (gan.is_sampling, gan.is_translation, bare.is_sampling) == (True, False, False)
    assert [result.config for result in gan.results] == [None, None, "configs/lsro/lsro_toy.py"]


def test_a_pose_transfer_draws_and_translates_nothing(tmp_path):
    poses, bare = read(tmp_path, changed("Models/0/Results/0/Task", "Pose Transfer", sampling_metafile()))
    assert (poses.is_pose_transfer, poses.draws, poses.is_sampling, poses.is_translation) == (True, True, False, False)
    assert (bare.is_pose_transfer, bare.draws) == (False, False)


def test_a_swap_draws_and_is_tested_itself(tmp_path):
    content = changed("Models/0/Results/0/Task", "Appearance Swapping", sampling_metafile())
    swap, bare = read(tmp_path, changed("Models/0/Results/2/Task", "Person Re-Identification", content))
    assert (swap.is_swapping, swap.draws, swap.is_sampling, bare.is_swapping) == (True, True, False, False)


def test_the_configs_of_all_stages_must_exist(tmp_path, pytestconfig):
    absent = changed("Models/0/Metadata/Stages", ["configs/ide/absent.py"])
    assert read(tmp_path, absent)[0].metadata["Stages"] == ["configs/ide/absent.py"]
    with pytest.raises(UserError, match=r"no config file 'configs/ide/absent\.py'"):
        read(tmp_path, absent, pytestconfig.rootpath)


def test_absent_metafile(tmp_path):
    with pytest.raises(UserError, match=r"no metafile '.*none\.yml' \(No such file"):
        read_metafile(tmp_path / "none.yml")
