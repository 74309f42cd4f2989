"""How one environment is made, wrappers and all."""

from __future__ import annotations

import re
import threading
import warnings
from collections.abc import Collection
from typing import Any

import ale_py
import gymnasium as gym
from gymnasium.envs.registration import EnvSpec as GymSpec
from gymnasium.envs.registration import load_env_creator

from retroml_edu.core.errors import EnvironmentUnusableError
from retroml_edu.envs.atari.forms import AtariForm, FastViewName, atari_form
from retroml_edu.envs.atari.game import AtariGame
from retroml_edu.envs.atari.lesson_rewards import WithLessonReward
from retroml_edu.envs.box2d import FreshWorld, SparksWhenWatched
from retroml_edu.envs.episodes import EpisodeRecord
from retroml_edu.envs.names import registered
from retroml_edu.envs.quiet import load_pictures, quieten
from retroml_edu.envs.replay import Replayable

gym.register_envs(ale_py)

_MAKING = threading.RLock()  # a game that somebody wraps is made while the wrapper is
_LANDER = "gymnasium.envs.box2d.lunar_lander:LunarLander"
_WALKER = "gymnasium.envs.box2d.bipedal_walker:BipedalWalker"
_INSTALL = {
    "mujoco": 'pip install "gymnasium[mujoco]"',
    "box2d": 'pip install "gymnasium[box2d]"',
    "jax": 'pip install "gymnasium[jax]"',
    "pygame": 'pip install "gymnasium[classic-control]"',
}


def make_env(
    env_id: str, *, seed: int, training: bool = False, render_mode: str | None = "rgb_array"
) -> gym.Env[Any, Any]:
    """Make an environment as the agent meets it.

    The last step of a whole game has ``info["episode"] = {"r": raw return, "l": length in agent steps}``.

    Args:
        env_id: Gymnasium id.
        seed: Seed of every random draw of the environment. The first `reset()` uses it, later ones go on from there.
        training: The learner's flavour. It differs for Atari alone, where a life is an episode and rewards are
            clipped, and the fast forms of some games add a `LessonReward`; without it, episodes are whole games and
            rewards are raw. Observations are the same in both.
        render_mode: ``rgb_array`` lets `render()` return the game at its native size, as uint8 of shape
            (height, width, 3). None draws nothing.

    Raises:
        UnknownNameError: If no environment goes by this id.
        EnvironmentUnusableError: If it cannot be made; the text says why.
    """
    quieten()
    gym_spec = registered(env_id)
    form = atari_form(gym_spec)
    if form is not None:
        game = _atari_game(form, training=training, render_mode=render_mode)
        game.unwrapped.spec = gym_spec  # as `gymnasium.make` does: a saved state names the id that was asked for
        return Replayable(game, seed)
    if render_mode is not None:
        load_pictures()
    env = _make(gym_spec, render_mode=render_mode)
    if gym_spec.entry_point == _WALKER:
        env = FreshWorld(env)
    elif gym_spec.entry_point == _LANDER and render_mode is not None:
        env = SparksWhenWatched(env)
    return Replayable(EpisodeRecord(env), seed)


def make_fast_game(game: str, sees: FastViewName, sticky: float, render_mode: str | None = None) -> gym.Env[Any, Any]:
    """Make a game for `gymnasium.make`, as `make_env` does for evaluation but for the seed."""
    return _atari_game(AtariForm.fast(game, sees, sticky), training=False, render_mode=render_mode)


def _atari_game(form: AtariForm, *, training: bool, render_mode: str | None) -> gym.Env[Any, Any]:
    # The wrapper skips frames and holds actions itself, once, in a way that can be resumed.
    game: Any = _make(
        gym.spec(form.ale_id),
        frameskip=1,
        repeat_action_probability=0.0,
        full_action_space=False,
        render_mode=render_mode,
    )
    played = AtariGame(game, view=form.view(game.unwrapped.ale), sticky=form.sticky, training=training)
    return WithLessonReward(played, form.lesson_reward) if training and form.lesson_reward else played


def _make(gym_spec: GymSpec, *, render_mode: str | None, **settings: Any) -> gym.Env[Any, Any]:
    try:
        # The lock: warning filters belong to the whole process, and restoring them out of order would lose them.
        with _MAKING, warnings.catch_warnings():
            # Old versions and odd spaces of other people's environments are no news to the learner; and where
            # warnings are errors, one that SWIG raises while Box2D is being imported ends the process.
            warnings.simplefilter("ignore")
            if render_mode in _render_modes(gym_spec):
                settings["render_mode"] = render_mode
            return gym.make(gym_spec.id, disable_env_checker=True, **settings)
    except (gym.error.DependencyNotInstalled, ImportError) as error:
        raise EnvironmentUnusableError(
            f'"{gym_spec.id}" needs a package that is not installed. '
            f"Run {install_command(gym_spec, error)}, then restart the kernel."
        ) from error
    except Exception as error:  # other people's code: whatever it raises is the reason
        raise EnvironmentUnusableError(
            f'"{gym_spec.id}" cannot be made: {type(error).__name__}: {_one_line(error)}'
        ) from error


def _render_modes(gym_spec: GymSpec) -> Collection[str]:
    """Return the ways an environment can be drawn; asking for another would raise or warn."""
    entry_point = gym_spec.entry_point
    creator: Any = load_env_creator(entry_point) if isinstance(entry_point, str) else entry_point
    modes: Collection[str] | None = (getattr(creator, "metadata", None) or {}).get("render_modes")
    return modes or ()


def install_command(gym_spec: GymSpec, error: Exception) -> str:
    """Return the command that installs what an environment misses."""
    about = f"{error} {gym_spec.entry_point}".lower()
    for package, command in _INSTALL.items():
        if package in about:
            return command
    # Gymnasium's own texts name the command, Python's the module.
    named = re.search(r"pip install [^`'\n]+", str(error))
    if named:
        return named.group().rstrip(" .)")
    return f"pip install {getattr(error, 'name', None) or 'it'}"


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:300] or "it gave no reason"
