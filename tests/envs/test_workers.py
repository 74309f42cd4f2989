"""What comes out of environments never depends on how many processes step them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from stable_baselines3.common.vec_env import VecEnv, VecNormalize

from retroml_edu.core.errors import TrainingError, UnknownNameError
from retroml_edu.envs.box2d import FreshWorld, SparksWhenWatched
from retroml_edu.envs.lean import LeanVector
from retroml_edu.envs.state import capture_vector, restore_vector
from retroml_edu.envs.vector import env_seeds, make_vector_env, render_frame
from retroml_edu.envs.workers.vector import WorkerVector
from tests.sameness import assert_same

IDS = ["CartPole-v1", "LunarLander-v3", "BipedalWalker-v3"]


@pytest.fixture
def make() -> Iterator[Callable[..., VecEnv]]:
    made = []

    def new(env_id: str, n_envs: int, workers: int, seed: int = 5, training: bool = True, fast: bool = False) -> VecEnv:
        venv = make_vector_env(env_id, n_envs, seed=seed, training=training, fast=fast, workers=workers)
        assert isinstance(venv, WorkerVector) == (workers > 0)
        made.append(venv)
        return venv

    yield new
    for venv in made:
        venv.close()


def play(venv: VecEnv, n_steps: int, seed: int = 0) -> list[tuple[Any, ...]]:
    rng, space = np.random.default_rng(seed), venv.action_space

    def actions() -> np.ndarray:
        if isinstance(space, gym.spaces.Box):
            return rng.uniform(space.low, space.high, (venv.num_envs, *space.shape)).astype(space.dtype)
        return rng.integers(space.n, size=venv.num_envs)

    return [venv.step(actions()) for _ in range(n_steps)]


def stored(state: Any, folder: Path) -> Any:
    """Send a state through files, as a checkpoint does."""
    save_file(state[1], folder / "arrays.safetensors")
    return json.loads(json.dumps(state[0], allow_nan=False)), load_file(folder / "arrays.safetensors")


# --- the same, however many


@pytest.mark.parametrize("env_id", IDS)
@pytest.mark.parametrize("n_envs", [3, 8])
def test_number_of_workers_changes_nothing(env_id: str, n_envs: int, make: Callable[..., VecEnv]) -> None:
    alone, *others = (make(env_id, n_envs, workers) for workers in (0, 1, 2))
    first, told, last_infos = alone.reset(), play(alone, 600), alone.reset_infos
    ended = [info for _, _, dones, infos in told for info, done in zip(infos, dones, strict=True) if done]
    assert len(ended) > n_envs
    assert all(info.keys() >= {"episode", "terminal_observation", "TimeLimit.truncated"} for info in ended)
    for other, workers in zip(others, (1, 2), strict=True):
        assert other.n_workers == workers
        assert_same(other.reset(), first, strides=True)
        assert_same(play(other, 600), told, strides=True)
        assert_same(other.reset_infos, last_infos, strides=True)
        assert_same(capture_vector(other), capture_vector(alone), strides=True)


def test_time_limits_are_told(make: Callable[..., VecEnv]) -> None:
    alone, other = (make("Pendulum-v1", 3, workers) for workers in (0, 1))
    assert_same(other.reset(), alone.reset(), strides=True)
    told = play(alone, 210)
    assert all(info["TimeLimit.truncated"] for info in told[199][3])
    assert_same(play(other, 210), told, strides=True)


def test_games_with_pictures_and_lives_come_out_the_same(make: Callable[..., VecEnv]) -> None:
    alone, other = (make("ALE/Breakout-v5", 3, workers, fast=True) for workers in (0, 1))
    first = alone.reset()
    assert first.transpose(0, 2, 3, 1).flags.c_contiguous  # as convolutions read them
    assert_same(other.reset(), first, strides=True)
    told = play(alone, 150)
    assert told[-1][0].strides == first.strides
    assert any(step[2].any() for step in told)
    assert_same(play(other, 150), told, strides=True)
    assert_same(other.reset_infos, alone.reset_infos, strides=True)


@pytest.mark.parametrize("n_envs", [2, 5])
def test_more_workers_than_environments_are_not_started(n_envs: int, make: Callable[..., VecEnv]) -> None:
    alone, other = make("CartPole-v1", n_envs, 0), make("CartPole-v1", n_envs, 4)
    assert other.n_workers == min(4, n_envs - 1)
    assert_same(other.reset(), alone.reset(), strides=True)
    assert_same(play(other, 60), play(alone, 60), strides=True)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_actions_keep_their_type(dtype: type, make: Callable[..., VecEnv]) -> None:
    alone, other = (make("BipedalWalker-v3", 2, workers) for workers in (0, 1))
    rng = np.random.default_rng(0)
    assert_same(other.reset(), alone.reset(), strides=True)
    for _ in range(50):
        actions = rng.uniform(-1, 1, (2, 4)).astype(dtype)
        assert_same(other.step(actions), alone.step(actions), strides=True)
    assert_same(play(other, 20), play(alone, 20), strides=True)


def test_seeds_and_options_that_are_given_later_reach_all(make: Callable[..., VecEnv]) -> None:
    alone, other = (make("CartPole-v1", 3, workers) for workers in (0, 2))
    for again in (
        lambda venv: venv.seed(77),
        lambda venv: venv.set_options({"low": -0.2, "high": 0.2}),
        lambda _: None,
    ):
        for venv in (alone, other):
            again(venv)
        assert_same(other.reset(), alone.reset(), strides=True)
        assert_same(play(other, 30), play(alone, 30), strides=True)


# --- all that a vector is asked


@pytest.mark.parametrize("index", [0, 2])
def test_is_watched_and_asked_wherever_it_is_stepped(index: int, make: Callable[..., VecEnv]) -> None:
    told = []
    for workers in (0, 1):
        venv = make("LunarLander-v3", 3, workers)
        venv.reset()
        play(venv, 30)
        told.append(
            [
                render_frame(venv, index),
                venv.get_attr("episode_return", index),
                venv.env_method("get_wrapper_attr", "episode_length", indices=[index]),
                venv.env_is_wrapped(SparksWhenWatched, index),
                venv.env_is_wrapped(FreshWorld, [index]),
                venv.get_attr("render_mode"),
                venv.render_mode,
                venv.metadata,
                venv.has_attr("episode_return"),
                venv.has_attr("no_such_thing"),
                venv.render(),
                play(venv, 60),
            ]
        )
        venv.set_attr("note", "mine", [index])
        assert venv.get_attr("note", [index]) == ["mine"]
        for ask in (venv.get_attr, venv.env_method):
            with pytest.raises(AttributeError, match="no_such_thing"):
                ask("no_such_thing", indices=[index])
    assert_same(*told, strides=True)


# --- exact state


@pytest.mark.parametrize("env_id", ["LunarLander-v3", "BipedalWalker-v3"])
@pytest.mark.parametrize(("before", "after"), [(0, 1), (2, 0), (1, 2)])
def test_goes_on_exactly_with_another_number(
    env_id: str, before: int, after: int, make: Callable[..., VecEnv], tmp_path: Path
) -> None:
    venv, new = (VecNormalize(make(env_id, 3, workers)) for workers in (before, after))
    venv.reset()
    play(venv, 150)
    venv.action_space.sample()
    state = stored(capture_vector(venv), tmp_path)
    restore_vector(new, *state)
    assert_same(json.loads(json.dumps(capture_vector(new)[0])), state[0])
    assert_same(new.action_space.sample(), venv.action_space.sample(), strides=True)
    assert_same(play(new, 300, seed=1), play(venv, 300, seed=1), strides=True)


def test_state_from_before_the_first_reset(make: Callable[..., VecEnv]) -> None:
    alone, other = (make("CartPole-v1", 3, workers) for workers in (0, 1))
    restore_vector(other, *capture_vector(alone))
    assert_same(other.reset(), alone.reset(), strides=True)
    with pytest.raises(TrainingError, match="its environments have not begun, and these have"):
        restore_vector(other, *capture_vector(make("CartPole-v1", 3, 0)))


@pytest.mark.parametrize("index", [0, 2])
def test_damaged_state_is_refused_and_leaves_the_vector_usable(index: int, make: Callable[..., VecEnv]) -> None:
    venv = make("LunarLander-v3", 3, 1)
    first = venv.reset()
    play(venv, 20)
    facts, arrays = capture_vector(venv)
    for name, damage, words in (
        (f"actions/{index}", lambda actions: actions[:-1], rf"environment {index} does not come out as it was"),
        (
            "episode_return",
            lambda returns: returns + np.eye(3)[index],
            rf"environment {index} .*its return is another",
        ),
        (f"actions/{index}", lambda actions: actions + 4, rf"the actions of environment {index}"),
    ):
        with pytest.raises(TrainingError, match=words):
            restore_vector(venv, facts, arrays | {name: damage(arrays[name])})
    venv.seed(0)
    seeds, venv._seeds = venv._seeds, env_seeds(5, 3)
    assert seeds == [0, 1, 2]
    assert_same(venv.reset(), first, strides=True)


# --- where workers cannot step the same


class Walk(gym.Env[Any, Any]):
    """A random walk that only this process knows."""

    observation_space = gym.spaces.Box(-np.inf, np.inf, (1,), np.float32)
    action_space = gym.spaces.Discrete(2)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.place = np.zeros(1, np.float32)
        return self.place, {}

    def step(self, action):
        self.place = self.place + np.float32(self.np_random.normal())
        return self.place, 0.0, False, False, {}


@pytest.fixture
def registry() -> Iterator[dict[str, Any]]:
    before = dict(gym.registry)
    yield gym.registry
    gym.registry.clear()
    gym.registry.update(before)


def test_environments_of_this_process_alone_have_no_workers(registry: dict[str, Any]) -> None:
    gym.register("Walk-v0", entry_point=Walk)
    gym.register("NamedWalk-v0", entry_point=f"{__name__}:Walk")
    del registry["CartPole-v1"]
    gym.register("CartPole-v1", entry_point="gymnasium.envs.classic_control:CartPoleEnv", max_episode_steps=7)
    for env_id in ("Walk-v0", "CartPole-v1"):
        venv = make_vector_env(env_id, 2, seed=0, fast=True, workers=1)
        assert isinstance(venv, LeanVector)
        venv.reset()
        assert play(venv, 7)[-1][2].all() == (env_id == "CartPole-v1")
        venv.close()


def test_observations_that_are_no_numbers_have_no_workers() -> None:
    venv = make_vector_env("Blackjack-v1", 2, seed=0, fast=True, workers=1)
    assert isinstance(venv, LeanVector)
    venv.close()


def test_unknown_environment_is_said() -> None:
    with pytest.raises(UnknownNameError, match=r'Did you mean "LunarLander-v3"'):
        make_vector_env("LunarLandr-v3", 2, seed=0, workers=1)


def test_single_environment_has_no_worker() -> None:
    venv = make_vector_env("LunarLander-v3", 1, seed=0, fast=True, workers=1)
    assert isinstance(venv, LeanVector)
    venv.close()
