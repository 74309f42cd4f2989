"""Learning to act without a model, step by step or run by run: SARSA, Q-learning, expected SARSA, double Q-learning."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from retroml_edu.core.errors import TabularError
from retroml_edu.tabular import learning_kernels as kernels
from retroml_edu.tabular.bounds import between, whole
from retroml_edu.tabular.outcomes import Outcomes, parts_of
from retroml_edu.tabular.stepwise import Stepwise

MethodName = Literal["SARSA", "Q-learning", "expected SARSA", "double Q-learning"]
METHODS: dict[MethodName, int] = {
    "SARSA": kernels.SARSA,
    "Q-learning": kernels.Q_LEARNING,
    "expected SARSA": kernels.EXPECTED_SARSA,
    "double Q-learning": kernels.DOUBLE_Q,
}
MOST_STEPS = 10_000
"""After which an episode is cut off: a policy can go in circles for ever."""
_NO_PATH = np.empty((0, 4), dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Steps:
    """What a learner did.

    Attributes:
        path: Shape (steps, 4): state, action, next state and number of the outcome (see `Outcomes`) of each.
        returns: Shape (episodes,), of those that ended; undiscounted.
    """

    path: np.ndarray
    returns: np.ndarray


class TabularLearner(Stepwise):
    """An agent with a table of action values, which acts epsilon-greedily and learns from each step.

    Of each step it tells the state, the action and the next state, of each episode the undiscounted return.

    Args:
        world: Where it acts.
        method: How it learns.
        alpha: Step size, 0 to 1; can be changed while it learns.
        gamma: Discount, 0 to 1; likewise.
        epsilon: How often it takes any action, 0 to 1; likewise.
        rng: Where all its draws come from.

    Raises:
        TabularError: If there is no such method, the world is none, or a number lies outside its bounds.
    """

    def __init__(
        self,
        world: Outcomes,
        method: MethodName,
        *,
        alpha: float,
        epsilon: float,
        gamma: float = 1.0,
        rng: np.random.Generator,
    ) -> None:
        if method not in METHODS:
            raise TabularError(f"There is no method {method!r}; there are {', '.join(METHODS)}.")
        super().__init__(rng, kernels.DRAWS, _NO_PATH, np.float64)
        self.alpha, self.gamma, self.epsilon = alpha, gamma, epsilon
        self._check()
        self._method = METHODS[method]
        self._world = parts_of(world)
        states, actions, _ = world.probability.shape
        self._q = np.zeros((2 if method == "double Q-learning" else 1, states, actions))
        self._now = np.array([world.start, -1, 0, 0], dtype=np.int64)
        self._total = np.zeros(1)

    @property
    def action_values(self) -> np.ndarray:
        """What it holds each action to be worth, shape (states, actions); a copy."""
        mean: np.ndarray = self._q.mean(axis=0)
        return mean

    @property
    def state(self) -> int:
        """Where it stands."""
        return int(self._now[0])

    def advance(self, steps: int, *, episodes: int | None = None) -> Steps:
        """Make so many steps, through as many episodes as they take.

        Args:
            steps: How many.
            episodes: After so many endings it stops, if they come earlier; None: it goes on.
        """
        return Steps(*self._steps(steps, episodes))

    def _check(self) -> None:
        for name in ("alpha", "gamma", "epsilon"):
            between(name, getattr(self, name), 0, 1)

    def _kernel(self, draws: np.ndarray, endings: np.ndarray, path: np.ndarray) -> tuple[int, int]:
        self._now[3] = 0
        made = kernels.learn(
            self._q,
            *self._world,
            self._method,
            self.alpha,
            self.gamma,
            self.epsilon,
            MOST_STEPS,
            draws,
            self._now,
            endings,
            path,
            self._total,
        )
        return made, int(self._now[3])


def learning_curves(
    world: Outcomes,
    method: MethodName,
    *,
    runs: int,
    episodes: int,
    alpha: float,
    epsilon: float,
    gamma: float = 1.0,
    rng: np.random.Generator,
) -> np.ndarray:
    """Return the returns of many runs from empty tables, shape (runs, episodes); arguments as `TabularLearner`."""
    whole("runs", runs, 1)
    return np.stack(
        [
            TabularLearner(world, method, alpha=alpha, epsilon=epsilon, gamma=gamma, rng=each).play(episodes)
            for each in rng.spawn(runs)
        ]
    )
