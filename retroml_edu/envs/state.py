"""The exact state of a vector of environments, and how a new one is brought into it.

A state holds JSON values and plain arrays. It may come from a stranger: nothing in it is used before it was looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol, runtime_checkable

import numpy as np
from stable_baselines3.common.vec_env import DummyVecEnv, VecEnv, VecNormalize, VecTransposeImage

from retroml_edu.core.errors import TrainingError
from retroml_edu.core.saved import SavedState
from retroml_edu.core.weights import Arrays
from retroml_edu.envs.game_state import capture_game, read_state, resume_game, write_state
from retroml_edu.envs.replay import Replayable
from retroml_edu.envs.statistics import copy_normalizer, read_normalizer, set_normalizer


@runtime_checkable
class ExactVector(Protocol):
    """A vector of environments that can tell where it is, and be brought to where another was."""

    def capture(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Return JSON values and arrays by name; change nothing."""
        ...

    def restore(self, facts: Mapping[str, Any], arrays: Arrays) -> Any:
        """Take on what `capture` returned, and return the observations; None if nothing was reset yet.

        Raises:
            TrainingError: If it is damaged or does not fit.
        """
        ...


def capture_vector(venv: VecEnv) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Copy everything that decides how the environments go on. Changes nothing in them.

    Args:
        venv: What `make_vector_env` made, also within stable-baselines3's VecNormalize and VecTransposeImage.

    Returns:
        JSON values, and arrays by name: ``observation`` (or ``observation/name``) of shape (n_envs, ...) as the
        environments gave it, ``episode_return`` (n_envs,), ``actions/0``, ... since the game of each began (in compiled
        environments ``state`` and ``elapsed`` instead), ``normalizer/...`` where there is one.

    Raises:
        TrainingError: If the vector holds other environments or wrappers.

    Threads: in the one that steps the environments, between two steps.
    """
    layers = _layers(venv)
    facts, arrays = _exact(layers[-1]).capture()
    for normalizer in _normalizers(layers):
        arrays |= copy_normalizer(normalizer)
    return facts, arrays


def restore_vector(venv: VecEnv, facts: Mapping[str, Any], arrays: Arrays) -> None:
    """Bring environments to where others were: with the same actions they go on the same, bit for bit.

    Compiled environments take their state on. In others, the game that each was playing is played again, and what it
    shows in the end, its return and its generator must come out as they were: that takes as long as stepping them took.

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
    exact = _exact(layers[-1])
    saved = SavedState(facts, arrays)
    normalizers = [(normalizer, read_normalizer(normalizer, saved)) for normalizer in _normalizers(layers)]
    observation = exact.restore(facts, arrays)
    for normalizer, values in normalizers:
        set_normalizer(normalizer, values)
    if observation is not None:
        _show(layers, observation)


# --- layers


def _layers(venv: VecEnv) -> list[VecEnv]:
    """Return the vector and what it wraps, outermost first."""
    layers = [venv]
    while isinstance(layers[-1], VecNormalize | VecTransposeImage):
        layers.append(layers[-1].venv)
    return layers


def _exact(inner: VecEnv) -> ExactVector:
    if isinstance(inner, ExactVector):
        return inner
    if isinstance(inner, DummyVecEnv):
        return ReplayedVector(inner)
    raise TrainingError(f"The state of a {type(inner).__name__} cannot be kept: use make_vector_env.")


def _normalizers(layers: list[VecEnv]) -> Iterator[VecNormalize]:
    return (layer for layer in layers if isinstance(layer, VecNormalize))


def _show(layers: list[VecEnv], observation: Any) -> None:
    """Hand the observation up, to those who keep the last one."""
    for layer in reversed(layers):
        if isinstance(layer, VecNormalize):
            layer.old_obs = observation
            observation = layer.normalize_obs(observation)
        elif isinstance(layer, VecTransposeImage):
            observation = layer.transpose_observations(observation)


# --- environments whose games are played again


class ReplayedVector:
    """Environments of `make_env`, of which each remembers its game.

    Args:
        inner: Holds them.

    Raises:
        TrainingError: If it holds others.
    """

    def __init__(self, inner: DummyVecEnv) -> None:
        self._inner = inner
        self._envs = [env for env in inner.envs if isinstance(env, Replayable)]
        if len(self._envs) != inner.num_envs:
            raise TrainingError("The state of these environments cannot be kept: use make_vector_env.")

    def capture(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """See `ExactVector`."""
        return write_state(self._env_id(), [capture_game(env) for env in self._envs], self._inner.buf_obs)

    def restore(self, facts: Mapping[str, Any], arrays: Arrays) -> Any:
        """See `ExactVector`."""
        games = read_state(
            facts,
            arrays,
            env_id=self._env_id(),
            begun=any(env.begun for env in self._envs),
            action_space=self._inner.action_space,
            observations=self._inner.buf_obs,
        )
        for env, game in zip(self._envs, games, strict=True):
            resume_game(env, game, self._inner.buf_obs, game.index)
        return self._inner._obs_from_buf() if any(game.log for game in games) else None

    def _env_id(self) -> str:
        spec: Any = self._inner.envs[0].unwrapped.spec
        return str(spec.id)
