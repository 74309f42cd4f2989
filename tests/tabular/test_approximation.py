"""Linear function approximation: the mountain car, and the deadly triad."""

from itertools import islice, product

import gymnasium
import numpy as np
import pytest

from retroml_edu.core.errors import DivergedError, TabularError
from retroml_edu.tabular import car_kernels
from retroml_edu.tabular.car import MOST_STEPS, LinearSarsa, NetworkSarsa, grid
from retroml_edu.tabular.car_features import Fourier, Tiles
from retroml_edu.tabular.divergence import DIVERGED, baird_growth, baird_weights, features


def car(seen=None, seed=0, alpha=0.5, **settings):
    return LinearSarsa(seen or Tiles(), alpha=alpha, rng=np.random.default_rng(seed), **settings)


def looks(seen, place, speed):
    out, which, height = np.zeros(seen.size), np.empty(seen.size, dtype=np.int64), np.empty(seen.size)
    on = car_kernels.features(seen.kind, seen.count, seen.side, np.empty((0, 3)), place, speed, which, height)
    out[which[:on]] = height[:on]
    return out


def test_the_car_learns_as_in_figure_10_2():
    # Sutton and Barto (2018): 8 tilings of 8 x 8; at the end of 500 episodes somewhat above 100 steps each.
    lengths = np.mean([car(alpha=0.5, seed=seed).play(500) for seed in range(10)], axis=0)
    assert lengths[:5].mean() > 350
    assert 105 < lengths[-50:].mean() < 160
    slow = np.mean([car(alpha=0.1, seed=seed).play(100) for seed in range(10)], axis=0)
    assert slow[20:100].mean() > lengths[20:100].mean()


def test_fourier_features_learn_too():
    lengths = np.mean([car(Fourier(5), alpha=0.002, seed=seed).play(300) for seed in range(5)], axis=0)
    assert lengths[-50:].mean() < 250


def test_what_was_learned_climbs_gymnasium_s_own_hill():
    agent = car()
    agent.play(500)
    env = gymnasium.make("MountainCar-v0")
    seen, _ = env.reset(seed=1)
    terminated, steps = False, 0
    while not terminated and steps < 200:
        action = int((agent.weights @ looks(Tiles(), float(seen[0]), float(seen[1]))).argmax())
        seen, _, terminated, _, _ = env.step(action)
        steps += 1
    assert steps < 180


def test_one_tile_of_each_tiling_is_on_everywhere():
    seen = Tiles(tilings=8, side=4)
    for place, speed in product(np.linspace(-1.2, 0.6, 31), np.linspace(-0.07, 0.07, 29)):
        on = np.flatnonzero(looks(seen, place, speed))
        assert list(on // 25) == list(range(8))
    near, far = looks(seen, -0.5, 0.0) @ looks(seen, -0.45, 0.0), looks(seen, -0.5, 0.0) @ looks(seen, 0.3, 0.0)
    assert near > far == 0


def test_one_tiling_is_state_aggregation():
    seen = Tiles(tilings=1, side=10)
    assert looks(seen, -1.19, -0.069) @ looks(seen, -1.03, -0.057) == 1
    assert looks(seen, -1.19, -0.069) @ looks(seen, -1.01, -0.069) == 0


def test_cosines_are_cosines():
    seen = Fourier(3)
    np.testing.assert_allclose(looks(seen, -1.2, -0.07), np.ones(16))
    at = looks(seen, -0.3, 0.035).reshape(4, 4)
    i, j = np.mgrid[:4, :4]
    np.testing.assert_allclose(at, np.cos(np.pi * (i * 0.5 + j * 0.75)), atol=1e-9)
    assert list(seen.scales[:3]) == [1.0, 1.0, 0.5]


def test_however_its_steps_are_asked_for_it_learns_the_same():
    one, two, three = (car(epsilon=0.1) for _ in range(3))
    drive = one.advance(3_000)
    drives = [two.advance(7) for _ in range(428)] + [two.advance(4)]
    np.testing.assert_array_equal(one.weights, two.weights)
    np.testing.assert_array_equal(drive.path, np.concatenate([each.path for each in drives]))
    np.testing.assert_array_equal(three.play(len(drive.lengths)), drive.lengths)


def test_the_surface_of_values_has_the_valley_where_the_way_is_longest():
    agent = car()
    assert not agent.values().any()
    agent.play(500)
    surface = agent.values(20)
    assert surface.shape == (20, 20)
    rest, goal = surface[7, 10], surface[-1, -1]  # at the bottom without speed; at the top with all speed
    assert rest < -40 < goal


def test_values_are_those_of_the_best_action():
    for seen, alpha in ((Tiles(), 0.5), (Fourier(4), 0.002)):
        agent = car(seen, alpha=alpha)
        agent.play(20)
        best = [[(agent.weights @ looks(seen, place, speed)).max() for speed in grid(9)[1]] for place in grid(9)[0]]
        np.testing.assert_allclose(agent.values(9), best)


def network(seed=0, alpha=0.003, **settings):
    return NetworkSarsa(30, alpha=alpha, rng=np.random.default_rng(seed), **settings)


def network_values(weights, inner, place, speed):
    hidden = np.tanh(inner @ [2 * (place + 1.2) / 1.8 - 1, speed / 0.07, 1])
    return weights @ [*hidden, 1]


def test_a_network_moves_its_weights_along_the_gradient_of_the_value_it_corrects():
    agent = network(alpha=0.01)
    agent.advance(50)
    weights, inner = agent.weights.copy(), agent.inner.copy()
    before, action = agent.state, int(agent._now[0])
    agent.advance(1)
    after, following = agent.state, int(agent._now[0])
    target = -1 + network_values(weights, inner, *after)[following]
    error = target - network_values(weights, inner, *before)[action]
    moved = np.zeros_like(inner)
    for place in np.ndindex(inner.shape):  # the gradient by differences
        up, down = inner.copy(), inner.copy()
        up[place] += 1e-6
        down[place] -= 1e-6
        slope = (network_values(weights, up, *before) - network_values(weights, down, *before))[action] / 2e-6
        moved[place] = 0.001 * error * slope
    np.testing.assert_allclose(agent.inner - inner, moved, rtol=1e-5, atol=1e-9)
    hidden = np.tanh(inner @ [2 * (before[0] + 1.2) / 1.8 - 1, before[1] / 0.07, 1])
    np.testing.assert_allclose((agent.weights - weights)[action], 0.01 * error * np.append(hidden, 1))
    np.testing.assert_array_equal(np.delete(agent.weights - weights, action, axis=0), 0)


def test_a_network_can_learn_the_car_too():
    assert min(network(seed=seed).play(200)[-20:].mean() for seed in range(5)) < 200


@pytest.mark.parametrize("seen", [Tiles(), Fourier(5)])
def test_a_step_size_that_diverges_is_told_in_words_and_leaves_numbers(seen):
    agent = car(seen, alpha=2.5)
    with pytest.raises(DivergedError, match=r"beyond all bounds in episode \d+.*\(2.5\)"):
        agent.play(100)
    assert agent.has_diverged
    assert np.isfinite(agent.values()).all()
    with pytest.raises(DivergedError):
        agent.advance(1)


def test_an_episode_that_does_not_end_is_cut_off():
    assert car(Tiles(tilings=1, side=1), alpha=0.0).play(1)[0] == MOST_STEPS


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Tiles(tilings=0), "tilings=0 is too few"),
        (lambda: Tiles(side=200), "more than 20,000"),
        (lambda: Tiles(tilings=6), "divisible by 3"),
        (lambda: Fourier(0), "order=0"),
        (lambda: car(epsilon=2.0), "epsilon=2"),
        (lambda: car(alpha=-1.0), "alpha=-1"),
        (lambda: car(alpha=float("nan")), "alpha=nan"),
        (lambda: NetworkSarsa(0, alpha=0.1, rng=np.random.default_rng(0)), "hidden=0"),
        (lambda: next(baird_weights(gamma=1.5)), "gamma=1.5"),
    ],
)
def test_what_makes_no_sense_is_refused(make, message):
    with pytest.raises(TabularError, match=message):
        make()


@pytest.mark.parametrize(("approximation", "bootstrapping", "off_policy"), list(product((False, True), repeat=3)))
def test_only_all_three_together_diverge(approximation, bootstrapping, off_policy):
    sweeps = baird_weights(approximation=approximation, bootstrapping=bootstrapping, off_policy=off_policy, alpha=0.1)
    lengths = [np.linalg.norm(weights) for weights in islice(sweeps, 20_000)]
    if approximation and bootstrapping and off_policy:
        assert lengths[-1] >= DIVERGED
    else:
        assert len(lengths) == 20_000
        assert lengths[-1] < lengths[0]
        assert max(lengths) < 3 * lengths[0]


def test_baird_s_weights_grow_as_in_figure_11_2():
    # In sweeps of expected updates, the figure's right half: after 1,000 of them the eighth weight is near 300.
    weights = list(islice(baird_weights(alpha=0.01), 1_001))[-1]
    np.testing.assert_allclose(weights[:6], weights[0])  # the first six stay equal
    assert 250 < weights[7] < 400
    assert (np.abs(features() @ weights) > 100).all()  # where all values are 0


def test_all_variants_begin_with_the_same_values():
    shared, alone = (next(baird_weights(approximation=each)) for each in (True, False))
    np.testing.assert_allclose(features() @ shared, features(False) @ alone)


@pytest.mark.parametrize(("approximation", "bootstrapping", "off_policy"), list(product((False, True), repeat=3)))
def test_the_growth_says_what_the_weights_do(approximation, bootstrapping, off_policy):
    parts = {"approximation": approximation, "bootstrapping": bootstrapping, "off_policy": off_policy}
    for alpha, gamma in product((0.1, 0.2), (0.5, 0.85, 0.95, 1.0)):
        growth = baird_growth(**parts, alpha=alpha, gamma=gamma)
        weights = list(islice(baird_weights(**parts, alpha=alpha, gamma=gamma), 3_000))
        assert (growth > 1 + 1e-9) == (np.linalg.norm(weights[-1]) >= DIVERGED)
        if growth > 1 + 1e-9:
            assert (approximation, bootstrapping, off_policy) == (True, True, True)
            sizes = [np.linalg.norm(features() @ each) for each in weights]  # which also swing, while they grow
            half = len(sizes) // 2
            assert np.log(max(sizes[half:]) / max(sizes[:half])) == pytest.approx(half * np.log(growth), abs=1.5)


def test_above_a_discount_of_0_89_every_step_size_diverges_and_below_no_small_one():
    for alpha in (1e-4, 1e-3, 0.01, 0.1):
        assert baird_growth(alpha=alpha, gamma=0.87) < 1
        assert baird_growth(alpha=alpha, gamma=0.89) > 1


def test_other_weights_to_begin_with():
    start = np.arange(8.0)
    np.testing.assert_array_equal(next(baird_weights(start=start)), start)
    assert start is not next(baird_weights(start=start))
    with pytest.raises(TabularError, match="8 numbers"):
        next(baird_weights(start=np.ones(7)))
