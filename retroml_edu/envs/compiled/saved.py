"""The saved state of compiled environments, read back from a file that may come from a stranger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from retroml_edu.core.generators import check_generator
from retroml_edu.core.saved import SavedState, misfit
from retroml_edu.core.weights import Arrays
from retroml_edu.envs.compiled.games import observe
from retroml_edu.envs.compiled.kinds import N_STATE, Game

FORMAT = "compiled 1"


@dataclass(frozen=True, slots=True)
class VectorState:
    """Where compiled environments are, looked at.

    Attributes:
        begun: Whether they were reset.
        generators: State of each environment's generator.
        action_space: State of the generator that draws random actions.
        physics: Shape (n_envs, N_STATE).
        elapsed: Shape (n_envs,).
        returns: Shape (n_envs,).
        observations: Shape (n_envs, n_observed).
    """

    begun: bool
    generators: list[Mapping[str, Any]]
    action_space: Mapping[str, Any]
    physics: npt.NDArray[np.float64]
    elapsed: npt.NDArray[np.int64]
    returns: npt.NDArray[np.float64]
    observations: npt.NDArray[np.float32]


def read_state(
    facts: Mapping[str, Any], arrays: Arrays, env_id: str, game: Game, limit: int, n_envs: int
) -> VectorState:
    """Read a state, and look at everything in it.

    Raises:
        TrainingError: If anything is missing, cannot be, or is of other environments.
    """
    saved = SavedState(facts, arrays)
    saved.expect({"format": FORMAT, "env_id": env_id})
    begun, generators, action_space = facts.get("begun"), facts.get("generators"), saved.facts("action_space")
    if type(begun) is not bool:
        raise misfit('"begun" is neither true nor false')
    if not isinstance(generators, list) or len(generators) != n_envs:
        counted = len(generators) if isinstance(generators, list) else "none"
        raise misfit(f"it holds the generators of {counted} environments, and there are {n_envs}")
    for generator in (*generators, action_space):
        check_generator(generator)
    state = VectorState(
        begun,
        generators,
        action_space,
        physics=saved.finite("state", (n_envs, N_STATE)),
        elapsed=saved.array("elapsed", (n_envs,), np.int64),
        returns=saved.finite("episode_return", (n_envs,)),
        observations=saved.array("observation", (n_envs, game.n_observed), np.float32),
    )
    # Beyond its bounds a game could never be, and some would take for ever to come back.
    if (np.abs(state.physics) > game.bounds).any():
        raise misfit("an environment is where its game cannot be")
    if (state.elapsed < 0).any() or (state.elapsed >= limit).any():
        raise misfit("an episode is longer than its time limit")
    if begun and state.observations.tobytes() != _observed(state, game).tobytes():
        raise misfit("an environment shows something else than it is")
    return state


def _observed(state: VectorState, game: Game) -> npt.NDArray[np.float32]:
    physics = np.array(state.physics, order="C")  # kernels take no array that is read-only, as one from a file may be
    observed = np.empty(state.observations.shape, np.float32)
    for i, elapsed in enumerate(state.elapsed):
        if elapsed:
            observe(game.kind, i, physics, observed)
        else:
            observed[i] = game.observe(physics[i : i + 1])[0]
    return observed
