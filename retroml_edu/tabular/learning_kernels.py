"""The steps of tabular learning, compiled: written as a lesson would, on arrays."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from retroml_edu.core.compilation import compiled, read_only

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

SARSA, Q_LEARNING, EXPECTED_SARSA, DOUBLE_Q = range(4)
WORLD = ", ".join(
    (read_only("float64", 3), read_only("int64", 3), read_only("float64", 3), read_only("boolean", 1), "int64")
)
"""Types of what a kernel is told of a world: cumulative, following, reward, terminal, start."""
EPISODE = ", ".join((read_only("int64", 1), read_only("float64", 1)))
"""Types of states and rewards."""
DRAWS = 6
"""Random numbers that a step may need: explore or not and which action, which outcome, which of two tables, and, with
SARSA, explore or not and which action comes next."""


@compiled()
def best_action(values: Floats) -> int:
    """Return the first of the best actions."""
    best = 0
    for action in range(1, len(values)):
        if values[action] > values[best]:
            best = action
    return best


@compiled()
def epsilon_greedy(values: Floats, epsilon: float, explores: float, which: float) -> int:
    """Return any action with probability epsilon, else one of the best."""
    if explores < epsilon:
        return min(int(which * len(values)), len(values) - 1)
    # In loops: an array for each comparison would take longer than all the rest of a step.
    best, ties = values[0], 1
    for action in range(1, len(values)):
        if values[action] > best:
            best, ties = values[action], 1
        elif values[action] == best:
            ties += 1
    skip = min(int(which * ties), ties - 1)
    for action in range(len(values)):
        if values[action] == best:
            if skip == 0:
                return action
            skip -= 1
    return 0


@compiled()
def highest(values: Floats) -> float:
    """Return the highest of some values."""
    best = values[0]
    for action in range(1, len(values)):
        best = max(best, values[action])
    return float(best)


@compiled()
def expected_value(values: Floats, epsilon: float) -> float:
    """Return the mean value of what `epsilon_greedy` picks."""
    total = 0.0
    for value in values:
        total += value
    return (1.0 - epsilon) * highest(values) + epsilon * (total / len(values))


@compiled()
def outcome_of(cumulative: Floats, draw: float) -> int:
    """Return which outcome happens, given their cumulative probabilities and a number from 0 to 1."""
    outcome = 0
    while outcome < len(cumulative) - 1 and draw >= cumulative[outcome]:
        outcome += 1
    return outcome


@compiled()
def worth_of(q: Floats, method: int, table: int, state: int, action: int, epsilon: float) -> float:
    """Return what the next state is worth to a method: where the four differ, and nowhere else.

    Args:
        q: Shape (tables, states, actions).
        method: One of the four.
        table: Which one learns.
        state: The next state.
        action: What SARSA is going to do there.
        epsilon: How often any action is taken.
    """
    if method == SARSA:
        return float(q[0, state, action])
    if method == Q_LEARNING:
        return highest(q[0, state])
    if method == EXPECTED_SARSA:
        return expected_value(q[0, state], epsilon)
    return float(q[1 - table, state, best_action(q[table, state])])


@compiled(
    f"int64(float64[:,:,::1], {WORLD}, int64, float64, float64, float64, int64, float64[:,::1], int64[::1], "
    "float64[::1], int64[:,::1], float64[::1])"
)
def learn(
    q: Floats,
    cumulative: Floats,
    following: Integers,
    reward: Floats,
    terminal: Flags,
    start: int,
    method: int,
    alpha: float,
    gamma: float,
    epsilon: float,
    most_steps: int,
    draws: Floats,
    now: Integers,
    returns: Floats,
    path: Integers,
    total: Floats,
) -> int:
    """Act and learn until there are no draws left or all episodes are over; return how many steps were made.

    Sutton and Barto (2018): SARSA (section 6.4), Q-learning (6.5), expected SARSA (6.6), double Q-learning (6.7).

    Args:
        q: Shape (tables, states, actions), action values; two tables for double Q-learning, else one.
        cumulative: Shape (states, actions, outcomes), as `Outcomes` has it; so the next three.
        following: Likewise.
        reward: Likewise.
        terminal: Shape (states,).
        start: Where episodes start.
        method: One of the four.
        alpha: Step size.
        gamma: Discount.
        epsilon: How often any action is taken.
        most_steps: After which an episode is cut off.
        draws: Shape (steps, 6), from 0 to 1.
        now: Shape (4,): state, action (-1: not chosen yet), steps of this episode, episodes so far; changed.
        returns: Shape (episodes,), written as episodes end.
        path: Shape (steps or 0, 4): state, action, next state and number of the outcome of each step, written where
            there is room.
        total: Shape (1,), return of this episode so far; changed.
    """
    actions = q.shape[2]
    values = np.empty(actions)
    for step in range(len(draws)):
        if now[3] >= len(returns):
            return step
        state, action = now[0], now[1]
        if action < 0:
            for a in range(actions):
                values[a] = q[0, state, a] if q.shape[0] == 1 else q[0, state, a] + q[1, state, a]
            action = epsilon_greedy(values, epsilon, draws[step, 0], draws[step, 1])
        outcome = outcome_of(cumulative[state, action], draws[step, 2])
        after, gain = following[state, action, outcome], reward[state, action, outcome]
        table = int(draws[step, 3] * q.shape[0])
        following_action = -1
        worth = 0.0
        if not terminal[after]:
            if method == SARSA:  # it learns from the action that it is going to take
                following_action = epsilon_greedy(q[0, after], epsilon, draws[step, 4], draws[step, 5])
            worth = worth_of(q, method, table, after, following_action, epsilon)
        q[table, state, action] += alpha * (gain + gamma * worth - q[table, state, action])
        if step < path.shape[0]:
            path[step, 0], path[step, 1], path[step, 2], path[step, 3] = state, action, after, outcome
        total[0] += gain
        now[2] += 1
        now[0], now[1] = after, following_action
        if terminal[after] or now[2] >= most_steps:
            returns[now[3]] = total[0]
            total[0] = 0.0
            now[0], now[1], now[2] = start, -1, 0
            now[3] += 1
    return len(draws)


@compiled(f"void(float64[::1], {EPISODE}, float64, float64, int64)")
def n_step_td(values: Floats, states: Integers, rewards: Floats, alpha: float, gamma: float, n: int) -> None:
    """Learn from an episode as it happens, n rewards at a time; Sutton and Barto (2018), section 7.1.

    With n = 1 this is TD(0); with an n as long as the episode it is Monte Carlo with a constant step size, all of whose
    updates are made when the episode is over.

    Args:
        values: Shape (states,); changed.
        states: Shape (steps + 1,), the last one terminal.
        rewards: Shape (steps,).
        alpha: Step size.
        gamma: Discount.
        n: From 1.
    """
    length = len(rewards)
    for time in range(length + n - 1):
        begin = time - n + 1
        if begin < 0:
            continue
        end = min(begin + n, length)
        total, weight = 0.0, 1.0
        for step in range(begin, end):
            total += weight * rewards[step]
            weight *= gamma
        if begin + n < length:
            total += weight * values[states[begin + n]]
        values[states[begin]] += alpha * (total - values[states[begin]])


@compiled(f"void(float64[::1], float64[::1], {EPISODE}, float64, float64, float64)")
def td_lambda(
    values: Floats, traces: Floats, states: Integers, rewards: Floats, alpha: float, gamma: float, decay: float
) -> None:
    """Learn from an episode with eligibility traces: TD(lambda); Sutton and Barto (2018), section 12.2.

    Args:
        values: Shape (states,); changed.
        traces: Shape (states,), room to work in.
        states: Shape (steps + 1,), the last one terminal.
        rewards: Shape (steps,).
        alpha: Step size.
        gamma: Discount.
        decay: Lambda, 0 to 1.
    """
    traces[:] = 0.0
    for step in range(len(rewards)):
        last = step == len(rewards) - 1
        after = 0.0 if last else values[states[step + 1]]
        error = rewards[step] + gamma * after - values[states[step]]
        moved, kept = alpha * error, gamma * decay
        traces[states[step]] += 1.0
        for state in range(len(values)):
            values[state] += moved * traces[state]
            traces[state] *= kept


@compiled(f"int64({WORLD}, float64[:,::1], int64[::1], float64[::1])")
def wander(
    cumulative: Floats,
    following: Integers,
    reward: Floats,
    terminal: Flags,
    start: int,
    draws: Floats,
    states: Integers,
    rewards: Floats,
) -> int:
    """Play an episode in which every action is equally likely; return its steps, or 0 if there were too few draws.

    Args:
        cumulative: As `Outcomes` has it; so the next four.
        following: Likewise.
        reward: Likewise.
        terminal: Likewise.
        start: Likewise.
        draws: Shape (steps, 2), from 0 to 1: which action, which outcome.
        states: Shape (steps + 1,); written.
        rewards: Shape (steps,); written.
    """
    actions = cumulative.shape[1]
    state = start
    for step in range(len(draws)):
        action = min(int(draws[step, 0] * actions), actions - 1)
        outcome = outcome_of(cumulative[state, action], draws[step, 1])
        states[step] = state
        rewards[step] = reward[state, action, outcome]
        state = following[state, action, outcome]
        if terminal[state]:
            states[step + 1] = state
            return step + 1
    return 0
