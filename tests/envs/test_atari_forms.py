"""The fast forms of Atari games play the standard game, and show less of it."""

from __future__ import annotations

from itertools import product

import gymnasium as gym
import numpy as np
import pytest

from retroml_edu.envs import get_env, list_envs, make_env
from retroml_edu.envs.atari.forms import fast_id, small_scene
from retroml_edu.envs.atari.game import AtariGame
from retroml_edu.envs.atari.lesson_rewards import LESSON_REWARDS, LessonReward
from retroml_edu.envs.atari.objects import OBJECTS, freeway
from retroml_edu.envs.atari.views import SCENES, SMALL_SIDE, Scene
from retroml_edu.envs.catalog import ATARI
from retroml_edu.envs.state import capture_vector, restore_vector
from retroml_edu.envs.vector import make_vector_env
from tests.sameness import assert_same

FORMS = [
    (row.game, sees) for row, sees in product(ATARI, ("objects", "pixels")) if sees == "pixels" or row.game in OBJECTS
]
STEPS = 400


def memory_of(env: gym.Env):
    """The console's, of numbers that can be subtracted."""
    return env.unwrapped.ale.getRAM().astype(int)


def view_of(env: gym.Env):
    while not isinstance(env, AtariGame):
        env = env.env
    return env._view


@pytest.mark.parametrize(("game", "sees"), FORMS)
def test_the_standard_game_is_played(game, sees):
    fast = make_env(fast_id(game, sees), seed=4, training=True)
    standard = make_env(f"{game}NoFrameskip-v4", seed=4, training=True)
    rng = np.random.default_rng(0)
    cost, progress = LESSON_REWARDS.get(game, LessonReward())
    assert fast.reset()[1] == standard.reset()[1]
    before = memory_of(standard)
    for _ in range(STEPS):
        action = int(rng.integers(standard.action_space.n))
        seen, reward, *told = fast.step(action)
        _, standard_reward, *standard_told = standard.step(action)
        assert told == standard_told
        now = memory_of(standard)
        gone = progress.worth * (now - before)[progress.byte] / progress.whole if progress else 0
        assert reward == pytest.approx(standard_reward - cost * told[0] + gone)
        before = now
        assert fast.observation_space.contains(seen)
        if told[0] or told[1]:
            assert fast.reset()[1] == standard.reset()[1]
            before = memory_of(standard)


def test_freeway_rewards_the_way_where_it_teaches_and_takes_it_back_for_the_next():
    env = make_env("RetroML/FreewayObjects-v0", seed=4, training=True)
    env.reset()
    up, across, total = 1, 0, 0.0
    for _ in range(STEPS):
        _, reward, *_ = env.step(up)
        across += reward > 0.4
        total += reward
    assert across > 3
    at = (memory_of(env)[freeway.CHICKEN] - 6) / freeway.WAY
    assert total == pytest.approx(across + 0.5 * at)


def test_freeway_examines_by_its_own_rewards():
    env = make_env("RetroML/FreewayObjects-v0", seed=4)
    env.reset()
    assert {env.step(1)[1] for _ in range(STEPS)} == {0.0, 1.0}


@pytest.mark.parametrize("training", [True, False])
def test_breakout_charges_for_five_lives_where_it_teaches_and_for_none_where_it_examines(training):
    env = make_env("RetroML/BreakoutObjects-v0", seed=4, training=training)
    env.reset()
    rng = np.random.default_rng(0)
    rewards = []
    for _ in range(3_000):
        _, reward, terminated, _, info = env.step(int(rng.integers(4)))
        rewards.append(reward)
        if "episode" in info:
            break
        if terminated:
            env.reset()
    else:
        pytest.fail("no game of random actions takes so long")
    raw = info["episode"]["r"]
    assert raw > 0
    assert rewards.count(-1.0) == (5 if training else 0)
    # Every brick that random play reaches counts 1 of itself.
    assert sum(rewards) == (raw - 5 if training else raw)


@pytest.mark.parametrize(("game", "sees"), FORMS)
@pytest.mark.parametrize(("sticky", "chance"), [(False, 0.0), (True, 0.25)])
def test_gymnasium_makes_them_too(game, sees, sticky, chance):
    env_id = fast_id(game, sees, sticky=sticky)
    ours, theirs = make_env(env_id, seed=9), gym.make(env_id)
    np.testing.assert_array_equal(ours.reset()[0], theirs.reset(seed=9)[0])
    for action in (1, 2, 0, 1, 1, 2):
        np.testing.assert_array_equal(ours.step(action)[0], theirs.step(action)[0])
    assert theirs.unwrapped.spec is not None
    assert gym.spec(env_id).kwargs["sticky"] == chance
    assert get_env(env_id).family == "atari"


@pytest.mark.parametrize("game", ["Pong", "Freeway"])
def test_small_pictures_are_means_of_the_playing_field(game):
    env = make_env(fast_id(game, "pixels"), seed=1, training=True)
    env.reset()
    view = view_of(env)
    scene = SCENES[game]
    first, after = scene.rows
    before = None
    for step in range(60):
        seen = env.step(step % 3)[0]
        brightest = np.maximum(*view._frames)[first:after].astype(float)
        blocks = brightest.reshape(SMALL_SIDE, 4, SMALL_SIDE, 4).mean(axis=(1, 3))
        assert np.abs(seen[1] - blocks).max() <= 0.5
        if before is not None:
            np.testing.assert_array_equal(seen[0], before)
        before = seen[1]
    assert len(np.unique(seen)) > 3
    shades, counts = np.unique(view._fields, return_counts=True)
    assert shades[counts.argmax()] == scene.background


def test_a_life_begins_with_an_empty_stack():
    env = make_env(fast_id("Breakout", "pixels"), seed=1, training=True)
    env.reset()
    lives = 0
    while lives < 3:
        _, _, terminated, _, info = env.step(0)
        if terminated:
            lives += 1
            seen = env.reset()[0]
            assert not seen[0].any()
            assert seen[1].any()
            if "episode" in info:
                break
    assert lives == 3


@pytest.mark.parametrize("game", ["Pong", "Breakout", "Freeway"])
@pytest.mark.parametrize("sees", ["objects", "pixels"])
def test_objects_and_pixels_go_on_exactly(game, sees):
    venvs = [make_vector_env(fast_id(game, sees, sticky=True), 3, seed=2, fast=True) for _ in range(2)]
    rng = np.random.default_rng(5)
    actions = rng.integers(venvs[0].action_space.n, size=(300, 3))
    venvs[0].reset()
    for row in actions[:200]:
        venvs[0].step(row)
    restore_vector(venvs[1], *capture_vector(venvs[0]))
    for row in actions[200:]:
        assert_same(venvs[0].step(row), venvs[1].step(row))


@pytest.mark.parametrize("sees", ["objects", "pixels"])
def test_workers_show_the_same_and_save_the_same(sees):
    env_id = fast_id("Breakout", sees)
    alone, other = (make_vector_env(env_id, 4, seed=3, fast=True) for _ in range(2))
    shared = make_vector_env(env_id, 4, seed=3, fast=True, workers=1)
    try:
        assert type(shared) is not type(alone)
        assert_same(alone.reset(), shared.reset())
        rng = np.random.default_rng(1)
        for _ in range(120):
            row = rng.integers(4, size=4)
            assert_same(alone.step(row), shared.step(row))
        restore_vector(other, *capture_vector(shared))
        restore_vector(shared, *capture_vector(alone))
        row = rng.integers(4, size=4)
        assert_same(alone.step(row), shared.step(row))
        other.step(row)
        assert_same(alone.step(row), other.step(row))
    finally:
        shared.close()


def test_a_game_that_somebody_wraps_is_made(request):
    env_id = "Wrapped/PongPixels-v0"
    gym.register(env_id, entry_point=lambda: gym.wrappers.ClipReward(gym.make("RetroML/PongPixels-v0"), -1, 1))
    request.addfinalizer(lambda: gym.registry.pop(env_id))
    env = make_env(env_id, seed=1)
    assert env.observation_space.contains(env.reset()[0])
    assert small_scene(env_id) is None


def test_scenes_stay_as_they_are():
    """The network of small pictures takes the background away, and a model does not say which it was."""
    assert {game: (scene.rows, scene.background) for game, scene in SCENES.items()} == {
        "Boxing": ((34, 194), 132),
        "Freeway": ((30, 190), 142),
        "MsPacman": ((34, 194), 32),
        "Pong": ((34, 194), 87),
        "Seaquest": ((34, 194), 32),
    }
    assert Scene() == Scene((34, 194), 0)


@pytest.mark.parametrize("spec", [spec for spec in list_envs() if spec.id.startswith("RetroML/")], ids=lambda s: s.id)
def test_what_differs_is_said(spec):
    assert "not to be compared with published scores" in spec.summary
    assert spec.goal_return is None
    assert set(spec.defaults) == {"PPO", "A2C", "DQN"}
    assert "and actions never stick" in spec.summary


@pytest.mark.parametrize(
    ("game", "said"),
    [
        ("Pong", "people chose, and actions stick with a chance of 0.25 a frame"),
        ("Breakout", "people chose, a lost life costs 1 while it learns, and actions stick"),
        ("Freeway", "the way across brings 0.5 bit by bit while it learns, taken back as the next begins, and actions"),
    ],
)
def test_sticky_forms_say_it_too(game, said):
    summary = get_env(fast_id(game, "objects", sticky=True)).summary
    assert said in summary
    assert get_env(fast_id(game, "objects", sticky=True)).name == f"{game}, fast objects, sticky actions"
    assert "not to be compared with published scores" in summary
