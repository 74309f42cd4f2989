"""The exact state of a learner and its environments, and a learner that goes on from it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from retroml_edu.core.errors import TrainingError
from retroml_edu.core.generators import generator_state, set_generator_state
from retroml_edu.core.saved import SavedState, misfit
from retroml_edu.core.snapshot import ReplayRows, Snapshot
from retroml_edu.core.weights import Arrays, PolicyWeights
from retroml_edu.envs.state import capture_vector, restore_vector
from retroml_edu.policies.normalization import load_statistics
from retroml_edu.policies.weights import WeightsError, copy_weights, load_weights
from retroml_edu.training.sb3.choices import choices_within
from retroml_edu.training.sb3.moments import capture_moments, restore_moments
from retroml_edu.training.sb3.off_policy import SteppedOffPolicy
from retroml_edu.training.sb3.stepped import Stepped

_POLICY = "policy/"
_ENVIRONMENTS = "environments/"


def capture(model: Stepped) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Return everything that decides how a learner goes on, as facts and copied arrays.

    What follows from the rest is left out: learning rate and clip range, returns and advantages, which each update
    computes first. The rows of a replay buffer go out by themselves.
    """
    environment_facts, environment_arrays = capture_vector(model.env)
    memory_facts, arrays = model.capture_memory()
    arrays |= {name: np.array(part, order="C") for name, part in _observations(model)}
    arrays |= {f"{_POLICY}{name}": array for name, array in copy_weights(model.policy).items()}
    arrays |= capture_moments(model)
    arrays |= {f"{_ENVIRONMENTS}{name}": array for name, array in environment_arrays.items()}
    facts = {
        "counters": {name: getattr(model, name) for name in model.saved_counters},
        "schedule_origin": model.schedule_origin,
        "generators": {name: generator_state(rng) for name, rng in model.generators.items()},
        "memory": memory_facts,
        "environments": environment_facts,
    }
    return facts, arrays


def replay_rows(model: Stepped) -> ReplayRows | None:
    """Return the rows of the learner's replay buffer, if it has one."""
    return model.replay_buffer if isinstance(model, SteppedOffPolicy) else None


def restore(model: Stepped, snapshot: Snapshot) -> None:
    """Bring a learner that was just made to where another one was.

    Raises:
        TrainingError: If the snapshot is of another run, or damaged. The learner is of no use then.
    """
    saved = SavedState(snapshot.facts, snapshot.arrays)
    counters = saved.group("counters")
    for name in model.saved_counters:
        setattr(model, name, counters.whole(name))
    if model.num_timesteps != snapshot.step:
        raise misfit(f"it says that it is of step {snapshot.step:,} and of step {model.num_timesteps:,}")
    model.schedule_origin = saved.whole("schedule_origin", most=snapshot.step)
    _load_policy(model, saved.arrays_under(_POLICY))
    restore_moments(model, saved)
    model.reset_environments()
    restore_vector(model.env, saved.facts("environments"), saved.arrays_under(_ENVIRONMENTS))
    for name, part in _observations(model):
        # Into the memory that the environments gave: where channels were moved to the front it is a view, torch takes
        # another way through a convolution for it, and gets other numbers in the last bits than from a plain copy.
        part[...] = choices_within(name, saved.array(name, part.shape, part.dtype), model.observation_space)
    model.restore_memory(saved)
    if isinstance(model, SteppedOffPolicy):
        _refill(model, saved.group("memory"), snapshot.replay)
    for name, rng in model.generators.items():
        set_generator_state(rng, saved.group("generators").facts(name))


def start_from(model: Stepped, weights: PolicyWeights) -> None:
    """Let a learner begin with weights, and statistics of normalisation, that were learned before.

    Raises:
        TrainingError: If they belong to another network.
    """
    _load_policy(model, weights.arrays)
    try:
        load_statistics(model.get_vec_normalize_env(), weights.normalization)
    except WeightsError as error:
        raise TrainingError(str(error)) from error


def _load_policy(model: Stepped, arrays: Arrays) -> None:
    try:
        load_weights(model.policy, arrays)
    except WeightsError as error:
        raise TrainingError(str(error)) from error


def _observations(model: Stepped) -> Iterator[tuple[str, np.ndarray]]:
    """Go through what the environments showed last: as the network reads it, and before it was normalised."""
    shown: dict[str, Any] = {"observations": model._last_obs}
    if model.get_vec_normalize_env() is not None:
        shown["original_observations"] = model._last_original_obs
    for name, observations in shown.items():
        if isinstance(observations, dict):
            yield from ((f"{name}/{key}", part) for key, part in observations.items())
        else:
            yield name, observations


def _refill(model: SteppedOffPolicy, memory: SavedState, rows: ReplayRows | None) -> None:
    if rows is None:
        raise misfit("the rows of its replay buffer are missing")
    capacity = memory.whole("capacity")
    model.replay_buffer.refill(rows, position=memory.whole("position", most=max(capacity - 1, 0)), capacity=capacity)
