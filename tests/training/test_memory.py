"""Replay buffers that do not fit are refused before they are made."""

from __future__ import annotations

import numpy as np
import pytest
from gymnasium import spaces

from retroml_edu.core import container
from retroml_edu.core.control import Control
from retroml_edu.core.errors import TrainingError
from retroml_edu.training import memory, replay_buffer_bytes, replay_buffer_problem, trainer_for

PICTURE = spaces.Box(0, 255, (4, 84, 84), np.uint8)


def config(tiny, steps, buffer_size, n_envs=1):
    return tiny("DQN", steps=steps, n_envs=n_envs, hyperparameters={"buffer_size": buffer_size})


def test_a_full_buffer_of_pictures_takes_what_stable_baselines3_allocates(tiny):
    from stable_baselines3.common.buffers import ReplayBuffer

    buffer = ReplayBuffer(1_000, PICTURE, spaces.Discrete(4), "cpu", n_envs=3)
    parts = (buffer.observations, buffer.next_observations, buffer.actions)
    parts += (buffer.rewards, buffer.dones, buffer.timeouts)
    wanted = config(tiny, 10_000, 1_000, n_envs=3)
    assert replay_buffer_bytes(wanted, PICTURE) == sum(part.nbytes for part in parts)


@pytest.mark.parametrize(("env_id", "channels"), [("ALE/Breakout-v5", 1), ("CarRacing-v3", 3)])
def test_the_fast_engine_keeps_what_is_new_in_a_picture(tiny, env_id, channels):
    from retroml_edu.training.pictures.replay import PictureReplay

    space = spaces.Box(0, 255, (4, 84, 84) if channels == 1 else (3, 96, 96), np.uint8)
    hyperparameters = {"buffer_size": 1_000}
    # The buffer is what is asked about: DQN does not steer cars.
    wanted = tiny("DQN", steps=10_000, n_envs=2, engine="fast", hyperparameters=hyperparameters).model_copy(
        update={"env_id": env_id}
    )
    arguments = {"rng": np.random.default_rng(0), "poll": lambda: None, "stacked": memory.shows_stacks(env_id)}
    buffer = PictureReplay(1_000, space, spaces.Discrete(4), n_envs=2, **arguments)
    parts = (buffer.frames, buffer.actions, buffer.rewards, buffer.dones, buffer.timeouts)
    extra = 2 * buffer.before * (84 * 84 + 20)  # rows that stacks reach back to
    assert replay_buffer_bytes(wanted, space) + extra == sum(part.nbytes for part in parts)
    assert np.prod(buffer.frames.shape[2:]) == channels * np.prod(space.shape[1:])


def test_a_hundred_thousand_steps_of_an_atari_game_take_seven_hundred_megabytes(tiny):
    wanted = tiny(
        "DQN",
        env_id="ALE/Breakout-v5",
        n_envs=1,
        steps=1_000_000,
        engine="fast",
        hyperparameters={"buffer_size": 100_000},
    )
    assert 700e6 < replay_buffer_bytes(wanted, PICTURE) < 720e6


def test_a_buffer_is_never_larger_than_the_run(tiny):
    short, long = (config(tiny, steps, 1_000_000) for steps in (1_000, 2_000_000))
    assert memory.replay_capacity(short) == 1_008
    assert memory.replay_capacity(long) == 1_000_000


def test_other_algorithms_have_none(tiny):
    assert replay_buffer_bytes(tiny("PPO"), PICTURE) == 0


@pytest.fixture
def little_memory(monkeypatch):
    monkeypatch.setattr(memory, "available_memory_bytes", lambda: 1_000_000_000)


@pytest.mark.usefixtures("little_memory")
def test_one_that_does_not_fit_is_told_with_sizes_and_the_way_out(tiny):
    problem = replay_buffer_problem(config(tiny, 2_000_000, 1_000_000), PICTURE)
    assert problem.field == "hyperparameters.buffer_size"
    assert "1,000,000 steps, which take 56.5 GB, and 0.9 GB" in problem.message
    assert "Lower 'Replay buffer' to 15,000" in problem.remedy
    assert replay_buffer_problem(config(tiny, 2_000_000, 15_000), PICTURE) is None


@pytest.mark.usefixtures("little_memory")
def test_training_refuses_it(tiny):
    wanted = tiny("DQN", env_id="ALE/Breakout-v5", steps=2_000_000, hyperparameters={"buffer_size": 1_000_000})
    with pytest.raises(TrainingError, match="Lower 'Replay buffer'"):
        trainer_for(wanted).train(wanted, [].append, Control())


@pytest.mark.parametrize(("limit", "expected"), [("3000\n", 2_000), ("max\n", 5_000), ("9000\n", 5_000), (None, 5_000)])
def test_a_containers_limit_counts(monkeypatch, tmp_path, limit, expected):
    monkeypatch.setattr(container, "ROOT", tmp_path)
    monkeypatch.setattr(container, "OWN", tmp_path / "none")
    monkeypatch.setattr(memory.psutil, "virtual_memory", lambda: type("Memory", (), {"available": 5_000}))
    (tmp_path / "memory.current").write_text("1000\n")
    if limit is not None:
        (tmp_path / "memory.max").write_text(limit)
    assert memory.available_memory_bytes() == expected
