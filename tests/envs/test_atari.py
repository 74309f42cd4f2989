"""Our Atari preprocessing is the standard one, and what we do otherwise is what we say."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest
from stable_baselines3.common.atari_wrappers import AtariWrapper
from stable_baselines3.common.monitor import Monitor
from stable_baselines3.common.vec_env import DummyVecEnv, VecFrameStack

from retroml_edu.envs import list_envs, make_env
from retroml_edu.envs.atari.game import AtariGame

TRACES = ("BeamRider", "Seaquest")
"""Games in which the emulator's own reset leaves traces of the game before (in Seaquest four pixels, at times), and
ours does not: they are compared up to the end of a game."""
GAMES = [spec.id for spec in list_envs() if spec.id.endswith("NoFrameskip-v4")]


def standard(env_id: str, seed: int) -> VecFrameStack:
    venv = DummyVecEnv([lambda: AtariWrapper(Monitor(gym.make(env_id)))])
    stacked = VecFrameStack(venv, 4, channels_order="last")
    stacked.seed(seed)
    return stacked


def game_of(env: gym.Env) -> AtariGame:
    while not isinstance(env, AtariGame):
        env = env.env
    return env


class Emulator:
    """Stands before the emulator and writes down what it is asked to play."""

    def __init__(self, ale) -> None:
        self.ale = ale
        self.played: list[int] = []

    def act(self, action: int) -> int:
        self.played.append(action)
        return self.ale.act(action)

    def __getattr__(self, name: str):
        return getattr(self.ale, name)


@pytest.mark.parametrize("env_id", GAMES)
def test_same_as_stable_baselines3(env_id: str) -> None:
    theirs, ours = standard(env_id, 7), make_env(env_id, seed=7, training=True)
    np.testing.assert_array_equal(theirs.reset()[0].transpose(2, 0, 1), ours.reset()[0])
    rng = np.random.default_rng(0)
    episodes = 0
    for _ in range(3_000):
        action = int(rng.integers(ours.action_space.n))
        their_obs, their_rewards, dones, infos = theirs.step([action])
        our_obs, our_reward, terminated, truncated, info = ours.step(action)
        assert (our_reward, terminated or truncated) == (their_rewards[0], dones[0])
        assert ("episode" in info) == ("episode" in infos[0])
        if "episode" in info:
            assert info["episode"]["r"] == infos[0]["episode"]["r"]
        if "episode" in info and any(game in env_id for game in TRACES):
            break
        if dones[0]:
            episodes += 1
            our_obs = ours.reset()[0]
        np.testing.assert_array_equal(their_obs[0].transpose(2, 0, 1), our_obs)
    assert episodes or any(long in env_id for long in ("BeamRider", "Boxing", "Freeway", "Pong"))


@pytest.mark.parametrize("env_id", ["ALE/Breakout-v5", "MsPacmanNoFrameskip-v4"])
def test_lives_are_episodes_in_training_alone(env_id: str) -> None:
    ends = {}
    for training in (True, False):
        env = make_env(env_id, seed=3, training=training)
        env.action_space.seed(0)
        env.reset()
        lives_lost, total, steps = 0, 0.0, 0
        while True:
            _, reward, terminated, truncated, info = env.step(env.action_space.sample())
            total, steps = total + reward, steps + 1
            assert not training or reward in (-1.0, 0.0, 1.0)
            if "episode" in info:
                assert terminated or truncated
                break
            if terminated:
                assert training
                lives_lost += 1
                env.reset()
        ends[training] = (lives_lost, info["episode"])
        assert info["episode"]["l"] == steps
        if not training:
            assert info["episode"]["r"] == total
    lives_lost, _ = ends[True]
    assert lives_lost == (4 if "Breakout" in env_id else 2)
    assert ends[False][0] == 0


@pytest.mark.parametrize("env_id", ["BreakoutNoFrameskip-v4", "ALE/Breakout-v5", "MsPacmanNoFrameskip-v4"])
def test_evaluation_sees_what_the_learner_sees(env_id: str) -> None:
    learner, player = (make_env(env_id, seed=8, training=training) for training in (True, False))
    np.testing.assert_array_equal(learner.reset()[0], player.reset()[0])
    rng = np.random.default_rng(1)
    lives = 0
    while True:
        action = int(rng.integers(learner.action_space.n))
        seen, _, terminated, _, info = learner.step(action)
        shown, _, over, _, player_info = player.step(action)
        if over:
            assert info["episode"] == player_info["episode"]
            break
        if terminated:
            lives += 1
            seen = learner.reset()[0]
        np.testing.assert_array_equal(seen, shown)
    assert lives >= 2


@pytest.mark.parametrize(("env_id", "chance"), [("ALE/Pong-v5", 0.25), ("PongNoFrameskip-v4", 0.0)])
def test_actions_stick_as_often_as_the_id_says(env_id: str, chance: float) -> None:
    env = make_env(env_id, seed=2)
    env.reset()
    game = game_of(env)
    emulator = game._ale = Emulator(game._ale)
    up, down = 2, 3
    held, frames = 0, 0
    for step in range(400):
        emulator.played.clear()
        before = game._held
        env.step(up if step % 2 else down)
        wanted = game._actions[up if step % 2 else down]
        # A frame can only show that an action was held if the one before it was another.
        for action in emulator.played:
            if before != wanted:
                frames += 1
                held += action == before
            assert action in (before, wanted)
            before = action
    assert game._sticky == chance
    assert held / frames == pytest.approx(chance, abs=4 * (chance * (1 - chance) / frames) ** 0.5 + 1e-12)


def test_stickiness_is_drawn_from_the_environments_own_generator_frame_by_frame() -> None:
    env = make_env("ALE/Pong-v5", seed=2)
    env.reset()
    game = game_of(env)
    emulator = game._ale = Emulator(game._ale)
    twin = np.random.default_rng()
    twin.bit_generator.state = env.unwrapped.np_random.bit_generator.state
    held = game._held
    for action in np.random.default_rng(0).integers(6, size=100):
        emulator.played.clear()
        env.step(int(action))
        for played in emulator.played:
            held = held if twin.random() < 0.25 else game._actions[action]
            assert played == held
    assert twin.bit_generator.state == env.unwrapped.np_random.bit_generator.state


def test_game_begins_with_one_to_thirty_frames_of_nothing() -> None:
    env = make_env("FreewayNoFrameskip-v4", seed=0)
    env.reset()
    game = game_of(env)
    emulator = game._ale = Emulator(game._ale)
    counts = set()
    for _ in range(100):
        emulator.played.clear()
        env.reset()
        assert set(emulator.played) == {0}
        counts.add(len(emulator.played))
    assert min(counts) == 1
    assert max(counts) == 30


def test_half_an_hour_cuts_the_game_off() -> None:
    env = make_env("FreewayNoFrameskip-v4", seed=0)
    env.reset()
    game = game_of(env)
    game._ale.setInt("max_num_frames_per_episode", 400)
    env.reset(seed=0)  # the limit is read when the game is loaded
    steps = 0
    terminated = truncated = False
    while not (terminated or truncated):
        _, _, terminated, truncated, info = env.step(1)
        steps += 1
    assert truncated
    assert not terminated
    assert info["episode"]["l"] == steps
    assert game._ale.getEpisodeFrameNumber() == 400


def test_last_observation_shows_the_last_frame_alone() -> None:
    env = make_env("FreewayNoFrameskip-v4", seed=0)
    env.reset()
    game = game_of(env)
    # Reset plays n frames of nothing, so this limit falls on the first frame of an agent step.
    noops = game._ale.getEpisodeFrameNumber()
    game._ale.setInt("max_num_frames_per_episode", noops + 9)
    env.reset(seed=0)
    for _ in range(3):
        observation, *_, truncated, _ = env.step(1)
    assert truncated
    import cv2

    grey = cv2.cvtColor(env.render(), cv2.COLOR_RGB2GRAY)
    np.testing.assert_array_equal(observation[-1], cv2.resize(grey, (84, 84), interpolation=cv2.INTER_AREA))


def test_observations_are_the_callers_own() -> None:
    env = make_env("ALE/Pong-v5", seed=0)
    first, _ = env.reset()
    first[:] = 77
    second = env.step(0)[0]
    assert not (second == 77).all(axis=(1, 2)).any()


@pytest.mark.parametrize("env_id", ["BeamRiderNoFrameskip-v4", "ALE/Assault-v5", "ALE/Qbert-v5", "ALE/Tetris-v5"])
def test_game_does_not_depend_on_the_game_before(env_id: str) -> None:
    used, fresh = (make_env(env_id, seed=seed) for seed in (9, 1))
    used.reset()
    for step in range(300):
        used.step(step % used.action_space.n)
    fresh.reset(seed=1)
    fresh.unwrapped.np_random.bit_generator.state = used.unwrapped.np_random.bit_generator.state
    np.testing.assert_array_equal(used.reset()[0], fresh.reset()[0])
    for step in range(150):
        action = step % used.action_space.n
        np.testing.assert_array_equal(used.step(action)[0], fresh.step(action)[0])


def test_reset_in_the_middle_of_a_life_starts_a_new_game() -> None:
    env = make_env("BreakoutNoFrameskip-v4", seed=0, training=True)
    env.reset()
    while not env.step(1)[2]:
        pass
    _, info = env.reset()
    assert info["lives"] == 4
    env.step(1)
    _, info = env.reset()
    assert info["lives"] == 5


def test_pictures_come_at_the_pace_of_agent_steps() -> None:
    env = make_env("ALE/Pong-v5", seed=1)
    assert env.metadata["render_fps"] == 15  # the console's 60 frames a second, four to a step
    env.close()


def test_return_so_far_can_be_read_while_the_game_goes_on() -> None:
    env = make_env("PongNoFrameskip-v4", seed=1)
    env.reset()
    total = sum(float(env.step(0)[1]) for _ in range(120))
    assert env.get_wrapper_attr("episode_return") == total < 0
    env.close()
