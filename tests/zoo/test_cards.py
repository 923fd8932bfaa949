"""Finding cards, and what is printed of them."""

import pytest
from toy_zoo import NAME, metafile, sampling_metafile, translation_metafile

from reidzoo.base.errors import UserError
from reidzoo.zoo.card_text import card_text, cards_table
from reidzoo.zoo.cards import find_card, list_cards


@pytest.mark.usefixtures("zoo")
@pytest.mark.parametrize(
    ("pattern", "names"),
    [(None, ["bare_net_data", NAME]), ("toy_*", [NAME]), ("net", ["bare_net_data", NAME]), ("oy", [NAME])],
)
def test_patterns(pattern, names):
    assert [card.name for card in list_cards(pattern)] == names


@pytest.mark.usefixtures("zoo")
def test_unknown_names_get_the_nearest():
    with pytest.raises(UserError, match=r"no model 'toy_net_dat' in the zoo, did you mean 'toy_net_data'"):
        find_card("toy_net_dat")
    with pytest.raises(UserError, match=r"no model matches 'zzz', known: bare_net_data, toy_net_data"):
        list_cards("zzz")


def test_two_cards_of_one_name(write_zoo):
    write_zoo(metafile())
    write_zoo(metafile(), method="other")
    with pytest.raises(UserError, match=r"two cards are named 'bare_net_data', in .*other.*metafile\.yml and .*toy"):
        list_cards()


def test_an_empty_zoo_is_no_error(write_zoo):
    assert write_zoo is not None
    assert list_cards() == []


@pytest.mark.usefixtures("zoo")
def test_text_of_a_model_with_weights():
    text = card_text(find_card(NAME))
    for part in (
        "Toy, Toys, 2016",
        "Toy test: mAP_step 74.2 (74.1 ± 0.9 over 3 seeds), rank1 86.8, num_queries 1,599",
        "seeds           0, 1",
        "seconds         3.5",
        "toy_net_data.safetensors, 5,000 bytes, float16, a method",
        "licence         as the repository",
        "reidzoo download toy_net_data",
        "python tools/test.py configs/ide/ide_osnet-x0-25_synthped-day.py zoo://toy_net_data",
        "python tools/train.py configs/ide/ide_osnet-x0-25_synthped-day.py",
    ):
        assert part in text, part


@pytest.mark.usefixtures("zoo")
def test_figures_of_others_are_told_apart():
    card = find_card("bare_net_data")
    assert "by others       Market-1501: mAP_official 68.8 (https://example.org/paper)" in card_text(card)
    assert "reidzoo download" not in card_text(card)
    (line,) = cards_table([card]).splitlines()[2:]
    _, name, trained_on, measured, others, weights, _ = (cell.strip() for cell in line.split("|"))
    assert (trained_on, measured) == ("Toy train", "–")
    assert others == "Market-1501: mAP_official 68.8 (https://example.org/paper)"
    assert weights.startswith("train it: `python tools/train.py")
    assert name == "[bare_net_data](/configs/ide/ide_osnet-x0-25_synthped-day.py)"


def test_a_translation_is_shown_by_what_it_is_good_for(write_zoo):
    write_zoo(translation_metafile())
    card = find_card(NAME)
    text = card_text(card)
    for part in (
        "measured        Toy train, 6 images, s2t: mean_red 101.5, change 12.2",
        "measured        Toy test, bot_toy trained on its images: mAP_step 74.2 (74.1 ± 0.9 over 3 seeds)",
        "picture         model_zoo/pictures/toy_net_data.png",
        "tools/translate.py configs/ide/ide_osnet-x0-25_synthped-day.py zoo://toy_net_data --in ROOT --out FOLDER",
    ):
        assert part in text, part
    assert "tools/test.py" not in text
    page = cards_table(list_cards())
    line = next(line for line in page.splitlines() if line.startswith(f"| [{NAME}]"))
    assert "| Toy test, [bot_toy](/configs/bot/bot_toy.py) trained on its images: mAP_step 74.2" in line
    assert "mean_red" not in page
    assert page.count("![") == 1
    assert f"![{NAME}](/model_zoo/pictures/{NAME}.png)\n\n</details>\n" in page


def test_a_gan_is_shown_by_how_its_images_were_judged(write_zoo):
    write_zoo(sampling_metafile())
    text = card_text(find_card(NAME))
    for part in (
        "measured        the first 32 images: mean_red 101.5",
        "measured        Toy train, 24 images beside 7 drawn: fid (toy-net) 61.25 (60.50 ± 1.25 over 3 seeds), "
        "ssim (pg2) 0.432",
        "measured        Toy test, lsro_toy trained on its images: mAP_step 74.2 (74.1 ± 0.9 over 3 seeds)",
        f"tools/sample.py configs/ide/ide_osnet-x0-25_synthped-day.py zoo://{NAME} --out FOLDER --count N",
    ):
        assert part in text, part
    page = cards_table(list_cards())
    line = next(line for line in page.splitlines() if line.startswith(f"| [{NAME}]"))
    assert "| Toy train, 24 images beside 7 drawn: fid (toy-net) 61.25 (60.50 ± 1.25 over 3 seeds)" in line
    assert "mean_red" not in page
    assert f"![{NAME}](/model_zoo/pictures/{NAME}.png)" in page


def test_a_model_of_several_stages_is_trained_by_them(write_zoo):
    content = metafile()
    content["Models"][0]["Metadata"]["Stages"] = ["configs/a/gan_a_b.py", "configs/a/reid_a_b.py"]
    write_zoo(content)
    text = card_text(find_card(NAME))
    assert "stages          configs/a/gan_a_b.py, configs/a/reid_a_b.py" in text
    assert "train it        python tools/run_stages.py configs/a/gan_a_b.py configs/a/reid_a_b.py" in text
