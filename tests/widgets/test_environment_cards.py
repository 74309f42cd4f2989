"""Cards of environments: what stands on them, and their pictures."""

import io

import pytest
from PIL import Image

from retroml_edu.envs import get_env, list_envs
from retroml_edu.widgets.environments import GROUPS, PICTURES, card_of, cards, picture, picture_names
from retroml_edu.widgets.form import SettingsForm
from tests.environment_pictures import HEIGHT, WIDTH

MOST_BYTES = 300_000


def test_every_environment_of_the_registry_has_a_card_with_a_picture():
    assert {card["id"] for card in cards()} == {spec.id for spec in list_envs()}
    for card in cards():
        assert card["group"] in [key for key, _, _ in GROUPS], card["id"]
        assert card["picture"] in picture_names(), card["id"]
        assert card["name"]
        assert card["action"]
        assert card["observation"]


def test_cards_stand_in_the_order_of_their_groups():
    order = [key for key, _, _ in GROUPS]
    places = [order.index(card["group"]) for card in cards()]
    assert places == sorted(places)
    assert set(places) == set(range(len(GROUPS)))


def test_the_forms_of_a_game_are_told_apart():
    card = {card["id"]: card for card in cards()}
    pong = [card[name] for name in ("RetroML/PongPixels-v0", "RetroML/PongObjects-v0", "PongNoFrameskip-v4")]
    assert {item["name"] for item in pong} == {"Pong"}
    assert [item["group"] for item in pong] == ["pixels", "objects", "standard"]
    assert card["ALE/Pong-v5"]["group"] == "sticky"
    assert len({item["picture"] for item in pong}) == 3


def test_an_environment_that_is_not_listed_has_a_card_without_a_group_of_the_picker():
    card = card_of(get_env("Taxi-v4"))
    assert (card["id"], card["picture"]) == ("Taxi-v4", "")
    assert card["action"] == "Discrete 6"


def test_pictures_are_small_and_of_one_size():
    files = list(PICTURES.iterdir())
    assert sum(file.stat().st_size for file in files) < MOST_BYTES
    for file in files:
        with Image.open(file) as opened:
            assert (opened.format, opened.size) == ("WEBP", (WIDTH, HEIGHT)), file.name


def test_a_picture_shows_something():
    for name in picture_names():
        with Image.open(io.BytesIO(picture(name) or b"")) as opened:
            assert len(opened.convert("L").getcolors(256) or ()) > 2, name


@pytest.mark.parametrize("name", ["", "nothing", "../panel", "..", "/etc/passwd", "pong.webp"])
def test_a_name_that_is_no_picture_reads_no_file(name):
    assert picture(name) is None


def test_the_page_is_given_the_pictures_that_it_asks_for_and_no_others(told, monkeypatch):
    form, sent = SettingsForm(), []
    monkeypatch.setattr(form, "send", lambda content, buffers=None: sent.append((content, buffers)))
    told(form, action="pictures", names=["pong", "../form", 7, None, "cartpole"])
    ((answer, buffers),) = sent
    assert answer == {"kind": "pictures", "names": ["pong", "cartpole"], "mime": "image/webp"}
    assert buffers == [picture("pong"), picture("cartpole")]
    told(form, action="pictures", names="pong")
    told(form, action="other")
    assert len(sent) == 1
