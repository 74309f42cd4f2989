"""Planning in a known decision process, sweep by sweep: value iteration, policy evaluation, policy iteration."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, log

import numpy as np

from retroml_edu.core.errors import TabularError
from retroml_edu.tabular.bounds import between
from retroml_edu.tabular.mdp import MDP, greedy_policy, uniform_policy

MOST_SWEEPS = 10_000
"""After which planning gives up where nothing is discounted: values may grow for ever there."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """What is known after a sweep over all states.

    Attributes:
        number: Of the sweep, from 1; 0 is where it began.
        values: Shape (states,).
        policy: Shape (states, actions): what `values` belong to, or the greedy one with value iteration.
        residual: By how much the most changed value has changed.
        improved: Whether the policy is another one than before.
    """

    number: int
    values: np.ndarray
    policy: np.ndarray
    residual: float
    improved: bool = False


def value_iteration(mdp: MDP, gamma: float, *, theta: float = 1e-8, start: np.ndarray | None = None) -> Iterator[Sweep]:
    """Back up all states at once by their best action, until no value changes by more than `theta`.

    Sutton and Barto (2018), section 4.4. With a discount below 1 the residual shrinks at least by that factor from
    sweep to sweep, and the values are then within ``theta * gamma / (1 - gamma)`` of the best possible ones.

    Args:
        mdp: What is known.
        gamma: Discount, 0 to 1.
        theta: Residual at which it ends.
        start: Shape (states,), values to begin with; 0 if left out.

    Yields:
        Where it begins, then every sweep.

    Raises:
        TabularError: If the discount is none, or is 1 and values still change after 10,000 sweeps.
    """
    values = np.zeros(mdp.n_states) if start is None else np.where(mdp.terminal, 0.0, start)
    action_values = mdp.action_values(values, gamma)
    policy = greedy_policy(action_values)
    yield Sweep(0, values, policy, np.inf)
    for number in range(1, _most_sweeps(mdp, gamma, theta, values) + 1):
        before, values = values, action_values.max(axis=1)
        action_values = mdp.action_values(values, gamma)
        earlier, policy = policy, greedy_policy(action_values)
        residual = float(np.abs(values - before).max())
        yield Sweep(number, values, policy, residual, improved=not np.array_equal(policy, earlier))
        if residual <= theta:
            return
    raise _without_end(gamma)


def policy_evaluation(
    mdp: MDP, policy: np.ndarray, gamma: float, *, theta: float = 1e-8, start: np.ndarray | None = None
) -> Iterator[Sweep]:
    """Back up all states at once by what the policy does, until no value changes by more than `theta`.

    Sutton and Barto (2018), section 4.1. Arguments and errors are those of `value_iteration`; yields every sweep.
    """
    values = np.zeros(mdp.n_states) if start is None else np.where(mdp.terminal, 0.0, start)
    for number in range(1, _most_sweeps(mdp, gamma, theta, values) + 1):
        before, values = values, (policy * mdp.action_values(values, gamma)).sum(axis=1)
        residual = float(np.abs(values - before).max())
        yield Sweep(number, values, policy, residual)
        if residual <= theta:
            return
    raise _without_end(gamma)


def policy_iteration(mdp: MDP, gamma: float, *, theta: float = 1e-8) -> Iterator[Sweep]:
    """Evaluate a policy, make it greedy, and again, until that changes nothing; begins with the uniform policy.

    Sutton and Barto (2018), section 4.3. Sweeps are counted through; the one in which a policy was improved says so.
    Arguments, yields and errors are those of `value_iteration`.
    """
    policy, values, number = uniform_policy(mdp), np.zeros(mdp.n_states), 0
    yield Sweep(0, values, policy, np.inf)
    while True:
        for sweep in policy_evaluation(mdp, policy, gamma, theta=theta, start=values):
            number, values = number + 1, sweep.values
            yield Sweep(number, values, policy, sweep.residual)
        # Values are known to theta only: what differs by less is not better.
        better = greedy_policy(mdp.action_values(values, gamma), tolerance=10 * theta)
        if ((policy > 0) <= (better > 0)).all():  # it takes best actions only
            return
        policy = better
        yield Sweep(number, values, policy, 0.0, improved=True)


def _most_sweeps(mdp: MDP, gamma: float, theta: float, start: np.ndarray) -> int:
    """Return after how many sweeps a discount below 1 must have brought the residual to theta."""
    between("gamma", gamma, 0, 1)
    if not theta > 0:
        raise TabularError(f"theta={theta:g} is never reached: it is above 0.")
    if gamma in (0.0, 1.0):
        return MOST_SWEEPS
    # No residual is larger than the first, and each is at least by the discount smaller than the one before.
    first = np.abs(mdp.rewards).max() + (1 + gamma) * np.abs(start).max()
    return max(2, 2 + ceil(log(theta / max(first, theta)) / log(gamma)))


def _without_end(gamma: float) -> TabularError:
    return TabularError(
        f"Values still change after {MOST_SWEEPS:,} sweeps with a discount of {gamma:g}: rewards add up without end. "
        "Lower the discount, or let every way end."
    )
