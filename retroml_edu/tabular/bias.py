"""Maximization bias: the highest of some uncertain estimates is too high, and Q-learning believes it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from retroml_edu.core.errors import TabularError
from retroml_edu.tabular import bias_kernels as kernels
from retroml_edu.tabular.bounds import between, whole
from retroml_edu.tabular.control import METHODS, MethodName

_RUNS = 256
"""Whose draws are made at once."""
MOST_ACTIONS = 1_000


@dataclass(frozen=True, slots=True)
class LeftOrRight:
    """What came of many runs.

    Attributes:
        lefts: Shape (runs, episodes), whether the first action was left.
        values: Shape (runs, episodes), what left was held to be worth after the episode; truly it is the mean payment.
    """

    lefts: np.ndarray
    values: np.ndarray


def maximization_bias(
    method: MethodName,
    *,
    runs: int,
    episodes: int = 300,
    alpha: float = 0.1,
    epsilon: float = 0.1,
    actions: int = 10,
    rng: np.random.Generator,
) -> LeftOrRight:
    """Let a method learn in the world of Sutton and Barto (2018), example 6.7, in many runs.

    An episode begins in a state with two actions. Right ends it and pays 0. Left pays 0 and leads to a second state,
    all of whose actions end the episode and pay -0.1 on average, with a standard deviation of 1: left is the mistake,
    and looks good whenever one of the many estimates there is too high.

    Args:
        method: How it learns.
        runs: How many, each from empty tables.
        episodes: Of each run.
        alpha: Step size, 0 to 1.
        epsilon: How often any action is taken, 0 to 1.
        actions: Of the second state, from 1.
        rng: Where all draws come from.

    Raises:
        TabularError: If there is no such method, or a number lies outside its bounds.
    """
    if method not in METHODS:
        raise TabularError(f"There is no method {method!r}; there are {', '.join(METHODS)}.")
    between("alpha", alpha, 0, 1)
    between("epsilon", epsilon, 0, 1)
    whole("runs", runs, 0)
    whole("episodes", episodes, 0)
    whole("actions", actions, 1, MOST_ACTIONS)
    lefts, values = np.empty((runs, episodes), dtype=np.bool_), np.empty((runs, episodes))
    tables = 2 if method == "double Q-learning" else 1
    for begin in range(0, runs, _RUNS):
        these = slice(begin, min(begin + _RUNS, runs))
        shape = lefts[these].shape
        kernels.play_left_or_right(
            rng.normal(-0.1, 1.0, shape),
            rng.random((*shape, kernels.DRAWS)),
            METHODS[method],
            tables,
            actions,
            alpha,
            epsilon,
            lefts[these],
            values[these],
        )
    return LeftOrRight(lefts, values)
