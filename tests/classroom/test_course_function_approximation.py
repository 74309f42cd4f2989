"""What lesson 5 asks: right answers pass, and each usual mistake is told what it is."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

from retroml_edu.classroom.course import Material
from retroml_edu.classroom.exercise import Exercise
from retroml_edu.classroom.quiz import Choice, Number
from retroml_edu.tabular import Fourier, Tiles
from retroml_edu.tabular.car_kernels import features

LESSON = "05-function-approximation"
MATERIAL = Material.of(LESSON)
VARIANTS = [f"s{number}" for number in range(40)]


def active_tile(position, low, high, tiles, offset):
    return int((position - low) / (high - low) * tiles + offset)


def sarsa_update(weights, active, next_active, reward, gamma, alpha):
    following = 0.0 if next_active is None else weights[next_active].sum()
    new = weights.copy()
    new[active] += alpha / len(active) * (reward + gamma * following - weights[active].sum())
    return new


def fourier_features(x, y, order):
    return [math.cos(math.pi * (i * x + j * y)) for i in range(order + 1) for j in range(order + 1)]


def hint(function):
    tried = MATERIAL.exercise(function.__name__).try_out(function)
    assert not tried.is_right
    return tried.hint


def renamed(name, function):
    function.__name__ = name
    return function


@pytest.mark.parametrize("right", [active_tile, sarsa_update, fourier_features])
def test_right_functions_pass(right):
    assert MATERIAL.exercise(right.__name__).try_out(right).is_right


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda position, low, high, tiles, offset: int(position / (high - low) * tiles + offset), "subtract `low`"),
        (lambda position, low, high, tiles, offset: int((position - low) / (high - low) * tiles), "is shifted"),
        (lambda position, low, high, tiles, offset: 1 + active_tile(position, low, high, tiles, offset), "from 0"),
        (lambda position, low, high, tiles, offset: round((position - low) / (high - low) * tiles + offset), "down"),
        (
            lambda position, low, high, tiles, offset: min(active_tile(position, low, high, tiles, offset), tiles - 1),
            "one tile more, number",
        ),
        (lambda position, low, high, tiles, offset: active_tile(position, low, high, tiles + 1, offset), "tiles` wide"),
        (lambda position, low, high, tiles, offset: active_tile(position, low, high, tiles, -offset), "to the left"),
        (lambda position, low, high, tiles, offset: (position - low) / (high - low) * tiles + offset, "Round down"),
        (
            lambda position, low, high, tiles, offset: int((position - low + offset) / (high - low) * tiles),
            "counted in tiles: add it after",
        ),
        (
            lambda position, low, high, tiles, offset: np.floor((position - low) / (high - low) * tiles + offset),
            "`int(",
        ),
    ],
)
def test_wrong_tiles_are_told_why(wrong, says):
    assert says in hint(renamed("active_tile", wrong))


def update(share=True, discount=True, sign=1, full=False, everywhere=False):
    def sarsa_update(weights, active, next_active, reward, gamma, alpha):
        following = 0.0 if next_active is None else weights[next_active].sum()
        error = reward + (gamma if discount else 1) * following - weights[active].sum()
        step = sign * (alpha / len(active) if share else alpha) * error
        new = weights + step if everywhere else weights.copy()
        if not everywhere:
            new[active] += step
        if full and next_active is not None:
            new[next_active] -= step * gamma
        return new

    return sarsa_update


def error_in_the_loop(target_too):
    def sarsa_update(weights, active, next_active, reward, gamma, alpha):
        new = weights.copy()
        for tile in active:
            error = reward - new[active].sum()
            if next_active is not None:
                error += gamma * (new if target_too else weights)[next_active].sum()
            new[tile] += alpha / len(active) * error
        return new

    return sarsa_update


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (update(share=False), "its share of the step size"),
        (update(discount=False), "is discounted"),
        (update(sign=-1), "towards the target"),
        (update(full=True), "full gradient"),
        (update(everywhere=True), "Only weights of active tiles"),
        (renamed("sarsa_update", lambda weights, **_: weights), "Nothing has changed"),
        (error_in_the_loop(target_too=False), "compute it once"),
        (error_in_the_loop(target_too=True), "before any of them moves"),
    ],
)
def test_wrong_updates_are_told_why(wrong, says):
    assert says in hint(wrong)


def test_an_update_in_place_is_noticed():
    def sarsa_update(weights, active, next_active, reward, gamma, alpha):
        weights[:] = update()(weights, active, next_active, reward, gamma, alpha)
        return weights

    assert "copy" in hint(sarsa_update)


def test_the_exercises_make_the_features_of_the_package():
    which, height = np.empty(8 * 81, dtype=np.int64), np.empty(8 * 81)
    place, speed = -0.43, 0.021
    tiles = Tiles(8, 8)
    features(tiles.kind, 8, 8, np.empty((0, 3)), place, speed, which, height)
    row = [active_tile(place, -1.2, 0.6, 8, k / 8) for k in range(8)]
    column = [active_tile(speed, -0.07, 0.07, 8, 3 * k % 8 / 8) for k in range(8)]
    assert [(k * 9 + row[k]) * 9 + column[k] for k in range(8)] == list(which[:8])
    on = features(Fourier(3).kind, 0, 3, np.empty((0, 3)), place, speed, which, height)
    np.testing.assert_allclose(height[:on], fourier_features((place + 1.2) / 1.8, (speed + 0.07) / 0.14, 3))


@pytest.mark.parametrize("question", [each for each in MATERIAL.questions if isinstance(each, Choice)])
def test_every_wrong_option_says_which_mistake_it_is(question):
    right = [number for number, option in enumerate(question.options) if option.right]
    assert question.judge(right).right
    for number, option in enumerate(question.options):
        if not option.right:
            told = question.judge(number)
            assert told.right is False
            assert len(told.told.split()) > 5


def test_names_are_the_only_ones_of_their_kind():
    for group in (MATERIAL.questions, MATERIAL.exercises, MATERIAL.tasks):
        assert len({each.name for each in group}) == len(group)


def test_numbers_know_their_usual_mistakes():
    question = MATERIAL.question("one-correction")
    weights = np.full(8, -5.0)
    weights += 0.5 / 8 * (-30 - weights.sum())
    assert question.judge(float(weights.sum())).right
    assert "Eight of them" in question.judge(-39.375).told


@pytest.mark.parametrize("variant", VARIANTS)
def test_graded_values_are_what_an_update_leaves(variant):
    task = MATERIAL.task("value-after").task(LESSON, variant)
    assert isinstance(task.asked, Number)
    text = task.text.replace("−", "-")
    number = r"(-?[\d.]+?)"
    tilings, alpha, gamma = (
        float(re.search(pattern, text)[1]) for pattern in (rf"^{number} tilings", rf"α = {number} ", rf"γ = {number},")
    )
    value, following = (float(each) for each in re.search(rf"corrected is {number}, .* {number}\. They", text).groups())
    shared, n = int(re.search(r"share (\d+)", text)[1]), int(tilings)
    weights = np.concatenate((np.full(n - shared, 0.0), np.zeros(shared), np.zeros(n - shared)))
    now, later = np.arange(n), np.arange(n - shared, 2 * n - shared)
    weights[0] = value  # all of a value may lie on tiles of its own
    weights[-1] = following
    after = sarsa_update(weights, now, later, -1.0, gamma, alpha)
    assert task.asked.judge(float(after[later].sum())).right
    for wrong in task.asked.instead:
        assert not task.asked.judge(float(wrong)).right


@pytest.mark.parametrize("variant", VARIANTS)
def test_graded_tiles_are_found_by_the_text_alone(variant):
    task = MATERIAL.task("tile-indices").task(LESSON, variant)
    assert isinstance(task.asked, Exercise)
    boards, tiles, shift = (
        int(re.search(pattern, task.text)[1])
        for pattern in (r"through (\d+) boards", r"boards of (\d+) tiles", r"by \((\d+) k mod")
    )

    def tile_indices(position):
        offsets = [shift * k % boards / boards for k in range(boards)]
        return [k * (tiles + 1) + active_tile(position, -1.2, 0.6, tiles, offset) for k, offset in enumerate(offsets)]

    assert task.asked.try_out(tile_indices).is_right
    wrong = task.asked.try_out(lambda position: [each % (tiles + 1) for each in tile_indices(position)])
    assert "weights of its own" in wrong.hint


def test_variants_differ():
    for name in ("value-after", "tile-indices"):
        assert len({MATERIAL.task(name).task(LESSON, variant).digest for variant in VARIANTS}) > 30
