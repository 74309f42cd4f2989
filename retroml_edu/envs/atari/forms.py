"""The forms in which an Atari game can be played, and their Gymnasium ids."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_args

import gymnasium as gym
from gymnasium.envs.registration import EnvSpec as GymSpec

from retroml_edu.envs.atari.game import FRAME_SKIP
from retroml_edu.envs.atari.lesson_rewards import LESSON_REWARDS, LessonReward
from retroml_edu.envs.atari.objects import OBJECTS
from retroml_edu.envs.atari.views import SCENES, ObjectView, Scene, SmallView, StandardView, View
from retroml_edu.envs.catalog import ATARI

STICKY = 0.25
"""Chance of holding the action before, per emulator frame, of the ids that have any (Machado et al. 2018)."""

FastViewName = Literal["objects", "pixels"]
ViewName = Literal["standard", FastViewName]

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
    def lesson_reward(self) -> LessonReward | None:
        """What is rewarded in training beside what the game rewards."""
        return LESSON_REWARDS.get(self.game)

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
    form = _form(env_id)
    return form.scene if form and form.sees == "pixels" else None


def lesson_reward_words(env_id: str) -> str:
    """Return what an environment rewards in training beside what the game does; nothing for most."""
    form = _form(env_id)
    return form.lesson_reward.words if form and form.lesson_reward else ""


def _form(env_id: str) -> AtariForm | None:
    gym_spec = gym.registry.get(env_id)
    return atari_form(gym_spec) if gym_spec else None


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
