"""Finite Markov decision processes, and the exact values of a policy in one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from retroml_edu.core.errors import TabularError
from retroml_edu.tabular.bounds import between

_SUM_TOLERANCE = 1e-9


@dataclass(frozen=True)
class MDP:
    """States, actions, and what follows from them; after Sutton and Barto (2018), chapter 3.

    A state that is terminal ends the episode: what its rows hold does not matter, and its value is 0.

    Attributes:
        transitions: Shape (states, actions, states), probability of the next state.
        rewards: Shape (states, actions), reward to be expected.
        terminal: Shape (states,), where an episode ends.

    Raises:
        TabularError: If shapes do not fit, or probabilities are none.
    """

    transitions: np.ndarray
    rewards: np.ndarray
    terminal: np.ndarray

    def __post_init__(self) -> None:
        if self.rewards.ndim != 2:
            raise TabularError(f"Rewards have the shape (states, actions), not {self.rewards.shape}.")
        states, actions = self.rewards.shape
        if self.transitions.shape != (states, actions, states) or self.terminal.shape != (states,):
            raise TabularError(
                f"Shapes do not fit: rewards {self.rewards.shape} of states and actions need transitions of shape "
                f"({states}, {actions}, {states}) and terminal of shape ({states},), not {self.transitions.shape} and "
                f"{self.terminal.shape}."
            )
        if self.terminal.dtype != np.bool_:
            raise TabularError("terminal is True or False for each state.")
        if not np.isfinite(self.rewards).all():
            raise TabularError("A reward is no number.")
        going_on = self.transitions[~self.terminal]
        sums = going_on.sum(axis=2)
        if not (going_on >= 0).all() or not np.allclose(sums, 1.0, rtol=0, atol=_SUM_TOLERANCE):
            raise TabularError("The probabilities of what follows a state and an action are 0 or more and sum to 1.")

    @property
    def n_states(self) -> int:
        """How many states there are."""
        return len(self.rewards)

    @property
    def n_actions(self) -> int:
        """How many actions each state has."""
        return int(self.rewards.shape[1])

    def action_values(self, values: np.ndarray, gamma: float) -> np.ndarray:
        """Return what each action is worth if `values` follow it: one Bellman backup.

        Sutton and Barto (2018), equation 4.6: q(s, a) = r(s, a) + gamma * sum of p(s' | s, a) v(s').

        Args:
            values: Shape (states,).
            gamma: Discount, 0 to 1.

        Returns:
            Shape (states, actions); 0 where the state is terminal.
        """
        between("gamma", gamma, 0, 1)
        backed_up: np.ndarray = self.rewards + gamma * self.transitions @ np.where(self.terminal, 0.0, values)
        backed_up[self.terminal] = 0.0
        return backed_up

    def values_of(self, policy: np.ndarray, gamma: float) -> np.ndarray:
        """Return the exact values of a policy, from the linear equations that define them.

        Sutton and Barto (2018), equation 4.4 for all states at once: (1 - gamma P) v = r.

        Args:
            policy: Shape (states, actions), probability of each action.
            gamma: Discount, 0 to 1; at 1 the policy has to end every episode.

        Returns:
            Shape (states,).

        Raises:
            TabularError: If an episode need not end and is not discounted, so that values are not defined.
        """
        between("gamma", gamma, 0, 1)
        if policy.shape != self.rewards.shape or not (policy >= 0).all() or not np.allclose(policy.sum(axis=1), 1.0):
            raise TabularError("A policy has a probability for each state and action, and those of a state sum to 1.")
        on = ~self.terminal
        step = np.einsum("sa,sat->st", policy, self.transitions)[np.ix_(on, on)]
        rewards = (policy * self.rewards).sum(axis=1)[on]
        values = np.zeros(self.n_states)
        system = np.eye(len(step)) - gamma * step
        if gamma >= 1.0 and not _ends(step):
            raise TabularError(
                "With a discount of 1 values are sums without end here: from some state this policy never reaches a "
                "terminal one. Lower the discount, or choose a policy that gets there."
            )
        values[on] = np.linalg.solve(system, rewards)
        return values


def _ends(step: np.ndarray) -> bool:
    """Return whether the terminal states are reached from everywhere, given the steps between the others."""
    leaves = step.sum(axis=1) < 1.0 - _SUM_TOLERANCE
    for _ in range(len(step)):
        leads = leaves | ((step > 0) @ leaves)
        if (leads == leaves).all():
            break
        leaves = leads
    return bool(leaves.all())


def greedy_policy(action_values: np.ndarray, tolerance: float = 1e-9) -> np.ndarray:
    """Return the policy that picks among the best actions, each as likely as the others.

    Args:
        action_values: Shape (states, actions).
        tolerance: By how much an action may be worse and still count as best: sums end in different last digits.

    Returns:
        Shape (states, actions), probabilities.
    """
    best = action_values >= action_values.max(axis=1, keepdims=True) - tolerance
    shared: np.ndarray = best / best.sum(axis=1, keepdims=True)
    return shared


def uniform_policy(mdp: MDP) -> np.ndarray:
    """Return the policy that takes every action equally often, shape (states, actions)."""
    return np.full((mdp.n_states, mdp.n_actions), 1.0 / mdp.n_actions)


def random_mdp(rng: np.random.Generator, n_states: int, n_actions: int, branching: int) -> MDP:
    """Return a decision process drawn at random, without terminal states.

    The kind of Archibald et al. (1995), as Bhatnagar et al. (2009) use it under the name Garnet.

    Args:
        rng: Where it is drawn from.
        n_states: How many states.
        n_actions: How many actions in each.
        branching: How many states can follow each; their probabilities are parts of a stick broken at random.
    """
    between("branching", branching, 1, n_states)
    transitions = np.zeros((n_states, n_actions, n_states))
    for state in range(n_states):
        for action in range(n_actions):
            follow = rng.choice(n_states, branching, replace=False)
            cuts = np.sort(rng.random(branching - 1))
            transitions[state, action, follow] = np.diff(cuts, prepend=0.0, append=1.0)
    return MDP(transitions, rng.normal(size=(n_states, n_actions)), np.zeros(n_states, dtype=bool))
