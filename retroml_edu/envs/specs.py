"""What is known about an environment before it is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from retroml_edu.core.hyperparameters import AlgorithmName

Family = Literal["classic", "box2d", "atari", "other"]
ActionKind = Literal["discrete", "continuous", "multidiscrete", "multibinary"]
ObservationKind = Literal["vector", "image", "discrete", "dict"]


@dataclass(frozen=True, slots=True)
class TunedDefaults:
    """Settings that are known to work, for one environment and one algorithm.

    Attributes:
        n_envs: Environments stepped side by side.
        normalize: Whether observations and rewards are scaled by running statistics.
        hyperparameters: Every hyperparameter of the algorithm, by name.
        source: Where the settings come from, and what was changed and why.
    """

    n_envs: int
    normalize: bool
    hyperparameters: Mapping[str, Any]
    source: str


@dataclass(frozen=True, slots=True)
class EnvSpec:
    """The facts about one environment.

    Attributes:
        id: Gymnasium id.
        name: Name for people, such as ``CartPole``.
        family: Which kind of environment it is.
        summary: One plain sentence on the task.
        action_space: Short text for a badge, such as ``Discrete 2``.
        action_kind: What an action is made of.
        action_meanings: What each action (or each number of a continuous action) does, where known.
        observation_space: Short text, such as ``4 numbers``.
        observation_kind: What the agent sees.
        solved_return: Mean return from which the task counts as solved, None where nobody has set one.
        solved_note: Where `solved_return` comes from.
        max_episode_steps: Agent steps after which an episode is cut off, None for no limit.
        defaults: Tuned settings of the algorithms that fit, by algorithm.
        lesson_steps: Steps of a run that shows learning within a lesson, for which the defaults' schedules are made;
            None where a run has no length of its own.
    """

    id: str
    name: str
    family: Family
    summary: str
    action_space: str
    action_kind: ActionKind
    action_meanings: tuple[str, ...]
    observation_space: str
    observation_kind: ObservationKind
    solved_return: float | None
    solved_note: str
    max_episode_steps: int | None
    defaults: Mapping[AlgorithmName, TunedDefaults] = field(repr=False)
    lesson_steps: int | None = None

    @property
    def goal_return(self) -> float | None:
        """The return to mark on a curve as "solved".

        None for Atari: what is known there is what a person reached, which solves nothing.
        """
        return None if self.family == "atari" else self.solved_return
