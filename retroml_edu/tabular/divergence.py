"""The deadly triad on Baird's counterexample: function approximation, bootstrapping and learning off policy."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from retroml_edu.core.errors import TabularError
from retroml_edu.tabular.bounds import between

N_STATES = 7
"""The first six lead to the seventh, which leads to itself, if the policy that is evaluated has its way."""
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
    start: np.ndarray | None = None,
) -> Iterator[np.ndarray]:
    """Learn values of Baird's process, a sweep at a time, each with the updates that are to be expected.

    Sutton and Barto (2018), section 11.2 and equation 11.9, after Baird (1995). The policy that is evaluated always
    goes to the seventh state; every reward is 0, so all values are 0, and the features could say so exactly.

    Args:
        approximation: Whether states share weights.
        bootstrapping: Whether a state learns from the value of the next one, else from the return, which is 0.
        off_policy: Whether all states are updated equally often, as by a behaviour that goes anywhere; else as often as
            the policy itself visits them: the seventh state alone.
        alpha: Step size.
        gamma: Discount.
        start: Shape (weights,), to begin with; those of the book if left out.

    Yields:
        Shape (weights,): where it begins, then after every sweep; for ever, or until weights have diverged.
    """
    between("gamma", gamma, 0, 1)
    between("alpha", alpha, 0, 1)
    seen = features(approximation)
    weights = start
    if weights is None:  # without approximation the same values to begin with
        weights = _WEIGHTS if approximation else features() @ _WEIGHTS
    weights = np.array(weights, dtype=float)
    if weights.shape != seen.shape[1:] or not np.isfinite(weights).all():
        raise TabularError(f"{seen.shape[1]} numbers are needed to begin with, one for each weight.")
    errors = (gamma * _following(bootstrapping) - np.eye(N_STATES)) @ seen
    sweep = np.eye(len(weights)) + alpha * seen.T @ np.diag(_share(off_policy)) @ errors
    while weights @ weights < DIVERGED**2:
        yield weights
        weights = sweep @ weights
    yield weights


def baird_growth(
    *, approximation: bool = True, bootstrapping: bool = True, off_policy: bool = True, alpha: float, gamma: float
) -> float:
    """Return by how much values can be multiplied in a sweep, in the long run: above 1 they diverge.

    It is the largest absolute eigenvalue of the matrix that takes the values of one sweep of `baird_weights` to those
    of the next; arguments as there.
    """
    between("gamma", gamma, 0, 1)
    between("alpha", alpha, 0, 1)
    seen, one = features(approximation), np.eye(N_STATES)
    sweep = one + alpha * seen @ seen.T @ np.diag(_share(off_policy)) @ (gamma * _following(bootstrapping) - one)
    return float(np.abs(np.linalg.eigvals(sweep)).max())


def _share(off_policy: bool) -> np.ndarray:
    """Return how often each state is updated, shape (states,)."""
    return np.full(N_STATES, 1 / N_STATES) if off_policy else np.eye(N_STATES)[6]


def _following(bootstrapping: bool) -> np.ndarray:
    """Return from which state's value each state learns, shape (states, states); from none without bootstrapping."""
    following = np.zeros((N_STATES, N_STATES))
    following[:, 6] = float(bootstrapping)
    return following
