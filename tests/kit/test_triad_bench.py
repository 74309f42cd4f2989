"""The deadly triad, switched on part by part."""

from __future__ import annotations

import re
from itertools import product

import numpy as np
import pytest

from retroml_edu.core.errors import LessonError
from retroml_edu.kit import TriadBench
from retroml_edu.kit.triad_bench import PARTS, SWEEPS

COMBINATIONS = list(product((False, True), repeat=3))


@pytest.mark.parametrize("parts", COMBINATIONS)
def test_only_all_three_parts_diverge_and_it_says_which_are_on(parts):
    bench = TriadBench()
    bench.set(**dict(zip(PARTS, parts, strict=True)))
    assert bench.diverges == all(parts)
    assert ("It diverges" in bench.status.text) == all(parts)
    named = ("function approximation", "bootstrapping", "off-policy updates")
    assert all((name in bench.status.text) == on for name, on in zip(named, parts, strict=True))
    assert np.isfinite(bench.values).all()
    assert bench.values.shape == (SWEEPS + 1, 7)
    assert bench.status.problem == ""


def test_it_doubles_as_often_as_it_says():
    bench = TriadBench(bootstrapping=True, off_policy=True)
    doubled = int(np.log(2) / np.log(bench.growth))
    assert f"double about every {doubled} sweeps" in bench.status.text
    largest = np.abs(bench.values).max(axis=1)
    assert largest[-1] / largest[-1 - doubled] == pytest.approx(2, rel=0.05)


def test_a_low_discount_is_stable_with_all_three_and_it_says_why():
    bench = TriadBench(bootstrapping=True, off_policy=True)
    bench.set(gamma=0.8)
    assert not bench.diverges
    assert "weighs too little" in bench.status.text


@pytest.mark.parametrize(("gamma", "alpha"), [(0.99, 0.02), (0.9, 0.2)])
def test_a_table_off_policy_says_why_values_rise_before_they_fall_and_how_fast_they_do(gamma, alpha):
    bench = TriadBench(approximation=False, bootstrapping=True, off_policy=True, gamma=gamma, alpha=alpha)
    assert bench.values[1, 0] > bench.values[0, 0]
    assert "they rise as long as they lie below their target, γ times its value" in bench.status.text
    halves = int(re.search(r"halves every ([\d,]+) sweeps", bench.status.text)[1].replace(",", ""))
    seventh = (1 - alpha / 7 * (1 - gamma)) ** np.arange(SWEEPS + 1)
    np.testing.assert_allclose(bench.values[:, 6] / bench.values[0, 6], seventh)
    assert seventh[1] ** halves == pytest.approx(0.5, rel=0.01)


def test_with_a_discount_of_1_state_7_of_a_table_stays_where_it_is():
    bench = TriadBench(approximation=False, bootstrapping=True, off_policy=True, gamma=1.0)
    assert "with γ = 1 it stays where it is" in bench.status.text
    np.testing.assert_allclose(bench.values[:, 6], bench.values[0, 6])


def test_the_axis_is_logarithmic_where_it_diverges():
    bench = TriadBench()
    assert bench.curves.figure["layout"]["yaxis"]["type"] == "linear"
    bench.set(bootstrapping=True, off_policy=True)
    layout = bench.curves.figure["layout"]["yaxis"]
    assert layout["type"] == "log"
    values = np.abs(bench.values)
    np.testing.assert_allclose(bench.curves.traces[-1]["y"], values[:, 6], rtol=1e-5)
    assert 10 ** layout["range"][1] >= values.max()


def test_what_grows_beyond_all_bounds_is_cut_off():
    bench = TriadBench(bootstrapping=True, off_policy=True, alpha=0.2, gamma=1.0)
    assert 1 < len(bench.values) <= SWEEPS
    assert np.abs(bench.values).max() < 1e8


def test_the_map_agrees_with_the_bench():
    bench = TriadBench(bootstrapping=True, off_policy=True)
    heat = bench.map.traces[0]
    for row, column in ((0, 0), (25, 0), (19, 10), (20, 10), (25, 20)):
        bench.set(alpha=round(float(heat["x"][column]), 6), gamma=round(float(heat["y"][row]), 2))
        assert bench.diverges == bool(heat["z"][row, column])
    bench.set(approximation=False)
    assert not bench.map.traces[0]["z"].any()
    assert "stable everywhere" in bench.map.traces[1]["text"]


def test_states_are_thick_that_are_updated_and_say_what_they_are_made_of():
    bench = TriadBench()
    circles, worth, made, _ = bench.diagram.traces
    widths = circles["marker"]["line"]["width"]
    assert widths[6] > widths[0]
    assert "2w₁+w₈" in made["text"][0]
    assert worth["text"][6] == "<b>0</b>"
    bench.set(off_policy=True, approximation=False)
    assert len(set(bench.diagram.traces[0]["marker"]["line"]["width"])) == 1
    assert bench.diagram.traces[2]["text"][0].endswith("w₁")


def test_what_makes_no_sense_is_refused():
    with pytest.raises(LessonError, match="no control 'epsilon'"):
        TriadBench().set(epsilon=0.1)
