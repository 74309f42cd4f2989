"""Planning in a grid world, sweep by sweep, kept whole: what a player goes through, and methods are compared by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Literal

import numpy as np

from retroml_edu.core.errors import TabularError
from retroml_edu.tabular.mdp import MDP, greedy_policy, uniform_policy
from retroml_edu.tabular.planning import Sweep, policy_evaluation, policy_iteration, value_iteration

PlanName = Literal["value iteration", "policy iteration", "evaluation of the random policy"]
PLANS: tuple[PlanName, ...] = ("value iteration", "policy iteration", "evaluation of the random policy")
THETA = 1e-6
"""Largest change of a value at which it ends."""
MOST_SWEEPS = 1_000
"""After which it is left as it is: nobody plays more."""
AS_GOOD = 1e-4
"""By how much an action may be worse and still count as best: values that have settled are as near as that."""


@dataclass(frozen=True)
class Plan:
    """All sweeps of a method, and how far each had come.

    Attributes:
        name: Of the method.
        values: Shape (sweeps + 1, states), from where it began.
        policies: Shape (sweeps + 1, states, actions): the arrows after each sweep. They are greedy for its values, or
            with policy iteration those that are being evaluated.
        residuals: Shape (sweeps + 1,): by how much the most changed value has changed; the first is no number.
        backups: Shape (sweeps + 1,): values of a state and an action that were computed until then.
        improved: Sweeps after which policy iteration has made its policy greedy.
        wrong: Shape (sweeps + 1,): states whose arrows are not all best.
        ended: Whether the values had settled before the sweeps ran out.
    """

    name: PlanName
    values: np.ndarray
    policies: np.ndarray
    residuals: np.ndarray
    backups: np.ndarray
    improved: tuple[int, ...]
    wrong: np.ndarray
    ended: bool

    @property
    def sweeps(self) -> int:
        """How many there are."""
        return len(self.values) - 1

    @property
    def best_since(self) -> int | None:
        """The sweep from which on all arrows are best; None if they never are."""
        if self.wrong[-1]:
            return None
        wrong = np.flatnonzero(self.wrong)
        return int(wrong[-1]) + 1 if len(wrong) else 0


def make_plan(mdp: MDP, gamma: float, name: PlanName, best: np.ndarray) -> Plan:
    """Plan until values settle.

    Args:
        mdp: What is known.
        gamma: Discount, 0 to 1.
        name: Of the method.
        best: Shape (states, actions), whether an action is as good as any: see `best_actions`.

    Raises:
        TabularError: If the discount is none.
    """
    sweeps = list(islice(_sweeps(mdp, gamma, name), MOST_SWEEPS + 2))
    ended = len(sweeps) <= MOST_SWEEPS + 1
    sweeps = sweeps[: MOST_SWEEPS + 1]
    values = np.stack([sweep.values for sweep in sweeps])
    policies = np.stack([sweep.policy for sweep in sweeps])
    work, counts = 0, []
    for before, sweep in zip([sweeps[0], *sweeps], sweeps, strict=False):
        if sweep.number:
            taken = before.policy > 0 if name == "policy iteration" else np.ones_like(mdp.rewards, dtype=bool)
            work += int(taken[~mdp.terminal].sum())
            work += int(sweep.improved and name == "policy iteration") * mdp.n_actions * int((~mdp.terminal).sum())
        counts.append(work)
    return Plan(
        name=name,
        values=values,
        policies=policies,
        residuals=np.array([np.nan, *(sweep.residual for sweep in sweeps[1:])]),
        backups=np.array(counts),
        improved=tuple(sweep.number for sweep in sweeps if sweep.improved) if name == "policy iteration" else (),
        wrong=((policies > 0) & ~best & ~mdp.terminal[:, None]).any(axis=2).sum(axis=1),
        ended=ended,
    )


def best_actions(mdp: MDP, gamma: float) -> np.ndarray:
    """Return which actions are as good as any, by policy iteration with values from linear equations.

    Args:
        mdp: What is known.
        gamma: Discount, 0 to 1.

    Returns:
        Shape (states, actions), True where no other action is worth more, to `AS_GOOD`.

    Raises:
        TabularError: If the discount is none, or is 1 and values grow without end.
    """
    values = np.zeros(mdp.n_states)
    for sweep in islice(value_iteration(mdp, gamma, theta=THETA), MOST_SWEEPS + 1):
        values = sweep.values
    policy = greedy_policy(mdp.action_values(values, gamma))
    for _ in range(mdp.n_states):
        try:
            values = mdp.values_of(policy, gamma)
        except TabularError:  # undiscounted, and it may go in circles: its values are as near as sweeps brought them
            break
        before, policy = policy, greedy_policy(mdp.action_values(values, gamma))
        if np.array_equal(policy > 0, before > 0):
            break
    best: np.ndarray = greedy_policy(mdp.action_values(values, gamma), tolerance=AS_GOOD) > 0
    return best


def _sweeps(mdp: MDP, gamma: float, name: PlanName) -> Iterator[Sweep]:
    """Yield where it begins and every sweep once; an improvement belongs to the sweep before it."""
    if name == "value iteration":
        yield from value_iteration(mdp, gamma, theta=THETA)
    elif name == "policy iteration":
        kept: Sweep | None = None
        for sweep in policy_iteration(mdp, gamma, theta=THETA):
            if sweep.improved and kept is not None:
                kept = Sweep(sweep.number, sweep.values, sweep.policy, kept.residual, improved=True)
                continue
            if kept is not None:
                yield kept
            kept = sweep
        if kept is not None:
            yield kept
    else:
        policy = uniform_policy(mdp)
        yield Sweep(0, np.zeros(mdp.n_states), policy, np.inf)
        for sweep in policy_evaluation(mdp, policy, gamma, theta=THETA):
            greedy = greedy_policy(mdp.action_values(sweep.values, gamma))
            yield Sweep(sweep.number, sweep.values, greedy, sweep.residual)
