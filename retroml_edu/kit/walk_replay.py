"""A walk and those who learn from it, one move at a time: whose value moves, when, and towards what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from string import ascii_uppercase

import numpy as np

from retroml_edu.tabular import NStepTD, TDLambda, exact_values, random_episodes, random_walk

Learner = NStepTD | TDLambda
METHODS = ("TD(0)", "n-step TD", "TD(λ)", "Monte Carlo")

_SEEN = 5e-4
"""By how much a value has to move for three digits to show it."""
_MOST = 1e6
"""Where a value stays that runs away, as with large steps and traces: it would soon be no number."""


def learner_of(method: str, alpha: float, n: int, decay: float) -> tuple[str, Learner]:
    """Return what a method is called with its numbers, and the method.

    Args:
        method: One of the four.
        alpha: Step size.
        n: Of n-step TD.
        decay: Lambda, of TD(lambda).
    """
    if method == "n-step TD":
        return f"{n}-step TD", NStepTD(alpha, n)
    if method == "TD(λ)":
        return f"TD(λ = {decay:g})", TDLambda(alpha, decay)
    return method, NStepTD(alpha, None if method == "Monte Carlo" else 1)


@dataclass(frozen=True, slots=True)
class Update:
    """A value that was moved.

    Attributes:
        state: Whose.
        before: It was this.
        after: It is this.
        target: Towards what; None with traces, where many values are moved by one error.
        why: What the target is made of, in numbers and names; empty with traces.
    """

    state: int
    before: float
    after: float
    target: float | None = None
    why: str = ""


@dataclass
class Watched:
    """Somebody who learns, move by move.

    Attributes:
        name: What it is called.
        learner: What it does.
        values: Shape (states,), what it holds the states to be worth now.
        updates: Those of the last move.
    """

    name: str
    learner: Learner
    values: np.ndarray
    updates: list[Update] = field(default_factory=list)
    traces: np.ndarray = field(default_factory=lambda: np.zeros(0))

    def begin_episode(self) -> None:
        """Forget what of an episode is remembered."""
        self.updates = []
        self.traces = np.zeros(len(self.values))

    def learn(self, states: Sequence[int], rewards: Sequence[float], ended: bool, names: Sequence[str]) -> None:
        """Learn from the last step of an episode, with discount 1.

        Args:
            states: So far, from the first on.
            rewards: One fewer.
            ended: Whether the last state is terminal.
            names: Of all states.
        """
        self.updates = []
        if isinstance(self.learner, TDLambda):
            self._by_traces(self.learner, states, rewards, ended)
            return
        length, n = len(rewards), self.learner.n
        if n is None:  # Monte Carlo
            for begin in range(length if ended else 0):
                total = sum(rewards[begin:])
                self._move(states[begin], total, f"the return {total:g}")
            return
        for begin in range(max(0, length - n), length if ended else length - n + 1):
            total = sum(rewards[begin:])
            if ended:
                self._move(states[begin], total, f"{total:g} + 0 (nothing follows an end)")
            else:
                target = total + float(self.values[states[-1]])
                self._move(states[begin], target, f"{total:g} + V({names[states[-1]]}) = {target:.3f}")

    def _move(self, state: int, target: float, why: str) -> None:
        before = float(self.values[state])
        self.values[state] += self.learner.alpha * (target - before)
        self.updates.append(Update(state, before, float(self.values[state]), target, why))

    def _by_traces(self, learner: TDLambda, states: Sequence[int], rewards: Sequence[float], ended: bool) -> None:
        state, after = states[-2], 0.0 if ended else self.values[states[-1]]
        error = rewards[-1] + after - self.values[state]
        self.traces *= learner.decay
        self.traces[state] += 1.0
        before = self.values.copy()
        self.values += learner.alpha * error * self.traces
        np.clip(self.values, -_MOST, _MOST, out=self.values)
        touched = np.flatnonzero(self.traces > 1e-3)
        self.updates = [Update(int(each), float(before[each]), float(self.values[each])) for each in touched]


class Replay:
    """The same episodes for several learners, one move at a time: a step of the walker, or its return to the middle.

    Args:
        states: Between the ends of the walk.
        left: Reward of the left end.
        right: Reward of the right end.
        learners: Name and method of each.
        seed: Which episodes.

    Attributes:
        path: States of this episode so far.
        episode: Number of this episode, from 1.
        ended: Whether it is over.
    """

    def __init__(
        self, states: int, left: float, right: float, learners: Sequence[tuple[str, Learner]], *, seed: int
    ) -> None:
        self.world = random_walk(states, left, right)
        self.names = [f"end {left:+g}", *state_names(states), f"end {right:+g}"]
        self.exact = exact_values(self.world)
        start = np.where(self.world.terminal, 0.0, (left + right) / 2)
        self.learners = [Watched(name, learner, start.copy()) for name, learner in learners]
        self._episodes = random_episodes(self.world, np.random.default_rng(seed))
        self.episode = 0
        self._next_episode()

    @property
    def ended(self) -> bool:
        """Whether the walker has reached an end."""
        return len(self.path) == len(self._now.states)

    @property
    def rewards(self) -> list[float]:
        """Of this episode so far."""
        return [float(each) for each in self._now.rewards[: len(self.path) - 1]]

    def move(self) -> None:
        """Have the walker make a step, and all learn from it; from an end it goes back to the middle instead."""
        if self.ended:
            self._next_episode()
            return
        self.path.append(int(self._now.states[len(self.path)]))
        for each in self.learners:
            each.learn(self.path, self.rewards, self.ended, self.names)

    def left_of_episode(self) -> int:
        """Return how many moves are left to the end of this episode, or of the next if it is over."""
        return len(self._now.states) - len(self.path)

    def errors(self) -> list[float]:
        """Return how far off each learner is, root of the mean squared error over the states between the ends."""
        on = ~self.world.terminal
        return [float(np.sqrt(np.mean((each.values[on] - self.exact[on]) ** 2))) for each in self.learners]

    def told(self) -> list[str]:
        """Say what happened last: first where the walker went, then what each learner made of it."""
        if len(self.path) == 1:
            waits = ["has nothing to learn from yet."] * len(self.learners)
            return [f"Episode {self.episode} begins in {self.names[self.path[0]]}.", *waits]
        before, now = self.path[-2], self.path[-1]
        where = f"the {'right' if now else 'left'} end" if self.ended else self.names[now]
        number = f"Episode {self.episode}, step {len(self.path) - 1}"
        step = f"{number}: {self.names[before]} → {where}, reward {self.rewards[-1]:g}."
        return [step, *(self._told_of(each) for each in self.learners)]

    def _told_of(self, learner: Watched) -> str:
        updates = learner.updates
        if not updates:
            n = None if isinstance(learner.learner, TDLambda) else learner.learner.n
            return "waits for the end of the episode." if n is None else f"waits until {n} rewards are known."
        if isinstance(learner.learner, TDLambda):
            return self._told_of_traces(learner)
        if len(updates) == 1:
            [only] = updates
            if abs(only.after - only.before) < _SEEN:
                return f"leaves {self.names[only.state]} at {only.after:.3f}: that is its target, {only.why}."
            moved = f"{only.before:.3f} → {only.after:.3f}"
            return f"moves {self.names[only.state]}: {moved}, towards {only.why}."
        visited = ", ".join(self.names[state] for state in sorted({each.state for each in updates}))
        return f"makes {len(updates)} updates, one a visit: {visited}, towards {updates[0].why}."

    def _told_of_traces(self, learner: Watched) -> str:
        if all(each.after == each.before for each in learner.updates):
            return "moves nothing: the TD error is 0."
        if np.abs(learner.values).max() >= _MOST:
            return "runs away: with traces so large, a step corrects by more than the error."
        moved = ", ".join(self.names[each.state] for each in learner.updates)
        return f"moves {moved}: each by its trace, with one TD error."

    def _next_episode(self) -> None:
        self._now = next(self._episodes)
        self.path = [int(self._now.states[0])]
        self.episode += 1
        for each in self.learners:
            each.begin_episode()


def state_names(states: int) -> list[str]:
    """Return letters for a short walk, as the book has them, and numbers for a long one."""
    return list(ascii_uppercase[:states]) if states <= 7 else [str(number) for number in range(1, states + 1)]
