"""Lesson 5, function approximation: its questions, exercises and graded tasks."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from retroml_edu.classroom.exercise import Case, Exercise, cases_of, mistakes
from retroml_edu.classroom.graded import Asked, Graded
from retroml_edu.classroom.quiz import Choice, FreeText, Number, Option, Order, Question

QUESTIONS: tuple[Question, ...] = (
    Choice(
        "one-step",
        "The car makes one step and corrects the value of the action that it took there. Its values are held by one "
        "tiling of 12 × 12 tiles. For how many states does the value of that action change?",
        (
            Option(
                "Exactly one: the state it was in.",
                "In a table, yes. Here place and speed are real numbers: each tile holds a whole patch of states.",
            ),
            Option(
                "All states in the same tile, by the same amount.",
                "They have one value between them: that is state aggregation.",
                right=True,
            ),
            Option(
                "All states, most of all those nearby.",
                "Features that are not 0 anywhere else would do that, such as cosines. A tile ends at its edge.",
            ),
            Option("None before the episode has ended.", "That is Monte Carlo. SARSA learns from each step."),
        ),
    ),
    Choice(
        "coarse-or-fine",
        "Which car will first have short episodes: one with few large tiles, one with many small ones, or one with "
        "eight shifted boards of large tiles?",
        (
            Option(
                "Few large tiles: each is visited often.",
                "True, and each visit teaches much. But one value for a large patch cannot say that a part of it is "
                "better.",
            ),
            Option(
                "Many small tiles: they can hold every detail.",
                "In the end they can. But each small tile has to be visited many times, and teaches no neighbour.",
            ),
            Option(
                "Eight shifted boards of large tiles.",
                "Each step teaches a large patch, and where boards overlap differently, neighbours can differ: "
                "coarse and fine at once.",
                right=True,
            ),
        ),
    ),
    Choice(
        "shared-alpha",
        "With 8 tilings the step size of each weight is α/8. Why?",
        (
            Option(
                "Eight weights are moved at once, and the value is their sum.",
                "Each corrects α/8 of the error, so together they correct the part α of it.",
                right=True,
            ),
            Option(
                "There are eight times as many weights to be learned, so each must learn more slowly.",
                "How many weights there are does not matter. How many of them are switched on in one state does.",
            ),
            Option(
                "So that each tiling learns from another eighth of the steps.",
                "Every tiling learns from every step: in each of them one tile is on.",
            ),
            Option(
                "It makes the learning less noisy; without it all would work too, only faster.",
                "Without it a step with α = 0.5 would correct 4 times the error: each correction overshoots, and "
                "values diverge.",
            ),
        ),
    ),
    Choice(
        "semi-gradient",
        "Why is the update w ← w + α [R + γ q(S′, A′, w) − q(S, A, w)] ∇q(S, A, w) called a semi-gradient?",
        (
            Option(
                "It uses one sample instead of the expectation.",
                "That is what makes a gradient stochastic. A sampled gradient is right on average; this one is not.",
            ),
            Option(
                "The target depends on w too, and its share of the gradient is left out.",
                "It treats the target as if it were given. So no error is sure to fall along it, and it can diverge.",
                right=True,
            ),
            Option(
                "Only half of the weights are changed in each step.",
                "All weights whose feature is not 0 are changed. What is missing is a part of the derivative.",
            ),
            Option(
                "The factor 1/2 of the squared error is left out.",
                "That factor cancels the 2 of the derivative, and nothing is lost. Look at where w stands in the "
                "brackets.",
            ),
        ),
    ),
    Choice(
        "which-missing",
        "First-visit Monte Carlo control with tile coding, which follows the policy that it learns. Which parts of the "
        "deadly triad are missing? Choose all.",
        (
            Option("Function approximation", "Tile coding is function approximation: states share weights."),
            Option(
                "Bootstrapping",
                "Its targets are whole returns, not values it has learned.",
                right=True,
            ),
            Option(
                "Off-policy learning",
                "It updates the states that its own policy visits, as often as it visits them.",
                right=True,
            ),
        ),
    ),
    Choice(
        "q-learning-network",
        "Q-learning with a neural network, from old steps kept in a memory. Which parts of the deadly triad are there? "
        "Choose all.",
        (
            Option("Function approximation", "The network.", right=True),
            Option("Bootstrapping", "Its target is a reward and the best value that it has learned.", right=True),
            Option(
                "Off-policy learning",
                "It learns about the greedy policy from steps that others, older and exploring, have made.",
                right=True,
            ),
        ),
    ),
    Choice(
        "more-features",
        "A linear learner gets twice as many features of the same kind. Which sentence is true?",
        (
            Option(
                "It can only become better: it may set the weights of the new ones to 0.",
                "That holds for the best weights that there are. But it has to find them, from a limited number of "
                "steps.",
            ),
            Option(
                "It can hold more detail, but may need more steps to learn as much.",
                "The finer the features, the fewer states share what one step teaches.",
                right=True,
            ),
            Option(
                "It becomes worse: more weights always learn more slowly.",
                "Not always: too few features cannot hold the values at all, however long they learn.",
            ),
        ),
    ),
    Number(
        "one-correction",
        "Eight tilings, α = 0.5, each weight moves by α/8 times the error. A state has the value −40, the target is "
        "−30. What is its value after the update?",
        -35.0,
        1e-6,
        "The error is 10, each of 8 weights moves by 0.625, and their sum by 5: half of the error.",
        "How far does each weight move, and how many of them does the value add up?",
        {
            -39.375: "That is one weight's move. Eight of them are switched on, and the value is their sum.",
            -30.0: "That would be α = 1: the whole error at once.",
            0.0: "Each weight moves by α/8 of the error, not by α.",
            -45.0: "It moves towards the target, not away from it.",
        },
    ),
    Choice(
        "smaller-alpha",
        "Baird's counterexample with all three parts on and γ = 0.99. What does a tenth of the step size do?",
        (
            Option(
                "The values no longer diverge.",
                "A smaller step helps against overshooting. Here the steps go in a wrong direction, however small they "
                "are. Try it in the bench.",
            ),
            Option(
                "They diverge too, about ten times as slowly.",
                "The direction of the update itself leads away from the truth, at this discount.",
                right=True,
            ),
            Option(
                "They diverge as fast: the step size does not matter.",
                "Each sweep then moves the weights a tenth as far, so the same growth takes ten times as many sweeps.",
            ),
        ),
    ),
    Order(
        "sarsa-order",
        "Put the parts of one step of semi-gradient SARSA in order.",
        (
            "Take the action, see the reward and the next state",
            "Choose the next action, from the values as they are now",
            "Compute the target: the reward and the discounted value of the next state and action",
            "Compute the error: the target less the value of the old state and action",
            "Move the weights along the features of the old state and action",
        ),
        told="The weights move last: the target is computed with those from before.",
        hint="What has to be known before it can be computed?",
    ),
    FreeText(
        "why-network",
        "The network had short episodes sooner than the tiles. But later it was behind them, and with a larger step "
        "size most cars lost what they had learned. Which properties of a network could be why? Name two.",
        {
            r"global|everywhere|all states|whole|far away|elsewhere|other states|local": (
                "Think of what one step changes: a tile ends at its edge. Does a hidden unit?"
            ),
            r"feature|hidden|inner|move|chang|target|bootstrap|non-?linear|initial|random": (
                "Think of what else moves while it learns: are the features the same after each step?"
            ),
        },
        told="Kept. Lesson 6 takes up both: a memory of old steps, and weights that are kept still for the targets.",
    ),
)


def _tile_1d(position: float, low: float, high: float, tiles: int, offset: float) -> int:
    width = (high - low) / tiles
    return min(math.floor((position - low) / width + offset), tiles)


def _shifted(position: float, low: float, high: float, tiles: int, offset: float) -> float:
    return (position - low) / ((high - low) / tiles) + offset


def _wrong_tile(wrong: Callable[[dict[str, Any]], float]) -> Callable[..., float]:
    """Return a function that is called as a student's is, from one that takes the arguments together."""
    return lambda **given: wrong(given)


_FROM_LOW = "Count from the left end: subtract `low` first."
_WRONG_TILES: tuple[tuple[Callable[..., float], str], ...] = (
    (_wrong_tile(lambda g: math.floor(_shifted(**g) + g["low"] / (g["high"] - g["low"]) * g["tiles"])), _FROM_LOW),
    (_wrong_tile(lambda g: int(_shifted(**g) + g["low"] / (g["high"] - g["low"]) * g["tiles"])), _FROM_LOW),
    (
        _wrong_tile(lambda g: math.floor(_shifted(**g | {"offset": 0.0}))),
        "The board is shifted: add `offset`, which is counted in tiles.",
    ),
    (
        _wrong_tile(lambda g: math.floor(_shifted(**g | {"position": g["position"] + g["offset"], "offset": 0.0}))),
        "`offset` is counted in tiles: add it after the division.",
    ),
    (
        _wrong_tile(lambda g: math.floor(_shifted(**g | {"tiles": g["tiles"] + 1}))),
        "A tile is (high − low) / `tiles` wide: the one tile more lies to the right of `high`.",
    ),
    (
        _wrong_tile(lambda g: round(_shifted(**g))),
        "A tile goes from one whole number to the next: round down, as `int` does.",
    ),
    (
        _wrong_tile(lambda g: math.floor(_shifted(**g | {"offset": -g["offset"]}))),
        "The board is shifted to the left, so the position lies further right on it: add `offset`.",
    ),
    (
        _wrong_tile(lambda g: min(_tile_1d(**g), g["tiles"] - 1)),
        "A shifted board has one tile more, number `tiles`, for what sticks out at the right.",
    ),
    (_shifted, "That is how many tiles lie left of the position, with a part of one. Round down, as `int` does."),
    (_wrong_tile(lambda g: _tile_1d(**g) + 1), "Tiles are counted from 0."),
)


def _tile(
    position: float, low: float, high: float, tiles: int, offset: float, hint: str
) -> tuple[dict[str, float], str]:
    return {"position": position, "low": low, "high": high, "tiles": tiles, "offset": offset}, hint


def _moved(
    weights: np.ndarray,
    active: Sequence[int],
    next_active: Sequence[int] | None,
    reward: float,
    gamma: float,
    alpha: float,
    mistake: str = "",
) -> np.ndarray:
    """Return weights after an update of semi-gradient SARSA, or after one with a mistake."""
    of_value, of_next = active, next_active
    if mistake == "one weight":
        of_value, of_next = active[:1], None if next_active is None else next_active[:1]
    following = 0.0 if of_next is None or mistake == "reward alone" else weights[of_next].sum()
    error = reward + (1.0 if mistake == "no discount" else gamma) * following - weights[of_value].sum()
    step = alpha * error / (1 if mistake == "not shared" else len(active))
    changed = weights.copy()
    changed[slice(None) if mistake == "everywhere" else active] += -step if mistake == "away" else step
    if mistake == "full gradient" and next_active is not None:
        changed[next_active] -= gamma * step
    return changed


def _error_anew(target_too: bool) -> Callable[..., np.ndarray]:
    """Return an update whose error is computed anew for each active tile."""

    def update(
        weights: np.ndarray,
        active: Sequence[int],
        next_active: Sequence[int] | None,
        reward: float,
        gamma: float,
        alpha: float,
    ) -> np.ndarray:
        changed = weights.copy()
        for each in active:
            following = 0.0 if next_active is None else (changed if target_too else weights)[next_active].sum()
            changed[each] += alpha / len(active) * (reward + gamma * following - changed[active].sum())
        return changed

    return update


_ONE_ERROR = (
    "The error changes while the weights move. It is one number for all active tiles: compute it once, before any of "
    "them moves."
)
_FOUR = (-2.0, -4.0, -3.0, -1.0)
_AT_END = "After the last step there is no next value: `next_active` is None, and the target is the reward alone."
_WRONG_UPDATES: tuple[tuple[Callable[..., np.ndarray], str], ...] = (
    (partial(_moved, mistake="not shared"), "Each weight gets its share of the step size: `alpha / len(active)`."),
    (_error_anew(target_too=False), _ONE_ERROR),
    (_error_anew(target_too=True), _ONE_ERROR),
    (
        partial(_moved, mistake="away"),
        "The error is the target less the value, and the weights move towards the target.",
    ),
    (partial(_moved, mistake="everywhere"), "Only weights of active tiles move; elsewhere ∇q is 0."),
    (partial(_moved, mistake="no discount"), "The next value is discounted."),
    (
        partial(_moved, mistake="reward alone"),
        "The target is the reward and the discounted value of the next state.",
    ),
    (partial(_moved, mistake="one weight"), "A value is the sum of all active weights, not one of them."),
    (
        partial(_moved, mistake="full gradient"),
        "That is the full gradient, which moves the next state's weights too. The semi-gradient leaves them.",
    ),
    (lambda weights, **_given: weights, "Nothing has changed. Work on a copy, and return it."),
)


def _step(
    weights: Sequence[float], active: list[int], after: list[int] | None, gamma: float, alpha: float, hint: str
) -> tuple[dict[str, Any], str]:
    given: dict[str, Any] = {"weights": np.array(weights), "active": active, "next_active": after}
    return given | {"reward": -1.0, "gamma": gamma, "alpha": alpha}, hint


def _fourier(x: float, y: float, order: int) -> np.ndarray:
    i, j = np.divmod(np.arange((order + 1) ** 2), order + 1)
    found: np.ndarray = np.cos(np.pi * (i * x + j * y))
    return found


def _fourier_case(x: float, y: float, order: int, hint: str) -> Case:
    right = _fourier(x, y, order)
    i, j = np.divmod(np.arange((order + 1) ** 2), order + 1)
    wrong = [
        (np.cos(i * x + j * y), "There is a π in the cosine: order 1 is half a wave from one end to the other."),
        (np.cos(2 * np.pi * (i * x + j * y)), "Half waves: π, not 2π. A whole wave would make both ends alike."),
        (np.cos(np.pi * (j * x + i * y)), "Right, but in another order: the outer loop is the order along x."),
        (np.sin(np.pi * (i * x + j * y)), "Cosines, not sines: the feature of order 0 is 1 everywhere."),
        (np.cos(np.pi * i * x) * np.cos(np.pi * j * y), "One cosine of the sum, not a product of two cosines."),
        (right[1:], "Order 0 counts too: it is 1 everywhere."),
    ]
    return Case({"x": x, "y": y, "order": order}, right, hint, mistakes(wrong, right))


EXERCISES: tuple[Exercise, ...] = (
    Exercise(
        "active_tile",
        cases_of(
            _tile_1d,
            (
                _tile(0.3, 0.0, 1.0, 4, 0.0, "How wide is a tile, and how many of them lie left of the position?"),
                _tile(0.39, 0.0, 1.0, 4, 0.0, "A tile is as wide as `high − low`, divided by `tiles`."),
                _tile(-0.35, -1.2, 0.6, 8, 0.0, "Count from `low`."),
                _tile(0.3, 0.0, 1.0, 4, 0.875, "A shifted board: add `offset`, in tiles, before rounding down."),
                _tile(-0.2, -1.2, 0.6, 8, 0.625, "Width of a tile first, then count from `low`, then the offset."),
                _tile(0.6, -1.2, 0.6, 8, 0.25, "At the right end there is the one tile more that a shift needs."),
            ),
            _WRONG_TILES,
        ),
        idea="Draw the axis with its tiles and mark the position. How many whole tiles lie left of it?",
    ),
    Exercise(
        "sarsa_update",
        cases_of(
            _moved,
            (
                _step([0.0] * 4, [0, 2], [1, 3], 1.0, 0.5, "All values are 0: the target is −1."),
                _step(_FOUR, [0, 2], [1, 3], 1.0, 0.5, "A value is the sum of the active weights."),
                _step([*_FOUR, 5.0], [0, 1], [1, 4], 0.9, 0.2, "A tile may be active in both states."),
                _step([-6.0, -4.0, -3.0], [0, 1], None, 0.9, 0.5, _AT_END),
            ),
            _WRONG_UPDATES,
        ),
        idea="Compute three numbers by hand: the value now, the target, the error. Which weights move, and how far?",
    ),
    Exercise(
        "fourier_features",
        (
            _fourier_case(0.0, 0.0, 1, "At the corner every cosine is 1. How many features are there?"),
            _fourier_case(0.5, 0.25, 1, "One feature for each pair of orders, from 0 up to `order`."),
            _fourier_case(0.3, 0.8, 2, "cos(π (i x + j y)), with i in the outer loop."),
        ),
        idea="Write down by hand which pairs of orders (i, j) there are, in their order. What is the wave of each?",
    ),
)  # fmt: skip


def _tile_indices(draw: np.random.Generator) -> Asked:
    tiles, tilings = int(draw.integers(4, 13)), int(draw.choice([4, 5, 7, 8]))
    shift = int(draw.integers(1, tilings))
    cases: list[Case] = []
    while len(cases) < 4:
        position = round(float(draw.uniform(-1.1, 0.5)), 2)
        edge = (position + 1.2) / 1.8 * tiles * tilings
        if abs(edge - round(edge)) < 1e-6:  # where the last bit would decide
            continue
        right = [_tile_1d(position, -1.2, 0.6, tiles, shift * k % tilings / tilings) for k in range(tilings)]
        numbers = [k * (tiles + 1) + tile for k, tile in enumerate(right)]
        wrong = [
            (right, "Each board has weights of its own: before the tiles of board k come those of k boards."),
            ([k * tiles + tile for k, tile in enumerate(right)], "A shifted board has one tile more than fits."),
            ([k * (tiles + 1) + _tile_1d(position, -1.2, 0.6, tiles, k / tilings) for k in range(tilings)],
             f"Board k is shifted by ({shift} k mod {tilings}) / {tilings} of a tile."),
        ]  # fmt: skip
        told = f"How far is board k shifted? By ({shift} k mod {tilings}) / {tilings} of a tile."
        cases.append(Case({"position": position}, numbers, told, mistakes(wrong, numbers)))
    text = (
        f"A position from −1.2 to 0.6 is seen through {tilings} boards of {tiles} tiles. Board k, from 0 to "
        f"{tilings - 1}, is shifted by ({shift} k mod {tilings}) / {tilings} of a tile, as `offset` in `active_tile`, "
        f"so it has {tiles + 1} tiles. Its tiles have the numbers k × {tiles + 1} to k × {tiles + 1} + {tiles}. Write "
        "`tile_indices(position)`, which returns the list of the tile that is on in each board. You may use "
        "`active_tile`."
    )
    return text, Exercise("tile_indices", tuple(cases))


def _value_after(draw: np.random.Generator) -> Asked:
    tilings = int(draw.choice([2, 4, 8, 16]))
    alpha = float(draw.choice([0.1, 0.2, 0.25, 0.4, 0.5]))
    gamma = float(draw.choice([0.8, 0.9, 1.0]))
    shared = int(draw.integers(1, tilings)) if tilings > 2 else 1
    value, following = -float(draw.integers(20, 60)), -float(draw.integers(5, 20))
    error = -1 + gamma * following - value
    right = following + shared / tilings * alpha * error
    text = (
        f"{tilings} tilings, α = {alpha:g} (each weight moves by α/{tilings} times the error), γ = {gamma:g}, reward "
        f"−1. The value of the state and action that are corrected is −{-value:g}, that of the next state and action "
        f"−{-following:g}. They share {shared} active tile{'s' if shared > 1 else ''}. What is the value of the next "
        f"state and action after the update? Give two digits after the point, or more."
    )
    instead = {
        following: "It shares tiles with the state that was corrected: their weights have moved.",
        following + alpha * error: "Only the shared tiles carry over, not all of them.",
        value + alpha * error: "That is the value of the state that was corrected. The question is about the next one.",
    }
    instead = {wrong: told for wrong, told in instead.items() if abs(wrong - right) > 0.02}
    hint = "How far does each weight move? How many of those that moved are in the sum of the next state?"
    return Number("value-after", text, right, 0.005, "The part that they share has moved.", hint, instead)


GRADED: tuple[Graded, ...] = (Graded("tile-indices", _tile_indices), Graded("value-after", _value_after))
