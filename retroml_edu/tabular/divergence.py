"""The deadly triad on Baird's counterexample: function approximation, bootstrapping and learning off policy."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from retroml_edu.tabular.bounds import between

N_STATES = 7
_WEIGHTS = np.array([1.0, 1, 1, 1, 1, 1, 10, 1])
DIVERGED = 1e6
"""Length of the weights at which nobody waits any longer."""


def features(approximation: bool = True) -> np.ndarray:
    """Return what each state looks like to the learner, shape (states, weights).

    With approximation these are the features of Sutton and Barto (2018), figure 11.1: the value of the first six states
    is twice a weight of their own plus a shared one, that of the seventh its own plus twice the shared one. Without,
    each state has one weight for itself alone.
    """
    if not approximation:
        return np.eye(N_STATES)
    seen = np.zeros((N_STATES, N_STATES + 1))
    seen[:6, :6] = 2 * np.eye(6)
    seen[:6, 7] = 1
    seen[6, 6:] = 1, 2
    return seen


def baird_weights(
    *,
    approximation: bool = True,
    bootstrapping: bool = True,
    off_policy: bool = True,
    alpha: float = 0.01,
    gamma: float = 0.99,
) -> Iterator[np.ndarray]:
    """Learn values of Baird's process, a sweep at a time, each with the updates that are to be expected.

    Sutton and Barto (2018), example 11.1 and equation 11.9, after Baird (1995). The policy that is evaluated always
    goes to the seventh state; every reward is 0, so all values are 0, and the features could say so exactly.

    Args:
        approximation: Whether states share weights.
        bootstrapping: Whether a state learns from the value of the next one, else from the return, which is 0.
        off_policy: Whether all states are updated equally often, as by a behaviour that goes anywhere; else as often as
            the policy itself visits them: the seventh state alone.
        alpha: Step size.
        gamma: Discount.

    Yields:
        Shape (weights,): where it begins, then after every sweep; for ever, or until weights have diverged.
    """
    between("gamma", gamma, 0, 1)
    between("alpha", alpha, 0, 1)
    seen = features(approximation)
    weights = _WEIGHTS.copy() if approximation else seen @ (features() @ _WEIGHTS)  # the same values to begin with
    share = np.full(N_STATES, 1 / N_STATES) if off_policy else np.eye(N_STATES)[6]
    while np.linalg.norm(weights) < DIVERGED:
        yield weights
        values = seen @ weights
        target = gamma * values[6] if bootstrapping else 0.0
        weights = weights + alpha * seen.T @ (share * (target - values))
    yield weights
