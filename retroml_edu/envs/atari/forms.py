"""The forms in which an Atari game can be played, and their Gymnasium ids."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal, get_args

import gymnasium as gym
from gymnasium.envs.registration import EnvSpec as GymSpec

from retroml_edu.envs.atari.game import FRAME_SKIP
from retroml_edu.envs.atari.objects import OBJECTS, freeway
from retroml_edu.envs.atari.progress import Progress
from retroml_edu.envs.atari.views import SCENES, ObjectView, Scene, SmallView, StandardView, View
from retroml_edu.envs.catalog import ATARI

STICKY = 0.25
"""Chance of holding the action before, per emulator frame, of the ids that have any (Machado et al. 2018)."""

FastViewName = Literal["objects", "pixels"]
ViewName = Literal["standard", FastViewName]
LIFE_COSTS: Mapping[str, float] = MappingProxyType({"Breakout": 1.0})
"""By game, where the fast forms take something off the reward, in training, for each life that is lost.

Breakout is learned sooner so. A lost ball does cost what it would have hit, but that is only seen as rewards missing.
"""

PROGRESS: Mapping[str, Progress] = MappingProxyType(
    {"Freeway": Progress("the way across", freeway.CHICKEN, freeway.WAY, 0.5)}
)
"""By game, where the fast forms reward, in training, coming nearer to a point.

In Freeway nothing is learned before a first chicken is across by chance, which takes 42 steps up in a row.
"""

_ALE = "ale_py.env:AtariEnv"
_FAST = "retroml_edu.envs.make:make_fast_game"
_IDS = {("pixels", False): "RetroML/{}Pixels-v0", ("objects", False): "RetroML/{}Objects-v0"}
_IDS |= {("pixels", True): "RetroML/{}PixelsSticky-v0", ("objects", True): "RetroML/{}ObjectsSticky-v0"}


@dataclass(frozen=True, slots=True)
class AtariForm:
    """How a game is played.

    Attributes:
        ale_id: What ale-py calls the game.
        game: Its name in the catalogue; empty where that does not list it.
        sees: What the agent sees.
        sticky: See `AtariGame`.
    """

    ale_id: str
    game: str
    sees: ViewName
    sticky: float

    @classmethod
    def fast(cls, game: str, sees: FastViewName, sticky: float) -> AtariForm:
        """Return the fast form of a listed game."""
        return cls(f"{game}NoFrameskip-v4", game, sees, sticky)

    @property
    def scene(self) -> Scene:
        """What its small pictures show."""
        return SCENES.get(self.game, Scene())

    @property
    def life_cost(self) -> float:
        """See `AtariGame`."""
        return 0.0 if self.sees == "standard" else LIFE_COSTS.get(self.game, 0.0)

    @property
    def progress(self) -> Progress | None:
        """See `RewardedProgress`."""
        return None if self.sees == "standard" else PROGRESS.get(self.game)

    def view(self, ale: Any) -> View:
        """Return what looks at an emulator of this game."""
        if self.sees == "pixels":
            return SmallView(ale, self.scene)
        if self.sees == "objects":
            return ObjectView(ale, OBJECTS[self.game])
        return StandardView(ale)


def atari_form(gym_spec: GymSpec) -> AtariForm | None:
    """Return how an id plays an Atari game; None where it is no Atari game, or one with a preprocessing of its own.

    The old ids of ale-py that skip a random number of frames, and those that are observed as memory, are left as they
    are.
    """
    settings = gym_spec.kwargs
    if gym_spec.entry_point == _FAST:
        return AtariForm.fast(settings["game"], settings["sees"], settings["sticky"])
    if (
        gym_spec.entry_point == _ALE
        and settings.get("frameskip") in (1, FRAME_SKIP)
        and settings.get("obs_type", "rgb") == "rgb"
        and not settings.get("continuous", False)
    ):
        return AtariForm(gym_spec.id, "", "standard", float(settings.get("repeat_action_probability", STICKY)))
    return None


def small_scene(env_id: str) -> Scene | None:
    """Return what the small pictures of an environment show; None where it has none."""
    gym_spec = gym.registry.get(env_id)
    form = gym_spec and atari_form(gym_spec)
    return form.scene if form and form.sees == "pixels" else None


def fast_id(game: str, sees: FastViewName, *, sticky: bool = False) -> str:
    """Return the id of a game's fast form."""
    return _IDS[sees, sticky].format(game)


def register_fast_forms() -> None:
    """Tell Gymnasium of the fast forms of all games that are listed. Once more changes nothing."""
    for game, sees, sticky in _fast_forms():
        env_id = fast_id(game, sees, sticky=sticky)
        if env_id not in gym.registry:
            kwargs = {"game": game, "sees": sees, "sticky": STICKY if sticky else 0.0}
            gym.register(env_id, entry_point=_FAST, kwargs=kwargs, disable_env_checker=True)


def _fast_forms() -> Iterator[tuple[str, FastViewName, bool]]:
    for row in ATARI:
        for sees in get_args(FastViewName):
            if sees == "pixels" or row.game in OBJECTS:
                yield row.game, sees, False
                yield row.game, sees, True
