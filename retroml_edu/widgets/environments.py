"""The environments as cards: what stands on each, in which group, and its picture."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, get_args

from retroml_edu.envs import EnvSpec, list_envs
from retroml_edu.envs.atari.forms import FastViewName, fast_id
from retroml_edu.envs.catalog import ATARI, CLASSIC
from retroml_edu.envs.names import ATARI_FORMS
from retroml_edu.widgets.assets import STATIC

PICTURES = STATIC / "environments"
"""Made by `python -m tests.environment_pictures`."""
PICTURE_MIME = "image/webp"

GROUPS = (
    ("classic", "Classic control", "A few numbers, learned in seconds to minutes."),
    ("box2d", "Box2D", "Bodies with weight and friction, learned in minutes."),
    ("pixels", "Atari, fast pixels", "Small pictures of the playing field, learned in minutes."),
    ("objects", "Atari, fast objects", "Told where things are, as numbers, learned in a minute or so."),
    ("standard", "Atari, standard", "84×84 pixels as in Mnih et al. (2015): hours."),
    ("sticky", "Atari, sticky actions", "Standard, and an action is held now and then: hours."),
)
"""Key, title and a line about each group, in order."""
_TITLES = {key: title for key, title, _ in GROUPS}


@cache
def cards() -> tuple[dict[str, Any], ...]:
    """Return a card for each environment that is known well, as JSON values, group by group."""
    order = [key for key, _, _ in GROUPS]
    return tuple(sorted(map(_card, list_envs()), key=lambda card: order.index(card["group"])))


def card_of(spec: EnvSpec) -> dict[str, Any]:
    """Return the card of any environment; one that is not listed has no group and no picture."""
    return next((card for card in cards() if card["id"] == spec.id), _card(spec))


def group_of(spec: EnvSpec) -> str:
    """Return the title of an environment's group."""
    return _TITLES.get(_group(spec), "Other")


def env_choices() -> list[dict[str, str]]:
    """Return the environments that are known well, as the choices of a plain field."""
    return [
        {"value": card["id"], "label": f"{card['name']} · {card['id']}", "group": _TITLES[card["group"]]}
        for card in cards()
    ]


def picture(name: str) -> bytes | None:
    """Return a card's picture; None where there is none of this name."""
    return _file(name).read_bytes() if name in picture_names() else None


@cache
def picture_names() -> frozenset[str]:
    """Return the names of all pictures that ship with the package."""
    return frozenset(path.stem for path in PICTURES.glob("*.webp"))


def picture_name(env_id: str) -> str:
    """Return what a picture of an environment is called; empty where it is not listed."""
    return _picture_names().get(env_id, "")


def _card(spec: EnvSpec) -> dict[str, Any]:
    name = picture_name(spec.id)
    return {
        "id": spec.id,
        "name": spec.name.partition(" (")[0].partition(",")[0],
        "group": _group(spec),
        "action": spec.action_space,
        "observation": spec.observation_space,
        "picture": name if name in picture_names() else "",
        "about": spec.summary,
    }


def _group(spec: EnvSpec) -> str:
    if spec.family != "atari":
        return spec.family
    if spec.lesson_steps:
        return "pixels" if spec.observation_kind == "image" else "objects"
    return "sticky" if spec.id.endswith("-v5") else "standard"


@cache
def _picture_names() -> dict[str, str]:
    return dict(_named_pictures())


def _named_pictures() -> Iterator[tuple[str, str]]:
    for row in CLASSIC:
        yield row.id, row.name.lower()
    for game in (row.game for row in ATARI):
        for form in ATARI_FORMS:
            yield form.format(game), game.lower()
        for sees in get_args(FastViewName):
            for sticky in (False, True):
                yield fast_id(game, sees, sticky=sticky), f"{game.lower()}-{sees}"


def _file(name: str) -> Path:
    return PICTURES / f"{name}.webp"
