"""Vector environments as stable-baselines3 steps them."""

from __future__ import annotations

import numpy as np
import pytest
from stable_baselines3.common.vec_env import VecNormalize

from retroml_edu.envs.vector import env_seeds, make_vector_env, render_frame


def test_seeds_are_different_and_do_not_depend_on_how_many_there_are() -> None:
    assert env_seeds(3, 16)[:4] == env_seeds(3, 4)
    assert len(set(env_seeds(3, 64) + env_seeds(4, 64))) == 128


@pytest.mark.parametrize("env_id", ["CartPole-v1", "LunarLander-v3", "BipedalWalker-v3", "ALE/Pong-v5"])
def test_steps_repeats_and_draws_through_wrappers(env_id: str) -> None:
    stories = []
    for _ in range(2):
        venv = VecNormalize(make_vector_env(env_id, 3, seed=6), norm_obs=env_id != "ALE/Pong-v5")
        story = [venv.reset()]
        assert not np.array_equal(story[0][0], story[0][1]) or "Pong" in env_id
        for _ in range(120):
            actions = np.array([venv.action_space.sample() for _ in range(3)])
            story.extend(venv.step(actions)[:3])
        frame = render_frame(venv, index=2)
        assert frame is not None
        assert frame.dtype == np.uint8
        assert frame.ndim == 3
        stories.append(story)
        venv.close()
    for one, other in zip(*stories, strict=True):
        np.testing.assert_array_equal(one, other)


def test_account_of_an_episode_comes_through() -> None:
    venv = make_vector_env("CartPole-v1", 2, seed=0)
    venv.reset()
    returns = np.zeros(2)
    ended = 0
    while ended < 4:
        _, rewards, dones, infos = venv.step(np.zeros(2, int))
        returns += rewards
        for index in np.flatnonzero(dones):
            assert infos[index]["episode"] == {"r": returns[index], "l": int(returns[index])}
            returns[index] = 0.0
            ended += 1


def test_atari_pictures_come_as_the_network_wants_them() -> None:
    venv = make_vector_env("BreakoutNoFrameskip-v4", 2, seed=0)
    assert venv.observation_space.shape == (4, 84, 84)
    assert venv.reset().shape == (2, 4, 84, 84)
