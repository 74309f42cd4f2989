"""Every environment of the registry steps, keeps its account, draws itself, and repeats itself."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

from retroml_edu.envs import list_envs, make_env

ALL = [spec.id for spec in list_envs()]
REPEATABLE = [
    "CartPole-v1",
    "MountainCar-v0",
    "Acrobot-v1",
    "LunarLander-v3",
    "BipedalWalker-v3",
    "ALE/Breakout-v5",
    "PongNoFrameskip-v4",
]


def play(env: gym.Env, n_steps: int, *, actions_seed: int = 0, look: bool = False) -> list[tuple[Any, ...]]:
    """Play random actions from a reset on, and tell everything that came back."""
    env.action_space.seed(actions_seed)
    seen: list[tuple[Any, ...]] = [(env.reset()[0],)]
    for step in range(n_steps):
        observation, reward, terminated, truncated, info = env.step(env.action_space.sample())
        seen.append((observation, reward, terminated, truncated, info))
        if look and step % 7 == 0:
            env.render()
        if terminated or truncated:
            seen.append((env.reset()[0],))
    return seen


def assert_same(first: list[tuple[Any, ...]], second: list[tuple[Any, ...]]) -> None:
    assert len(first) == len(second)
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one[0], other[0])
        assert one[1:] == other[1:]


@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
@pytest.mark.parametrize("env_id", ALL)
def test_steps_and_draws(env_id: str, training: bool) -> None:
    env = make_env(env_id, seed=1, training=training)
    for observation, *_ in play(env, 200):
        assert env.observation_space.contains(observation)
    frame = env.render()
    assert frame.dtype == np.uint8
    assert frame.shape[2:] == (3,)
    assert frame.flags.c_contiguous
    if "ALE/" in env_id or "NoFrameskip" in env_id:
        assert frame.shape == (210, 160, 3)
    assert frame.std() > 0
    env.close()


@pytest.mark.parametrize("env_id", ["CartPole-v1", "LunarLander-v3", "BipedalWalker-v3", "ALE/Breakout-v5"])
def test_return_of_an_episode_is_the_sum_of_its_rewards(env_id: str) -> None:
    env = make_env(env_id, seed=5)
    env.action_space.seed(5)
    for _ in range(3):
        env.reset()
        rewards: list[float] = []
        over = False
        while not over:
            _, reward, terminated, truncated, info = env.step(env.action_space.sample())
            rewards.append(reward)
            over = terminated or truncated
            assert ("episode" in info) == over
        assert info["episode"] == {"r": pytest.approx(sum(rewards), rel=1e-12), "l": len(rewards)}


def test_account_leaves_an_info_that_is_reused_alone() -> None:
    class SameInfo(gym.Env):
        observation_space = gym.spaces.Discrete(1)
        action_space = gym.spaces.Discrete(2)

        def __init__(self) -> None:
            self.info: dict[str, Any] = {}

        def reset(self, *, seed=None, options=None):
            return 0, self.info

        def step(self, action):
            return 0, 2.0, action == 1, False, self.info

    gym.register("SameInfo-v0", entry_point=SameInfo)
    try:
        env = make_env("SameInfo-v0", seed=0)
        env.reset()
        assert env.step(1)[4]["episode"] == {"r": 2.0, "l": 1}
        env.reset()
        assert "episode" not in env.step(0)[4]
        assert env.render() is None
    finally:
        del gym.registry["SameInfo-v0"]


@pytest.mark.parametrize("env_id", REPEATABLE)
def test_same_seed_same_story_in_environments_that_live_side_by_side(env_id: str) -> None:
    first, second = (make_env(env_id, seed=11, training=True) for _ in range(2))
    assert_same(play(first, 400), play(second, 400))


@pytest.mark.parametrize("env_id", REPEATABLE)
def test_different_seeds_differ(env_id: str) -> None:
    first, second = (play(make_env(env_id, seed=seed, training=True), 100) for seed in (1, 2))
    assert len(first) != len(second) or any(
        not np.array_equal(one[0], other[0]) for one, other in zip(first, second, strict=True)
    )


@pytest.mark.parametrize("env_id", REPEATABLE)
def test_seed_given_to_a_used_environment_tells_the_story_of_a_fresh_one(env_id: str) -> None:
    for seed in range(3):
        used = make_env(env_id, seed=99)
        play(used, 300, actions_seed=seed)
        fresh = make_env(env_id, seed=seed)
        fresh.reset()
        assert used.reset(seed=seed)[0].tobytes() == fresh.reset(seed=seed)[0].tobytes()
        for env in (used, fresh):
            env.action_space.seed(seed)
        for _ in range(150):
            action = fresh.action_space.sample()
            one, other = used.step(action), fresh.step(action)
            np.testing.assert_array_equal(one[0], other[0])
            assert one[1:4] == other[1:4]
            if one[2] or one[3]:
                break


@pytest.mark.parametrize("env_id", ["CartPole-v1", "LunarLander-v3", "BipedalWalker-v3", "ALE/Breakout-v5"])
def test_watching_changes_nothing(env_id: str) -> None:
    watched, alone, undrawn = (make_env(env_id, seed=4, render_mode=mode) for mode in ("rgb_array", "rgb_array", None))
    story = play(watched, 300, look=True)
    assert_same(story, play(alone, 300))
    assert_same(story, play(undrawn, 300))


def test_lander_throws_sparks_only_while_watched() -> None:
    env = make_env("LunarLander-v3", seed=0)
    env.reset()
    lander = env.unwrapped
    env.step(2)
    assert not lander.particles
    env.render()
    env.step(2)
    assert lander.particles
    for _ in range(60):
        env.step(2)
    env.reset()
    env.step(2)
    assert not lander.particles


def test_one_environment_closed_leaves_another_drawable() -> None:
    first, second = (make_env("CartPole-v1", seed=0) for _ in range(2))
    for env in (first, second):
        env.reset()
        env.render()
    first.close()
    assert second.render().shape == (400, 600, 3)


def test_nothing_is_written(capfd: pytest.CaptureFixture[str]) -> None:
    for env_id in ("CartPole-v1", "LunarLander-v3", "ALE/Pong-v5"):
        env = make_env(env_id, seed=0)
        env.reset()
        env.render()
        env.close()
    assert capfd.readouterr() == ("", "")


def test_drawing_is_loaded_before_threads_draw() -> None:
    # pygame loads it at first use, and two threads that draw their first picture at once find it half loaded.
    code = (
        "import sys; from retroml_edu.envs import make_env; make_env('CartPole-v1', seed=1);"
        "assert 'pixels3d' in vars(sys.modules['pygame.surfarray'])"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
