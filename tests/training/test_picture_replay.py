"""A replay buffer that holds each picture once gives back what one that holds all of them gives back."""

from __future__ import annotations

import gymnasium
import numpy as np
import pytest
import torch
from gymnasium import spaces
from stable_baselines3.common.buffers import ReplayBuffer

from retroml_edu.core.control import Control
from retroml_edu.core.errors import TrainingError
from retroml_edu.envs.vector import make_vector_env
from retroml_edu.policies.build import build_policy
from retroml_edu.training import trainer_for
from retroml_edu.training.pictures.q_network import PictureQNetwork
from retroml_edu.training.pictures.replay import PictureReplay
from retroml_edu.training.pictures.sparse import SparsePictures
from retroml_edu.training.sb3.buffers import DrawnReplayBuffer

LIST = spaces.Discrete(4)
TOYS = {
    "two deep": ((2, 40, 44), True),
    "one deep": ((1, 36, 40), True),
    "in colour": ((3, 50, 40), False),
    "not known to be a stack": ((4, 36, 36), False),
}


def breakout(n_envs, steps, *, frames):
    """Play at random, games cut off after so many frames; yield what is added to a replay buffer."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(gymnasium.spec("ALE/Breakout-v5").kwargs, "max_num_frames_per_episode", frames)
        venv = make_vector_env("ALE/Breakout-v5", n_envs, seed=4, fast=True)
    rng = np.random.default_rng(1)
    seen = venv.reset()
    for _ in range(steps):
        actions = rng.integers(0, 4, n_envs)
        shown, rewards, dones, infos = venv.step(actions)
        following = shown.copy()
        for index in np.flatnonzero(dones):
            following[index] = infos[index]["terminal_observation"]
        yield seen, following, actions, rewards, dones, infos
        seen = shown
    venv.close()


def toy(shape, stacked, n_envs, steps, seed=0):
    """Yield pictures of noise, in episodes that end and are cut off at random."""
    rng = np.random.default_rng(seed)
    new = (1, *shape[1:]) if stacked else shape

    def following(before):
        frame = rng.integers(0, 256, new, np.uint8)
        return np.concatenate([before, frame])[-shape[0] :]

    nothing = np.zeros(shape, np.uint8)
    seen = np.stack([following(nothing) for _ in range(n_envs)])
    for _ in range(steps):
        then = np.stack([following(one) for one in seen])
        ends, cut = rng.random(n_envs) < 0.2, rng.random(n_envs) < 0.1
        infos = [{"TimeLimit.truncated": bool(one)} for one in cut & ~ends]
        actions, rewards = rng.integers(0, 4, n_envs), rng.random(n_envs, np.float32)
        yield seen, then, actions, rewards, ends | cut, infos
        seen = np.stack([following(nothing) if over else one for over, one in zip(ends | cut, then, strict=True)])


def picture_replay(room, shape, n_envs, *, stacked, seed=0):
    space = spaces.Box(0, 255, shape, np.uint8)
    drawing = {"rng": np.random.default_rng(seed), "poll": lambda: None}
    return PictureReplay(room, space, LIST, n_envs=n_envs, stacked=stacked, **drawing)


def plain_replay(room, shape, n_envs):
    return ReplayBuffer(room, spaces.Box(0, 255, shape, np.uint8), LIST, "cpu", n_envs=n_envs)


def everything(buffer):
    """All steps that can be drawn, as (rows, environments)."""
    rows, envs = np.meshgrid(np.arange(buffer.size()), np.arange(buffer.n_envs), indexing="ij")
    return rows.ravel(), envs.ravel()


def assert_reads_as(buffer, plain):
    rows, envs = everything(buffer)
    assert buffer.size() == plain.size()
    got = buffer._samples_at(rows, envs, None)
    ended = plain.dones[rows, envs] * (1 - plain.timeouts[rows, envs])
    assert np.array_equal(got.observations.numpy(), plain.observations[rows, envs])
    goes_on = ended == 0
    assert np.array_equal(got.next_observations.numpy()[goes_on], plain.next_observations[rows, envs][goes_on])
    assert np.array_equal(got.dones.numpy()[:, 0], ended)
    assert np.array_equal(got.actions.numpy(), plain.actions[rows, envs])
    assert np.array_equal(got.rewards.numpy()[:, 0], plain.rewards[rows, envs])
    assert {got.dones.dtype, got.rewards.dtype} == {torch.float32}


@pytest.mark.parametrize("n_envs", [1, 2])
def test_a_real_game_is_given_back(n_envs):
    buffer = picture_replay(90 * n_envs, (4, 84, 84), n_envs, stacked=True)
    plain = plain_replay(90 * n_envs, (4, 84, 84), n_envs)
    lives, cut_off = 0, 0
    for count, step in enumerate(breakout(n_envs, 240, frames=400)):
        buffer.add(*step)
        plain.add(*step)
        cut_off += int(plain.timeouts[plain.pos - 1].sum())
        lives += int((plain.dones[plain.pos - 1] - plain.timeouts[plain.pos - 1]).sum())
        if count in (0, 1, 5, 60, 88, 89, 90, 91, 150, 239):
            assert_reads_as(buffer, plain)
    assert lives > 3
    assert cut_off > 1
    assert len(buffer.ends) <= plain.timeouts.sum() + n_envs * buffer.before


@pytest.mark.parametrize("n_envs", [1, 3])
@pytest.mark.parametrize("kind", TOYS)
def test_pictures_of_any_kind_are_given_back(kind, n_envs):
    shape, stacked = TOYS[kind]
    buffer, plain = (
        picture_replay(20 * n_envs, shape, n_envs, stacked=stacked),
        plain_replay(20 * n_envs, shape, n_envs),
    )
    for step in toy(shape, stacked, n_envs, 50):
        buffer.add(*step)
        plain.add(*step)
        assert_reads_as(buffer, plain)
    assert len(buffer.ends) > 0


def test_draws_are_those_of_the_other_engine():
    shape = (2, 36, 36)
    drawing = {"rng": np.random.default_rng(3), "poll": lambda: None}
    plain = DrawnReplayBuffer(10, spaces.Box(0, 255, shape, np.uint8), LIST, "cpu", n_envs=2, **drawing)
    buffer = picture_replay(10, shape, 2, stacked=True, seed=3)
    for step in toy(shape, True, 2, 13):
        buffer.add(*step)
        plain.add(*step)
        one, other = buffer.sample(7), plain.sample(7)
        for name in ("observations", "actions", "rewards", "dones"):
            assert torch.equal(getattr(one, name), getattr(other, name)), name


@pytest.mark.parametrize("steps", [0, 3, 19, 20, 47])
@pytest.mark.parametrize("room", [20, 8, 31])
def test_rows_go_out_and_come_back(room, steps):
    shape, n_envs = (3, 36, 36), 2
    told = list(toy(shape, True, n_envs, steps + 30, seed=7))
    first = picture_replay(20 * n_envs, shape, n_envs, stacked=True)
    for step in told[:steps]:
        first.add(*step)
    second = picture_replay(room * n_envs, shape, n_envs, stacked=True)
    second.refill(first, position=first.pos, capacity=first.buffer_size)
    assert (second.added, second.size()) == (steps, min(room, first.size()))
    if steps:
        second.expect(told[steps][0])
    for step in told[steps:]:
        assert_same_newest(first, second)
        first.add(*step)
        second.add(*step)
    if room == 20:
        assert first.pos == second.pos
    if steps:
        assert first.rows(first.added - 1, first.added).keys() == set(PictureReplay.row)


def assert_same_newest(first, second):
    """Whether both read the same of the newest steps that both hold."""
    count = min(first.size(), second.size())
    if not count:
        return
    envs = np.tile([0, 1], count)
    one, other = (
        buffer._samples_at(np.repeat((buffer.pos - 1 - np.arange(count)) % buffer.buffer_size, 2), envs, None)
        for buffer in (first, second)
    )
    for name in ("observations", "next_observations", "actions", "rewards", "dones"):
        assert torch.equal(getattr(one, name), getattr(other, name)), name


class Rows:
    """Rows that were written down, and tampered with."""

    def __init__(self, buffer, **changes):
        self.added, self.kept = buffer.added, buffer.kept
        self._buffer, self._changes = buffer, changes

    def rows(self, first, last):
        read = self._buffer.rows(first, last)
        changed = {name: change and change(read[name]) for name, change in self._changes.items()}
        return {name: part for name, part in (read | changed).items() if part is not None}


@pytest.mark.parametrize("name", PictureReplay.row)
def test_damaged_rows_are_refused(name):
    buffer = picture_replay(20, (2, 36, 36), 1, stacked=True)
    for step in toy((2, 36, 36), True, 1, 12):
        buffer.add(*step)
    for change, says in (
        (None, f'have no "{name}"'),
        (lambda part: part[..., None], name),
        (lambda part: part.astype(np.complex128), name),
    ):
        other = picture_replay(20, (2, 36, 36), 1, stacked=True)
        with pytest.raises(TrainingError, match=says):
            other.refill(Rows(buffer, **{name: change}), position=buffer.pos, capacity=buffer.buffer_size)


@pytest.mark.parametrize("counts", [{"added": 5}, {"kept": 1}, {"kept": -1}, {"added": 2**63}])
def test_counts_that_contradict_each_other_are_refused(counts):
    buffer = picture_replay(20, (4, 36, 36), 1, stacked=True)
    for step in toy((4, 36, 36), True, 1, 12):
        buffer.add(*step)
    rows = Rows(buffer)
    vars(rows).update(counts)
    other = picture_replay(20, (4, 36, 36), 1, stacked=True)
    with pytest.raises(TrainingError, match="counts of its replay buffer"):
        other.refill(rows, position=buffer.pos, capacity=buffer.buffer_size)


@pytest.mark.parametrize("at", ["beginning", "later"])
def test_what_is_no_stack_is_refused(at):
    buffer = picture_replay(20, (4, 36, 36), 1, stacked=True)
    for step in toy((4, 36, 36), False, 1, 3):
        if at == "later":
            step[0][:, :-1] = 0
        with pytest.raises(TrainingError, match=r'these are not\. Choose engine="sb3"'):
            buffer.add(*step)


def test_black_pictures_take_no_memory():
    pictures = SparsePictures((5, 2, 3, 3, 1))
    some = np.zeros((3, 2, 3, 3, 1), np.uint8)
    some[1, 0], some[2, 1] = 7, 9
    pictures[np.array([4, 0, 1])] = some
    assert len(pictures) == 2
    assert np.array_equal(pictures[[4, 0, 1]], some)
    assert not pictures[[2, 3]].any()
    pictures[[0, 1]] = np.zeros_like(some[:2])
    assert len(pictures) == 0


def test_the_network_computes_what_the_policy_computes(tiny):
    config = tiny("DQN", env_id="ALE/Breakout-v5", engine="fast", device="cpu")
    shape = (4, 84, 84)
    policy = build_policy(config, spaces.Box(0, 255, shape, np.uint8), LIST)
    buffer = picture_replay(40, shape, 2, stacked=True)
    for step in breakout(2, 30, frames=400):
        buffer.add(*step)
    for size in (1, 32, 96):
        batch = buffer.sample(size)
        for pictures in (batch.observations, batch.next_observations):
            values = PictureQNetwork(policy.q_net)(pictures)
            assert torch.allclose(values, policy.q_net(pictures), atol=1e-5)


class Colours(gymnasium.Env):
    """Pictures in colour, channels last; games end, and are cut off, after a few steps."""

    observation_space = spaces.Box(0, 255, (60, 48, 3), np.uint8)
    action_space = spaces.Discrete(3)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self._steps, self._length = 0, int(self.np_random.integers(3, 9))
        return self._look(), {}

    def step(self, action):
        self._steps += 1
        over = self._steps == self._length
        return self._look(), float(action), over and self._length % 2 == 0, over and self._length % 2 == 1, {}

    def _look(self):
        return self.np_random.integers(0, 256, self.observation_space.shape, np.uint8)


@pytest.fixture
def colours():
    gymnasium.register("Test/Colours-v0", entry_point=Colours)
    yield "Test/Colours-v0"
    del gymnasium.registry["Test/Colours-v0"]


def test_a_stranger_s_pictures_are_learned_from_as_by_stable_baselines3(tiny, colours):
    config = tiny("DQN", env_id=colours, steps=128, engine="fast", device="cpu")
    fast, stock = (
        trainer_for(each).train(each, lambda event: None, Control()).weights
        for each in (config, config.model_copy(update={"engine": "sb3"}))
    )
    for name, array in fast.arrays.items():
        assert np.abs(array - stock.arrays[name]).max() < 2e-4, name


@pytest.mark.parametrize("missing", ["dones", "timeouts"])
def test_pictures_that_nobody_would_read_are_refused(missing):
    """They would take as much memory again as the buffer has been allowed."""
    buffer = picture_replay(80, (2, 36, 36), 2, stacked=True)
    for step in toy((2, 36, 36), True, 2, 60):
        buffer.add(*step)
    assert len(buffer.ends)
    other = picture_replay(80, (2, 36, 36), 2, stacked=True)
    with pytest.raises(TrainingError, match="after an end"):
        other.refill(Rows(buffer, **{missing: np.zeros_like}), position=buffer.pos, capacity=buffer.buffer_size)
    assert len(other.ends) <= len(buffer.ends)
