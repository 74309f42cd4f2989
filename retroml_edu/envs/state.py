"""The exact state of a vector of environments, and how a new one is brought into it.

A state holds JSON values and plain arrays. It may come from a stranger: nothing in it is used before it was looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from stable_baselines3.common.vec_env import DummyVecEnv, VecEnv, VecNormalize, VecTransposeImage

from retroml_edu.core.errors import TrainingError
from retroml_edu.core.generators import check_generator, generator_state, set_generator_state
from retroml_edu.core.saved import SavedState, misfit
from retroml_edu.core.weights import Arrays
from retroml_edu.envs.actions import may_be_done
from retroml_edu.envs.replay import LONGEST, GameLog, Replayable
from retroml_edu.envs.statistics import copy_normalizer, read_normalizer, set_normalizer

_MOST_SEED = 2**63
_FORMAT = 1


def capture_vector(venv: VecEnv) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Copy everything that decides how the environments go on. Changes nothing in them.

    Args:
        venv: What `make_vector_env` made, also within stable-baselines3's VecNormalize and VecTransposeImage.

    Returns:
        JSON values, and arrays by name: ``observation`` (or ``observation/name``) of shape (n_envs, ...) as the
        environments gave it, ``episode_return`` (n_envs,), ``actions/0``, ... since the game of each began,
        ``normalizer/...`` where there is one.

    Raises:
        TrainingError: If the vector holds other environments or wrappers.

    Threads: in the one that steps the environments, between two steps.
    """
    layers = _layers(venv)
    inner = _inner(layers)
    envs = _environments(inner)
    facts: dict[str, Any] = {"format": _FORMAT, "env_id": _env_id(inner), "envs": []}
    arrays = {name: buffer.copy() for name, buffer in _observations(inner)}
    arrays["episode_return"] = _returns(envs)
    for index, env in enumerate(envs):
        log = env.log() if env.begun else None
        facts["envs"].append(
            {
                "begun": env.begun,
                "seed": log.seed if log else None,
                "start": log.start if log else None,
                "generator": env.generator_state() if log else None,
                "action_space": generator_state(env.action_space.np_random),
            }
        )
        if log:
            arrays[f"actions/{index}"] = log.actions
    for normalizer in _normalizers(layers):
        arrays |= copy_normalizer(normalizer)
    return facts, arrays


def restore_vector(venv: VecEnv, facts: Mapping[str, Any], arrays: Arrays) -> None:
    """Bring environments to where others were: with the same actions they go on the same, bit for bit.

    The game that each was playing is played again, and what it shows in the end, its return and its generator must
    come out as they were. It takes as long as stepping the environments took: the longer the games, the longer.

    Args:
        venv: Made and wrapped as the captured one, new or used.
        facts: What `capture_vector` returned.
        arrays: Likewise.

    Raises:
        TrainingError: If the state is damaged, does not fit, or if an environment does not come out the same; the
            environments are then anywhere.

    Threads: in the one that steps the environments.
    """
    layers = _layers(venv)
    inner = _inner(layers)
    envs = _environments(inner)
    saved = SavedState(facts, arrays)
    stories = _stories(inner, envs, facts, arrays)
    seen = [(saved.array(name, buffer.shape, buffer.dtype), buffer) for name, buffer in _observations(inner)]
    returns = saved.array("episode_return", (len(envs),), np.float64)
    normalizers = [(normalizer, read_normalizer(normalizer, saved)) for normalizer in _normalizers(layers)]
    for index, (env, (log, state)) in enumerate(zip(envs, stories, strict=True)):
        set_generator_state(env.action_space.np_random, state["action_space"])
        if log is None:
            continue
        try:
            inner._save_obs(index, env.replay(log))
        except Exception as error:  # other people's environments: whatever they raise is the reason
            raise _inexact(inner, index, str(error) or type(error).__name__) from error
        if any(stored[index].tobytes() != buffer[index].tobytes() for stored, buffer in seen):
            raise _inexact(inner, index, "it shows something else")
        if env.generator_state() != state["generator"]:
            raise _inexact(inner, index, "it has drawn other random numbers")
    if _returns(envs).tobytes() != returns.tobytes():
        raise _inexact(inner, int(np.argmax(_returns(envs) != returns)), "its return is another")
    for normalizer, values in normalizers:
        set_normalizer(normalizer, values)
    if any(log for log, _ in stories):
        _show(layers, inner)


# --- what a vector is made of


def _layers(venv: VecEnv) -> list[VecEnv]:
    """Return the vector and what it wraps, outermost first."""
    layers = [venv]
    while isinstance(layers[-1], VecNormalize | VecTransposeImage):
        layers.append(layers[-1].venv)
    return layers


def _inner(layers: list[VecEnv]) -> DummyVecEnv:
    if not isinstance(layers[-1], DummyVecEnv):
        raise TrainingError(f"The state of a {type(layers[-1]).__name__} cannot be kept: use make_vector_env.")
    return layers[-1]


def _environments(inner: DummyVecEnv) -> list[Replayable]:
    envs = [env for env in inner.envs if isinstance(env, Replayable)]
    if len(envs) != inner.num_envs:
        raise TrainingError("The state of these environments cannot be kept: use make_vector_env.")
    return envs


def _env_id(inner: DummyVecEnv) -> str:
    spec: Any = inner.envs[0].unwrapped.spec
    return str(spec.id)


def _observations(inner: DummyVecEnv) -> Iterator[tuple[str, np.ndarray]]:
    buffers: Mapping[str | None, np.ndarray] = inner.buf_obs  # type: ignore[assignment]  # the key None: no names
    for key, buffer in buffers.items():
        yield "observation" if key is None else f"observation/{key}", buffer


def _returns(envs: list[Replayable]) -> npt.NDArray[np.float64]:
    return np.array([env.get_wrapper_attr("episode_return") for env in envs], np.float64)


def _normalizers(layers: list[VecEnv]) -> Iterator[VecNormalize]:
    return (layer for layer in layers if isinstance(layer, VecNormalize))


def _show(layers: list[VecEnv], inner: DummyVecEnv) -> None:
    """Hand the observation up, to those who keep the last one."""
    observation: Any = inner._obs_from_buf()
    for layer in reversed(layers):
        if isinstance(layer, VecNormalize):
            layer.old_obs = observation
            observation = layer.normalize_obs(observation)
        elif isinstance(layer, VecTransposeImage):
            observation = layer.transpose_observations(observation)


# --- games


def _stories(
    inner: DummyVecEnv, envs: list[Replayable], facts: Mapping[str, Any], arrays: Arrays
) -> list[tuple[GameLog | None, Mapping[str, Any]]]:
    if facts.get("format") != _FORMAT:
        raise misfit(f"its format is {facts.get('format')!r}, and {_FORMAT} can be read")
    if facts.get("env_id") != _env_id(inner):
        raise misfit(f'it is of "{facts.get("env_id")}", and these are "{_env_id(inner)}"')
    states = facts.get("envs")
    if not isinstance(states, list) or len(states) != len(envs):
        counted = len(states) if isinstance(states, list) else "none"
        raise misfit(f"it holds {counted} environments, and there are {len(envs)}")
    return [_story(index, env, states[index], arrays) for index, env in enumerate(envs)]


def _story(index: int, env: Replayable, state: Any, arrays: Arrays) -> tuple[GameLog | None, Mapping[str, Any]]:
    if not isinstance(state, dict) or type(state.get("begun")) is not bool:
        raise misfit(f"environment {index} is no group of facts")
    check_generator(state.get("action_space"))
    if not state["begun"]:
        if env.begun:
            raise misfit("its environments have not begun, and these have")
        return None, state
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
    if actions is None or not may_be_done(env.action_space, actions) or len(actions) > LONGEST:
        raise misfit(f"the actions of environment {index} are missing, or none that it could take")
    return GameLog(seed, start, actions), state


def _inexact(inner: DummyVecEnv, index: int, why: str) -> TrainingError:
    return TrainingError(
        f'"{_env_id(inner)}" cannot be resumed exactly: played again, the game of environment {index} does not come '
        f"out as it was ({why})."
    )
