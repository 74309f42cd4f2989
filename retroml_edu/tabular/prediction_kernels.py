"""Many runs of prediction at once, compiled: walks end to end, and learners that all learn from the same ones.

One episode's learning, as the book writes it, stands in `learning_kernels`; the results here are the same.
"""

from __future__ import annotations

import math

import numpy as np

from retroml_edu.core.compilation import compiled, read_only
from retroml_edu.tabular.learning_kernels import EPISODE, WORLD, Flags, Floats, Integers, outcome_of, td_lambda


@compiled(f"int64({WORLD}, int64, float64[:,::1], int64[::1], int64[::1], float64[::1], int64[::1])")
def wander_on(
    cumulative: Floats,
    following: Integers,
    reward: Floats,
    terminal: Flags,
    start: int,
    most_steps: int,
    draws: Floats,
    now: Integers,
    states: Integers,
    rewards: Floats,
    ends: Integers,
) -> int:
    """Play one episode after another, every action equally likely, until there are no draws left or all are over.

    Args:
        cumulative: As `Outcomes` has it; so the next four.
        following: Likewise.
        reward: Likewise.
        terminal: Likewise.
        start: Likewise.
        most_steps: Of an episode.
        draws: Shape (steps, 2), from 0 to 1: which action, which outcome.
        now: Shape (3,): state, steps of this episode, episodes so far; changed.
        states: Shape (steps + episodes,); written, each episode with the state that it ends in.
        rewards: Of the same shape; written, with a 0 beside the state that an episode ends in.
        ends: Shape (episodes,), where in those the next episode begins; written as episodes end.

    Returns:
        How many states were written, or -1 if an episode has gone on for too long.
    """
    actions = cumulative.shape[1]
    state, steps, episode = now[0], now[1], now[2]
    written = 0
    for step in range(len(draws)):
        if episode == len(ends):
            break
        action = min(int(draws[step, 0] * actions), actions - 1)
        outcome = outcome_of(cumulative[state, action], draws[step, 1])
        states[written] = state
        rewards[written] = reward[state, action, outcome]
        state = following[state, action, outcome]
        written += 1
        steps += 1
        if terminal[state]:
            states[written] = state
            rewards[written] = 0.0
            written += 1
            ends[episode] = written
            state, steps = start, 0
            episode += 1
        elif steps >= most_steps:
            return -1
    now[0], now[1], now[2] = state, steps, episode
    return written


@compiled()
def rewards_ahead(sums: Floats, rewards: Floats, gamma: float, n: int) -> None:
    """Write the discounted sum of the next n rewards of each step, or of all that are left."""
    length = len(rewards)
    if n >= length:  # Monte Carlo: backwards, each from the one after it
        total = 0.0
        for step in range(length - 1, -1, -1):
            total = rewards[step] + gamma * total
            sums[step] = total
        return
    for begin in range(length):
        total, weight = 0.0, 1.0
        for step in range(begin, min(begin + n, length)):
            total += weight * rewards[step]
            weight *= gamma
        sums[begin] = total


@compiled()
def n_step_updates(
    values: Floats, states: Integers, sums: Floats, length: int, alpha: float, gamma: float, n: int
) -> None:
    """Move the value of each state of an episode, in the order of the steps, given the sums of the next n rewards."""
    weight = gamma**n
    for begin in range(length):
        target = sums[begin]
        if begin + n < length:
            target += weight * values[states[begin + n]]
        values[states[begin]] += alpha * (target - values[states[begin]])


@compiled()
def learn_all(
    values: Floats, states: Integers, rewards: Floats, n: Integers, settings: Floats, traces: Floats, sums: Floats
) -> None:
    """Have every learner learn from an episode; arguments as `errors_of_all`, and room to work in."""
    length = len(rewards)
    summed_n, summed_gamma = 0, 0.0
    for i in range(len(n)):
        alpha, gamma, decay = settings[i, 0], settings[i, 1], settings[i, 2]
        if n[i] == 0:
            td_lambda(values[i], traces, states, rewards, alpha, gamma, decay)
            continue
        ahead = min(n[i], length)
        if ahead != summed_n or gamma != summed_gamma:
            rewards_ahead(sums, rewards, gamma, ahead)
            summed_n, summed_gamma = ahead, gamma
        n_step_updates(values[i], states, sums, length, alpha, gamma, ahead)


@compiled()
def distance(values: Floats, true: Floats, terminal: Flags) -> float:
    """Return the root of the mean squared error over the states that are not terminal."""
    total, count = 0.0, 0
    for state in range(len(true)):
        if not terminal[state]:
            total += (values[state] - true[state]) ** 2
            count += 1
    return math.sqrt(total / count)


@compiled(
    f"void({EPISODE}, {read_only('int64', 2)}, int64[::1], float64[:,::1], float64[::1], {read_only('boolean', 1)}, "
    "float64, float64[:,:,::1])"
)
def errors_of_all(
    states: Integers,
    rewards: Floats,
    bounds: Integers,
    n: Integers,
    settings: Floats,
    true: Floats,
    terminal: Flags,
    start: float,
    errors: Floats,
) -> None:
    """Have every learner learn from the same episodes, in runs that each begin anew; write how far off they are.

    Args:
        states: As `Experience` has it; so the next two.
        rewards: Likewise.
        bounds: Likewise.
        n: Shape (learners,), of n-step TD; 0 for TD(lambda). Learners of equal n and discount best stand side by side:
            what they have in common is then calculated once.
        settings: Shape (learners, 3): step size, discount, lambda.
        true: Shape (states,).
        terminal: Shape (states,).
        start: Value to begin with.
        errors: Shape (learners, runs, episodes), root of the mean squared error over states that are not terminal;
            written.
    """
    learners, runs, episodes = errors.shape
    values, traces = np.empty((learners, len(true))), np.empty(len(true))
    longest = 0
    for run in range(runs):
        for episode in range(episodes):
            longest = max(longest, bounds[run, episode + 1] - bounds[run, episode])
    sums = np.empty(longest)
    for run in range(runs):
        for state in range(len(true)):
            values[:, state] = 0.0 if terminal[state] else start
        for episode in range(episodes):
            begin, end = bounds[run, episode], bounds[run, episode + 1]
            learn_all(values, states[begin:end], rewards[begin : end - 1], n, settings, traces, sums)
            for i in range(learners):
                errors[i, run, episode] = distance(values[i], true, terminal)
