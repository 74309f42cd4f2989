"""Two cars learn beside each other: what is drawn of them, and what a student can turn while they do."""

from __future__ import annotations

import numpy as np
import pytest

from retroml_edu.core.errors import LessonError
from retroml_edu.kit import ValueSurface
from retroml_edu.kit.car_pictures import POINTS
from retroml_edu.kit.car_runs import AVERAGED, MOST_LENGTHS, REPRESENTATIONS, CarRun
from retroml_edu.tabular import LinearSarsa, Tiles
from retroml_edu.tabular.car import Drive


def drawn(surface, side, kind):
    return [trace for trace in surface.surfaces[side].traces if trace["type"] == kind]


def test_what_it_learns_is_what_the_learner_of_the_package_learns():
    surface = ValueSurface("one tiling", "tile coding", seed=3)
    surface.play(4_000)
    surface.play(1_000)
    alone = LinearSarsa(Tiles(8, 8), alpha=0.5, rng=np.random.default_rng(3))
    drive = alone.advance(5_000)
    np.testing.assert_array_equal(surface.runs["B"].lengths, drive.lengths)
    (heat,) = drawn(surface, "B", "heatmap")
    np.testing.assert_allclose(heat["z"], -alone.values(POINTS).T, rtol=1e-5, atol=1e-5)
    now = surface.runs["B"].now
    np.testing.assert_array_equal(now, drive.path[len(drive.path) - len(now) :])
    before = surface.runs["B"].before
    assert len(before) == drive.lengths[-1]
    np.testing.assert_array_equal(before, drive.path[: len(drive.path) - len(now)][-len(before) :])


def test_at_first_nothing_is_known_and_both_maps_have_the_same_scale():
    surface = ValueSurface()
    assert "know nothing" in surface.status.text
    assert not any(drawn(surface, side, "heatmap")[0]["z"].any() for side in "AB")
    surface.play(30_000)
    left, right = (drawn(surface, side, "heatmap")[0] for side in "AB")
    assert left["zmax"] == right["zmax"] >= max(left["z"].max(), right["z"].max())
    assert surface.status.text == ""


def test_the_first_corrections_are_seen_on_the_scale():
    surface = ValueSurface()
    while not drawn(surface, "B", "heatmap")[0]["z"].any():
        surface.play(1)
    heats = [drawn(surface, side, "heatmap")[0] for side in "AB"]
    assert max(heat["z"].max() for heat in heats) >= 0.4 * heats[0]["zmax"]
    assert heats[0]["zmax"] == heats[1]["zmax"] == 1.0


def test_two_cars_at_the_same_place_are_both_seen():
    surface = ValueSurface("tile coding", "tile coding")
    surface.play(50)
    above, below = surface.hill.traces[-2:]
    assert above["x"] == below["x"]
    pixels_a_unit = 170 / np.ptp(surface.hill.figure["layout"]["yaxis"]["range"])  # of 230, without the margins
    assert (above["y"] - below["y"]) * pixels_a_unit >= 0.99 * above["marker"]["size"]
    assert below["y"] - 0.1 > surface.hill.figure["layout"]["yaxis"]["range"][0]


def test_the_landscape_shows_the_same_numbers_and_the_paths_lie_on_it():
    surface = ValueSurface(solid=True)
    surface.play(3_000)
    (solid,) = drawn(surface, "B", "surface")
    np.testing.assert_allclose(solid["z"], surface.runs["B"].cost(POINTS), rtol=1e-5)
    assert all((trace["z"] > 0).all() for trace in drawn(surface, "B", "scatter3d"))
    surface.common.set("solid", False)
    assert not drawn(surface, "B", "surface")
    assert drawn(surface, "B", "heatmap")


def test_a_step_size_acts_at_once_and_another_size_begins_anew():
    surface = ValueSurface()
    surface.play(2_000)
    learner = surface.runs["B"].learner
    surface.sizes["B"].set("alpha", 0.1)
    surface.common.set("epsilon", 0.2)
    assert (learner.alpha, learner.epsilon) == (0.1, 0.2)
    assert (surface.runs["B"].learner, surface.player.position) == (learner, 2_000)
    surface.sizes["B"].set("tilings", "4")
    assert surface.runs["B"].learner is not learner
    assert surface.player.position == 0
    assert surface.runs["B"].learner.weights.shape == (3, 4 * 9 * 9)
    assert (surface.runs["B"].learner.alpha, surface.runs["A"].learner.epsilon) == (0.1, 0.2)


@pytest.mark.parametrize("kind", list(REPRESENTATIONS))
def test_every_representation_has_its_own_controls_and_learns(kind):
    surface = ValueSurface(kind, kind)
    assert set(surface.sizes["A"].values) == set(REPRESENTATIONS[kind].beginning)
    surface.play(20_000)
    assert surface.status.problem == ""
    assert len(surface.runs["A"].lengths) >= 4
    np.testing.assert_array_equal(surface.runs["A"].lengths, surface.runs["B"].lengths)


def test_another_representation_is_chosen_by_the_page_as_by_code():
    by_page, by_code = ValueSurface(), ValueSurface()
    by_page.choices["A"].set("kind", "Fourier features")
    by_page.sizes["A"].set("order", 5)
    by_code.choose("A", "Fourier features", order=5)
    for surface in (by_page, by_code):
        surface.play(3_000)
        assert surface.choices["A"].values["kind"] == "Fourier features"
        assert surface.sizes["A"].values["order"] == 5
    np.testing.assert_array_equal(by_page.runs["A"].learner.weights, by_code.runs["A"].learner.weights)


@pytest.mark.parametrize(("kind", "alpha"), [("tile coding", 2.9), ("Fourier features", 1.0)])
def test_what_diverges_is_told_in_words_while_the_other_goes_on(kind, alpha):
    surface = ValueSurface(kind, "tile coding")
    surface.choose("A", kind, alpha=alpha)
    surface.play(20_000)
    assert surface.status.text.startswith("A has stopped. The values have grown beyond all bounds")
    assert "diverged" in surface.surfaces["A"].figure["layout"]["annotations"][0]["text"]
    assert all(np.isfinite(drawn(surface, side, "heatmap")[0]["z"]).all() for side in "AB")
    episodes = len(surface.runs["B"].lengths)
    surface.play(20_000)
    assert len(surface.runs["B"].lengths) > episodes
    surface.sizes["A"].set("alpha", 0.5 if kind == "tile coding" else 0.003)  # it begins anew by itself
    assert (surface.player.position, surface.runs["A"].said) == (0, "")
    surface.play(1_000)
    assert surface.status.text == ""


def test_the_player_stops_when_both_have_diverged():
    surface = ValueSurface("tile coding", "tile coding")
    for side in "AB":
        surface.choose(side, "tile coding", alpha=3.0)
    surface.play(20_000)
    stopped = surface.player.position
    surface.play(100)
    assert surface.player.position == stopped


def test_other_draws_begin_anew_and_differ_from_the_beginning_repeats():
    surface = ValueSurface()
    surface.play(5_000)
    first = surface.runs["B"].lengths
    surface.player.begin()
    surface.play(5_000)
    np.testing.assert_array_equal(surface.runs["B"].lengths, first)
    surface.common.press("seed")
    assert surface.player.position == 0
    surface.play(5_000)
    assert not np.array_equal(surface.runs["B"].lengths, first)


def test_a_tick_from_before_a_new_beginning_makes_no_leap():
    surface = ValueSurface()
    surface.play(1_000)
    assert surface._show(1_000_000) == 11_000  # no more in one go than the fastest speed makes


def test_the_line_is_the_mean_of_the_last_ten_lengths():
    surface = ValueSurface()
    surface.play(30_000)
    run = surface.runs["B"]
    number, lengths, means = run.curve()
    np.testing.assert_array_equal(number, np.arange(1, run.episodes + 1))
    np.testing.assert_array_equal(lengths, run.lengths)
    np.testing.assert_allclose(
        means, [lengths[max(0, end - AVERAGED) : end].mean() for end in range(1, len(lengths) + 1)]
    )
    points, line = surface.lengths.traces[-2:]
    np.testing.assert_array_equal(points["y"], lengths)
    np.testing.assert_allclose(line["y"], means, rtol=1e-6)
    assert [each.size for each in CarRun("one tiling", {}, 0.0, 0).curve()] == [0, 0, 0]


def test_what_is_kept_and_sent_of_a_long_run_is_bounded(monkeypatch):
    surface = ValueSurface()
    for run in surface.runs.values():
        ended = np.full(10_000, 100)

        def advance(_steps, learner=run.learner, ended=ended):
            learner.episodes += len(ended)
            return Drive(np.zeros((0, 2)), ended)

        monkeypatch.setattr(run.learner, "advance", advance)
    for _ in range(20):
        surface.play(1)
    assert [run.episodes for run in surface.runs.values()] == [200_000] * 2
    for run in surface.runs.values():
        assert len(run.lengths) == MOST_LENGTHS
        assert all(len(each) <= 4_096 for each in run.curve())
        assert run.lengths.base is None or run.lengths.base.nbytes <= 8 * (MOST_LENGTHS + 10_000)
    for trace in surface.lengths.traces:
        assert len(trace["x"]) <= 600
        assert (trace["x"][0], trace["x"][-1]) == (1, 200_000)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ValueSurface("a table"), 'no representation "a table"; there are one tiling'),
        (lambda: ValueSurface().choose("C", "tile coding"), "sides A and B"),
        (lambda: CarRun("one tiling", {"order": 3}, 0.0, 0), '"order" is nothing that one tiling has'),
    ],
)
def test_what_makes_no_sense_is_refused(make, message):
    with pytest.raises(LessonError, match=message):
        make()
