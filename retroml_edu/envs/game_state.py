"""The exact state of environments of `make_env`, as a vector of them keeps it. Imports no torch.

It may come from a stranger: nothing in it is used before it was looked at.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from gymnasium import spaces

from retroml_edu.core.errors import TrainingError
from retroml_edu.core.generators import check_generator, generator_state, set_generator_state
from retroml_edu.core.saved import SavedState, misfit
from retroml_edu.core.weights import Arrays
from retroml_edu.envs.actions import may_be_done
from retroml_edu.envs.replay import LONGEST, GameLog, Replayable
from retroml_edu.envs.stepping import Observations, save_observation

_MOST_SEED = 2**63
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class CapturedGame:
    """What decides how one environment goes on.

    Attributes:
        facts: JSON values.
        actions: What was done since the game began; None if it cannot be told or did not begin.
        episode_return: Raw return so far.
    """

    facts: dict[str, Any]
    actions: np.ndarray | None
    episode_return: float


@dataclass(frozen=True, slots=True)
class SavedGame:
    """The same, read back and looked at, with what has to come out when it is played again.

    Attributes:
        index: Of the environment in its vector.
        log: How the game came to be; None if there was no reset yet.
        generator: State of the environment's generator.
        action_space: State of the action space's generator.
        observation: What the environment shows, by the keys of `Observations`.
        episode_return: Raw return so far.
    """

    index: int
    log: GameLog | None
    generator: Mapping[str, Any] | None
    action_space: Mapping[str, Any]
    observation: Mapping[Any, np.ndarray]
    episode_return: float


def capture_game(env: Replayable) -> CapturedGame:
    """Return where an environment is; change nothing."""
    log = env.log() if env.begun else None
    facts = {
        "begun": env.begun,
        "seed": log.seed if log else None,
        "start": log.start if log else None,
        "generator": env.generator_state() if log else None,
        "action_space": generator_state(env.action_space.np_random),
    }
    return CapturedGame(facts, log.actions if log else None, float(env.get_wrapper_attr("episode_return")))


def resume_game(env: Replayable, game: SavedGame, observations: Observations, row: int) -> None:
    """Bring an environment to where another was, and see that it is there.

    Args:
        env: New or used.
        game: Of `read_state`.
        observations: Written in place.
        row: Which of them.

    Raises:
        TrainingError: If it does not come out the same.
    """
    set_generator_state(env.action_space.np_random, game.action_space)
    if game.log is not None:
        try:
            save_observation(observations, row, env.replay(game.log))
        except Exception as error:  # other people's environments: whatever they raise is the reason
            raise _inexact(env, game.index, str(error) or type(error).__name__) from error
        if any(game.observation[key].tobytes() != part[row].tobytes() for key, part in observations.items()):
            raise _inexact(env, game.index, "it shows something else")
        if env.generator_state() != game.generator:
            raise _inexact(env, game.index, "it has drawn other random numbers")
    if np.float64(env.get_wrapper_attr("episode_return")).tobytes() != np.float64(game.episode_return).tobytes():
        raise _inexact(env, game.index, "its return is another")


def write_state(
    env_id: str, games: Sequence[CapturedGame], observations: Observations
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Return the state of a vector: JSON values, and arrays by name."""
    facts: dict[str, Any] = {"format": _FORMAT, "env_id": env_id, "envs": [game.facts for game in games]}
    arrays = {_name(key): part.copy() for key, part in observations.items()}
    arrays["episode_return"] = np.array([game.episode_return for game in games], np.float64)
    for index, game in enumerate(games):
        if game.actions is not None:
            arrays[f"actions/{index}"] = game.actions
    return facts, arrays


def read_state(
    facts: Mapping[str, Any],
    arrays: Arrays,
    *,
    env_id: str,
    begun: bool,
    action_space: spaces.Space[Any],
    observations: Observations,
) -> list[SavedGame]:
    """Look at the state of a vector, and return the game of each environment.

    Args:
        facts: What `write_state` returned.
        arrays: Likewise.
        env_id: What the environments have to be.
        begun: Whether those that are to take it on were reset already.
        action_space: Of each of them.
        observations: What they show now: shapes and types are those that the state has to have.

    Raises:
        TrainingError: If it is damaged or does not fit.
    """
    n_envs = len(next(iter(observations.values())))
    if facts.get("format") != _FORMAT:
        raise misfit(f"its format is {facts.get('format')!r}, and {_FORMAT} can be read")
    if facts.get("env_id") != env_id:
        raise misfit(f'it is of "{facts.get("env_id")}", and these are "{env_id}"')
    states = facts.get("envs")
    if not isinstance(states, list) or len(states) != n_envs:
        counted = len(states) if isinstance(states, list) else "none"
        raise misfit(f"it holds {counted} environments, and there are {n_envs}")
    logs = [_read_log(index, begun, action_space, state, arrays) for index, state in enumerate(states)]
    saved = SavedState(facts, arrays)
    seen = {key: saved.array(_name(key), part.shape, part.dtype) for key, part in observations.items()}
    returns = saved.array("episode_return", (n_envs,), np.float64)
    return [
        SavedGame(
            index,
            log,
            state.get("generator") if log else None,
            state["action_space"],
            {key: part[index] for key, part in seen.items()},
            float(returns[index]),
        )
        for index, (log, state) in enumerate(zip(logs, states, strict=True))
    ]


def _name(key: Any) -> str:
    return "observation" if key is None else f"observation/{key}"


def _inexact(env: Replayable, index: int, why: str) -> TrainingError:
    spec: Any = env.unwrapped.spec
    return TrainingError(
        f'"{spec.id}" cannot be resumed exactly: played again, the game of environment {index} does not '
        f"come out as it was ({why})."
    )


def _read_log(index: int, begun: bool, action_space: spaces.Space[Any], state: Any, arrays: Arrays) -> GameLog | None:
    if not isinstance(state, dict) or type(state.get("begun")) is not bool:
        raise misfit(f"environment {index} is no group of facts")
    check_generator(state.get("action_space"))
    if not state["begun"]:
        if begun:
            raise misfit("its environments have not begun, and these have")
        return None
    seed, start = state.get("seed"), state.get("start")
    if seed is None:
        raise TrainingError(
            f"Environment {index} cannot be resumed exactly: its game was longer than {LONGEST:,} steps, begun "
            "with options of its own, or it draws from a generator of an unusual kind."
        )
    if type(seed) is not int or not 0 <= seed < _MOST_SEED:
        raise misfit(f"the seed of environment {index} is no whole number in range")
    for generator in (start, state.get("generator")):
        if generator is not None:
            check_generator(generator)
    actions = arrays.get(f"actions/{index}")
    if actions is None or not may_be_done(action_space, actions) or len(actions) > LONGEST:
        raise misfit(f"the actions of environment {index} are missing, or none that it could take")
    return GameLog(seed, start, actions)
