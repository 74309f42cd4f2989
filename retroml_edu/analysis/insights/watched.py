"""A run as the rules see it: its curves, what it was asked to do, and what is known of its environment."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import isnan, log
from typing import Any

from retroml_edu.analysis.insights.windows import Window, rise, window_of
from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.curves import CurveData
from retroml_edu.core.errors import RetroMLError
from retroml_edu.core.metrics import RETURN
from retroml_edu.envs import get_env

START_GAMES = 20
"""Games whose mean return is where the agent began."""
RECENT = 0.25
"""Share of the steps so far whose games tell what the agent can do by now."""
SIGNIFICANT = 3.0
"""Standard errors beyond which a difference is no chance: many rules look many times, so two would not do."""


@dataclass(frozen=True, slots=True)
class EvaluationPoint:
    """What an evaluation of a run's weights found.

    Attributes:
        step: Training step of the weights.
        return_mean: Mean return of its games.
        return_std: Standard deviation of single games.
        episodes: How many games.
    """

    step: int
    return_mean: float
    return_std: float
    episodes: int


@dataclass(frozen=True, slots=True)
class Watched:
    """A run, and what is known about it.

    Attributes:
        curves: Each metric as one window.
        config: Fully resolved.
        step: Newest step of any curve.
        start: The first games.
        recent: The newest games.
        goal: Return from which the task counts as solved; None where there is none.
        tuned: Hyperparameters known to work here; empty where none are.
        most_entropy: Entropy of a policy that is quite undecided, in nats; None where actions are numbers.
        evaluations: In the order of their steps.
        seeds: Of all runs with these settings, this one included.
    """

    curves: Mapping[str, Window]
    config: ExperimentConfig
    step: int
    start: Window
    recent: Window
    goal: float | None
    tuned: Mapping[str, Any]
    most_entropy: float | None
    evaluations: Sequence[EvaluationPoint]
    seeds: frozenset[int]

    @property
    def share(self) -> float:
        """Part of the run that is over."""
        return self.step / self.config.total_timesteps

    @property
    def risen(self) -> bool:
        """Whether the return is above where it began, beyond chance."""
        climb, error = rise(self.start, self.recent)
        return climb > SIGNIFICANT * error

    @property
    def way(self) -> float:
        """Points by which the return has to rise to the goal; without one, those by which it has."""
        began = self.start.mean
        return self.goal - began if self.goal is not None and self.goal > began else self.recent.mean - began

    @property
    def progress(self) -> float:
        """Part of the way to the goal that the newest games have gone; NaN without a goal above the start."""
        if self.goal is None or self.goal <= self.start.mean:
            return float("nan")
        return (self.recent.mean - self.start.mean) / self.way

    @property
    def does_well(self) -> bool:
        """Whether it is half way to its goal, or at least above where it began if there is no goal."""
        if self.goal is not None and self.recent.mean >= self.goal:
            return True
        return self.risen if isnan(self.progress) else self.progress >= 0.5

    @property
    def arrived(self) -> bool:
        """Whether it is at its goal or nearly there; without a goal, above where it began."""
        return self.does_well and not self.progress < 0.9

    @property
    def rises(self) -> bool:
        """Whether the return of the newest half is still rising, beyond chance."""
        before, after = self.last(RETURN, 0.5).parts(2)
        climb, error = rise(before, after)
        return climb > SIGNIFICANT * error

    def last(self, metric: str, share: float) -> Window:
        """Return the window of a curve over the newest part of the steps so far."""
        window = self.curves.get(metric, _EMPTY)
        return window if share >= 1 else window.since(self.step * (1 - share))


def watch(
    data: CurveData,
    config: ExperimentConfig,
    evaluations: Sequence[EvaluationPoint] = (),
    other_seeds: Collection[int] = (),
) -> Watched:
    """Gather what the rules look at; see `insights` for the arguments."""
    curves = {name: window_of(curve) for name, curve in data.curves.items()}
    step = max((window.last_step for window in curves.values() if len(window.step)), default=0)
    returns = curves.get(RETURN, _EMPTY)
    goal, tuned, most_entropy = _known(config)
    return Watched(
        curves,
        config,
        step,
        returns.first(START_GAMES),
        returns.since(step * (1 - RECENT)),
        goal,
        tuned,
        most_entropy,
        sorted(evaluations, key=lambda point: point.step),
        frozenset({config.seed, *other_seeds}),
    )


def _known(config: ExperimentConfig) -> tuple[float | None, Mapping[str, Any], float | None]:
    try:
        spec = get_env(config.env_id)
    except RetroMLError:  # a run from elsewhere, on an environment that is not registered here
        return None, {}, None
    tuned = spec.defaults.get(config.algorithm)
    choices = len(spec.action_meanings) if spec.action_kind == "discrete" else 0
    return spec.goal_return, tuned.hyperparameters if tuned else {}, log(choices) if choices > 1 else None


_EMPTY = window_of(CurveData("", {})[RETURN])
