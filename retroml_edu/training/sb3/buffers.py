"""stable-baselines3's memories, with mini-batches drawn by the run and a look at control before each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import numpy as np
from stable_baselines3.common.buffers import (
    DictReplayBuffer,
    DictRolloutBuffer,
    ReplayBuffer,
    RolloutBuffer,
)
from stable_baselines3.common.type_aliases import (
    DictReplayBufferSamples,
    DictRolloutBufferSamples,
    ReplayBufferSamples,
    RolloutBufferSamples,
)
from stable_baselines3.common.vec_env import VecNormalize

from retroml_edu.core.saved import SavedState, fitting, misfit
from retroml_edu.core.snapshot import ReplayRows
from retroml_edu.training.sb3.choices import choices_within

Poll = Callable[[], None]

_LEARNED_FROM = ("actions", "values", "log_probs", "advantages", "returns")
_COLLECTED = ("observations", "actions", "rewards", "episode_starts", "values", "log_probs")
_ROWS_AT_ONCE = 256
"""How many rows of a replay buffer are in memory twice while it is filled."""
_MOST_ROWS = 2**62


class _DrawnRollout:
    """Mixin of a rollout buffer.

    Args:
        rng: Shuffles the steps.
        poll: Called before each mini-batch, and before anything is drawn for the first of them.
    """

    def __init__(self, *args: Any, rng: np.random.Generator, poll: Poll, **kwargs: Any) -> None:
        self.rng = rng
        self.poll = poll
        super().__init__(*args, **kwargs)

    @contextmanager
    def by_environment(self: Any) -> Iterator[None]:
        """Line the steps up as stable-baselines3 learns from them: those of one environment after the other.

        It leaves them so; here they are put back, so that an update that was stopped leaves the rollout as it was.
        Observations stay where they are: copies of pictures are large.
        """
        stored = {name: getattr(self, name) for name in _LEARNED_FROM}
        vars(self).update({name: self.swap_and_flatten(part) for name, part in stored.items()})
        try:
            yield
        finally:
            vars(self).update(stored)

    def get(self: Any, batch_size: int | None = None) -> Iterator[Any]:
        """Go through all steps once, shuffled, in mini-batches; all at once if no size is given."""
        self.poll()
        count = self.buffer_size * self.n_envs
        order = self.rng.permutation(count)
        size = batch_size or count
        for first in range(0, count, size):
            if first:
                self.poll()
            yield self._get_samples(order[first : first + size])

    def _get_samples(self: Any, batch_inds: np.ndarray) -> Any:
        """Return these steps, counted as `by_environment` lines them up."""
        at = (batch_inds % self.buffer_size, batch_inds // self.buffer_size)
        samples: Any = DictRolloutBufferSamples if isinstance(self.observations, dict) else RolloutBufferSamples
        return samples(
            self._observed(at),
            # Single precision as in stable-baselines3, where switches could not be learned from otherwise.
            self.to_torch(self.actions[batch_inds].astype(np.float32, copy=False)),
            *(self.to_torch(getattr(self, name)[batch_inds].flatten()) for name in _LEARNED_FROM[1:]),
        )

    def _observed(self: Any, at: tuple[np.ndarray, np.ndarray]) -> Any:
        """Return what was seen at these steps of these environments."""
        stored = self.observations
        if isinstance(stored, dict):
            return {name: self.to_torch(part[at]) for name, part in stored.items()}
        return self.to_torch(stored[at])

    def collected(self: Any) -> dict[str, np.ndarray]:
        """Return copies of the steps so far, by name."""
        return {name: part[: self.pos].copy() for name, part in _parts(self, _COLLECTED)}

    def take_up(self: Any, saved: SavedState, position: int) -> None:
        """Go on after these steps.

        Args:
            saved: Holds them under ``rollout/``.
            position: How many of them there are.

        Raises:
            TrainingError: If they do not fit.
        """
        for name, part in _parts(self, _COLLECTED):
            array = saved.array(f"rollout/{name}", (position, *part.shape[1:]), part.dtype)
            part[:position] = _checked(self, name, array)
        self.pos, self.full = position, position == self.buffer_size


class DrawnRolloutBuffer(_DrawnRollout, RolloutBuffer):  # type: ignore[misc]  # get is an iterator here
    """Steps of the rollout that is learned from now."""


class DrawnDictRolloutBuffer(_DrawnRollout, DictRolloutBuffer):  # type: ignore[misc]  # likewise
    """The same, of observations that have names."""


class _DrawnReplay:
    """Mixin of a replay buffer, which is also the `ReplayRows` of a snapshot.

    Args:
        rng: Draws the steps.
        poll: Called before each mini-batch.

    Attributes:
        added: Rows that were ever added.
        before: How many rows before the oldest that can be drawn are kept too.
    """

    row: ClassVar[tuple[str, ...]] = ("observations", "next_observations", "actions", "rewards", "dones", "timeouts")
    """The arrays that a row is stored in."""
    before: int = 0

    def __init__(self, *args: Any, rng: np.random.Generator, poll: Poll, **kwargs: Any) -> None:
        self.rng = rng
        self.poll = poll
        self.added = 0
        super().__init__(*args, **kwargs)

    @property
    def kept(self: Any) -> int:
        """How many of the newest rows are still there."""
        return int(min(self.added, self.size() + self.before))

    def add(self, *args: Any, **kwargs: Any) -> None:
        """Add one step of all environments."""
        super().add(*args, **kwargs)  # type: ignore[misc]  # the buffer that this is mixed into has it
        self.added += 1

    def advance(self: Any, rows: int) -> None:
        """Count rows that were written into the buffer from `pos` on, none of them beyond its end."""
        self.added += rows
        self.pos += rows
        if self.pos == self.buffer_size:
            self.full, self.pos = True, 0

    def draw(self: Any, batch_size: int) -> tuple[np.ndarray, np.ndarray]:
        """Draw steps with replacement: their rows, and the environments that made them."""
        self.poll()
        rows = self.rng.integers(0, self.size(), size=batch_size)
        return rows, self.rng.integers(0, self.n_envs, size=batch_size)

    def sample(self: Any, batch_size: int, env: VecNormalize | None = None) -> Any:
        """Return steps drawn with replacement."""
        return self._samples_at(*self.draw(batch_size), env)

    def rows(self: Any, first: int, last: int) -> dict[str, np.ndarray]:
        """Return rows ``first`` to ``last`` (without), copied."""
        if not self.added - self.kept <= first <= last <= self.added:
            raise IndexError(f"rows {first} to {last} of {self.added}, of which {self.kept} are kept")
        at = self.places(np.arange(first, last))
        return {name: part[at] for name, part in _parts(self, self.row)}

    def places(self: Any, rows: np.ndarray) -> np.ndarray:
        """Return where rows lie in the arrays."""
        at: np.ndarray = (self.pos - self.added + rows) % self.buffer_size
        return at

    def refill(self: Any, rows: ReplayRows, *, position: int, capacity: int) -> None:
        """Hold the newest of these rows that fit.

        Args:
            rows: What another buffer held.
            position: Where that one would have put its next row.
            capacity: How many rows it had room for. Where that is as many as here, each row gets its old place, so
                that equal draws pick equal rows.

        Raises:
            TrainingError: If they do not fit.
        """
        drawn = rows.kept if rows.kept == rows.added else rows.kept - self.before
        contradiction = capacity == self.buffer_size > drawn != position
        if contradiction or not 0 <= drawn <= rows.kept <= rows.added < _MOST_ROWS:
            raise misfit("the counts of its replay buffer contradict each other")
        size = min(drawn, self.buffer_size)
        self.added, self.full = rows.added, size == self.buffer_size
        self.pos = (position if capacity == self.buffer_size else size) % self.buffer_size
        parts = dict(_parts(self, self.row))
        for first in range(rows.added - self.kept, rows.added, _ROWS_AT_ONCE):
            last = min(first + _ROWS_AT_ONCE, rows.added)
            at = self.places(np.arange(first, last))
            read = rows.rows(first, last)
            for name, part in parts.items():
                if name not in read:
                    raise misfit(f'the rows of its replay buffer have no "{name}"')
                array = fitting(name, read[name], (len(at), *part.shape[1:]), part.dtype)
                part[at] = _checked(self, name, array)
            self._refuse_contradictions(at)

    def _refuse_contradictions(self, places: np.ndarray) -> None:
        """Raise a TrainingError if what was just put there cannot have been seen."""

    def _samples_at(self: Any, rows: np.ndarray, envs: np.ndarray, env: VecNormalize | None) -> Any:
        at = (rows, envs)
        # A time limit is no end: the value of what would have come still counts (Pardo et al. 2018).
        ended = self.dones[at] * (1 - self.timeouts[at])
        samples = DictReplayBufferSamples if isinstance(self.observations, dict) else ReplayBufferSamples
        return samples(
            observations=self._read(self.observations, at, env),
            actions=self.to_torch(self.actions[at]),
            next_observations=self._read(self.next_observations, at, env),
            dones=self.to_torch(ended.reshape(-1, 1)),
            rewards=self.to_torch(self._normalize_reward(self.rewards[at].reshape(-1, 1), env)),
        )

    def _read(self: Any, stored: Any, at: tuple[np.ndarray, np.ndarray], env: VecNormalize | None) -> Any:
        if isinstance(stored, dict):
            taken = self._normalize_obs({name: part[at] for name, part in stored.items()}, env)
            return {name: self.to_torch(part) for name, part in taken.items()}
        return self.to_torch(self._normalize_obs(stored[at], env))


class DrawnReplayBuffer(_DrawnReplay, ReplayBuffer):
    """Steps of the past."""


class DrawnDictReplayBuffer(_DrawnReplay, DictReplayBuffer):
    """The same, of observations that have names."""


def _parts(buffer: Any, names: tuple[str, ...]) -> Iterator[tuple[str, np.ndarray]]:
    """Go through the arrays of a buffer; parts of observations that have names come as ``observations/name``."""
    for name in names:
        value = getattr(buffer, name)
        if isinstance(value, dict):
            yield from ((f"{name}/{key}", part) for key, part in value.items())
        else:
            yield name, value


def _checked(buffer: Any, name: str, array: np.ndarray) -> np.ndarray:
    """Return what is to be put into a buffer, if the buffer's spaces allow it."""
    if name == "actions":
        return choices_within(name, array, buffer.action_space)
    if "observations" in name:
        return choices_within(name, array, buffer.observation_space)
    return array
