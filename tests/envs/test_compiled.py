"""Compiled environments are Gymnasium's own, to the last bit; only faster."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from stable_baselines3.common.vec_env import DummyVecEnv, VecEnv, VecNormalize

from retroml_edu.core.errors import EnvironmentUnusableError, TrainingError
from retroml_edu.envs.compiled import agreement
from retroml_edu.envs.compiled.games import step_env
from retroml_edu.envs.compiled.kinds import SHORTEST
from retroml_edu.envs.compiled.vector import CompiledVector
from retroml_edu.envs.lean import LeanVector
from retroml_edu.envs.make import make_env
from retroml_edu.envs.state import capture_vector, restore_vector
from retroml_edu.envs.vector import env_seeds, is_compiled, make_vector_env, render_frame
from tests.sameness import assert_same

IDS = ["CartPole-v0", "CartPole-v1", "MountainCar-v0", "MountainCarContinuous-v0", "Acrobot-v1", "Pendulum-v1"]
ENTRY_POINT = "gymnasium.envs.classic_control.{}"
State = tuple[dict[str, Any], dict[str, np.ndarray]]


def drive(env_id: str, observation: np.ndarray) -> np.ndarray:
    """Return actions that swing up, climb or balance, so that games end in every way they can."""
    if env_id.startswith("CartPole"):
        return (observation[:, 2] + 0.5 * observation[:, 3] > 0).astype(np.int64)
    if env_id == "MountainCar-v0":
        return np.where(observation[:, 1] < 0, 0, 2)
    if env_id == "Acrobot-v1":
        return np.where(observation[:, 4] > 0, 0, 2)
    return np.sign(observation[:, 1:2]).astype(np.float32)


class Hand:
    """Draws actions, the same ones for the same seed; every second environment is mostly driven well."""

    def __init__(self, venv: VecEnv, env_id: str, seed: int) -> None:
        self.space, self.env_id, self.n_envs = venv.action_space, env_id, venv.num_envs
        self.rng = np.random.default_rng(seed)

    def actions(self, observation: np.ndarray) -> np.ndarray:
        if isinstance(self.space, gym.spaces.Box):  # also beyond the bounds
            high = 1.3 * self.space.high
            drawn = self.rng.uniform(-high, high, (self.n_envs, *self.space.shape)).astype(np.float32)
        else:
            drawn = self.rng.integers(self.space.n, size=self.n_envs)
        driven = np.arange(self.n_envs) % 2 * self.rng.random(self.n_envs) > 0.1
        drawn[driven] = drive(self.env_id, observation)[driven]
        return drawn


def play(venv: VecEnv, env_id: str, observation: np.ndarray, n_steps: int, seed: int = 0) -> list[tuple[Any, ...]]:
    hand, told = Hand(venv, env_id, seed), []
    for _ in range(n_steps):
        told.append(venv.step(hand.actions(observation)))
        observation = told[-1][0]
    return told


def stored(state: State, folder: Path) -> State:
    """Send a state through files, as a checkpoint does."""
    save_file(state[1], folder / "arrays.safetensors")
    facts = json.loads(json.dumps(state[0], allow_nan=False))
    return facts, load_file(folder / "arrays.safetensors")


@pytest.fixture
def registered() -> Iterator[Callable[..., str]]:
    """Registers environments with Gymnasium for a test."""
    ids: list[str] = []

    def register(entry_point: str, **settings: Any) -> str:
        ids.append(f"Own{len(ids)}-v0")
        gym.register(ids[-1], ENTRY_POINT.format(entry_point), **settings)
        return ids[-1]

    yield register
    for env_id in ids:
        del gym.registry[env_id]


# --- the same as Gymnasium


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("env_id", IDS)
def test_every_number_of_gymnasium_comes_out(env_id: str, seed: int) -> None:
    venv = CompiledVector(env_id, env_seeds(seed, 2))
    envs = [make_env(env_id, seed=0, render_mode=None) for _ in range(2)]
    shown = venv.reset()
    for env, env_seed, row in zip(envs, env_seeds(seed, 2), shown, strict=True):
        assert_same(env.reset(seed=env_seed)[0], row)
    hand, n_done = Hand(venv, env_id, seed), 0
    for _ in range(2500):
        actions = hand.actions(shown)
        shown, rewards, dones, infos = venv.step(actions)
        for i, env in enumerate(envs):
            observation, reward, terminated, truncated, _ = env.step(actions[i])
            assert rewards[i].tobytes() == np.float32(reward).tobytes()
            assert dones[i] == (terminated or truncated)
            assert infos[i]["TimeLimit.truncated"] == (truncated and not terminated)
            if dones[i]:
                n_done += 1
                assert_same(infos[i]["terminal_observation"], observation)
                observation, _ = env.reset()
            assert_same(observation, shown[i])
            physics = np.array(env.unwrapped.state, np.float64)
            assert physics.tobytes() == venv.capture()[1]["state"][i, : physics.size].tobytes()
    assert n_done >= 2


@pytest.mark.parametrize("n_envs", [1, 3])
@pytest.mark.parametrize("env_id", [*IDS, "Short"])
def test_it_tells_what_todays_vector_tells(env_id: str, n_envs: int, registered: Callable[..., str]) -> None:
    made = registered("mountain_car:MountainCarEnv", max_episode_steps=2) if env_id == "Short" else env_id
    drive_as = "MountainCar-v0" if env_id == "Short" else env_id
    vectors = [make_vector_env(made, n_envs, seed=9, fast=fast) for fast in (False, True)]
    assert [type(venv) for venv in vectors] == [DummyVecEnv, CompiledVector]
    told = []
    for venv in vectors:
        first = venv.reset()
        story: list[Any] = [first, play(venv, drive_as, first, 700)]
        story += [venv.reset(), venv.seed(123), venv.reset()]
        story += [play(venv, drive_as, story[-1], 300, seed=1), venv.get_attr("episode_return"), venv.reset_infos]
        story += [venv.has_attr("episode_return"), venv.has_attr("nothing"), venv.render_mode, venv.metadata]
        story += [[venv.action_space.sample() for _ in range(5)], venv.observation_space, venv.action_space]
        told.append(story)
        venv.close()
    assert_same(*told)


def test_the_goal_and_the_time_limit_are_both_reached() -> None:
    ends = {}
    for env_id in ("MountainCar-v0", "MountainCarContinuous-v0", "Acrobot-v1", "CartPole-v0"):
        venv = CompiledVector(env_id, env_seeds(0, 2))
        told = play(venv, env_id, venv.reset(), 3000)
        ends[env_id] = {info["TimeLimit.truncated"] for step in told for info in step[3] if "episode" in info}
    assert ends == {env_id: {True, False} for env_id in ends}


@pytest.mark.parametrize("env_id", ["MountainCar-v0", "MountainCarContinuous-v0"])
def test_the_goal_at_the_time_limit_is_an_end_of_both_kinds(env_id: str, registered: Callable[..., str]) -> None:
    hand = CompiledVector(env_id, [3])
    steps = [step for step in play_alone(hand, env_id, 999) if step["episode"]]
    length = int(steps[0]["episode"]["l"])
    module = "mountain_car:MountainCarEnv"
    if "Continuous" in env_id:
        module = "continuous_mountain_car:Continuous_MountainCarEnv"
    own = registered(module, max_episode_steps=length)
    venv = CompiledVector(own, [3])
    last = next(step for step in play_alone(venv, env_id, length) if step["episode"])
    assert last["episode"]["l"] == length
    assert last["TimeLimit.truncated"] is False
    kind, limit, *arrays = CompiledVector(own, [3]).kernel_arguments
    venv.prepare(10)
    kind, limit, *arrays = venv.kernel_arguments
    arrays[0][0, :2] = 0.499, 0.07
    arrays[1][0] = length - 1
    reward, terminated, truncated, _, episode_length = step_env(kind, limit, 0, np.float32(1), *arrays)
    assert (terminated, truncated, episode_length) == (True, True, length)
    assert reward > -2


def play_alone(venv: CompiledVector, env_id: str, n_steps: int) -> list[dict[str, Any]]:
    """Drive one environment well, and return its infos."""
    observation, infos = venv.reset(), []
    for _ in range(n_steps):
        observation, _, _, (info,) = venv.step(drive(env_id, observation))
        infos.append({"episode": None, **info})
    return infos


@pytest.mark.parametrize("env_id", IDS)
def test_pictures_are_gymnasiums(env_id: str) -> None:
    frames = []
    for fast in (False, True):
        venv = make_vector_env(env_id, 2, seed=4, fast=fast)
        first = venv.reset()
        frames.append([render_frame(venv, 1)])
        play(venv, env_id, first, 30)
        frames[-1] += [render_frame(venv, 0), render_frame(venv, 1), venv.render()]
        venv.close()
    assert_same(*frames)


def test_drawing_changes_nothing() -> None:
    plain, drawn = (CompiledVector("Pendulum-v1", [1]) for _ in range(2))
    assert_same(plain.reset(), drawn.reset())
    for _ in range(250):
        drawn.render()
        assert_same(plain.step(np.ones((1, 1), np.float32)), drawn.step(np.ones((1, 1), np.float32)))
    drawn.close()


# --- which environments


@pytest.mark.parametrize(
    ("entry_point", "settings", "is_one"),
    [
        ("cartpole:CartPoleEnv", {"max_episode_steps": 7}, True),
        ("pendulum:PendulumEnv", {}, True),
        ("cartpole:CartPoleEnv", {"kwargs": {"sutton_barto_reward": True}}, False),
        ("pendulum:PendulumEnv", {"kwargs": {"g": 9.81}, "max_episode_steps": 200}, False),
    ],
)
def test_unchanged_environments_of_gymnasium_are_compiled(
    entry_point: str, settings: dict[str, Any], is_one: bool, registered: Callable[..., str]
) -> None:
    env_id = registered(entry_point, **settings)
    assert is_compiled(env_id) is is_one
    venv = make_vector_env(env_id, 1, seed=0, fast=True)
    assert isinstance(venv, CompiledVector if is_one else LeanVector)
    told = play(venv, "Pendulum-v1" if "pendulum" in entry_point else "CartPole-v1", venv.reset(), 450)
    reference = make_vector_env(env_id, 1, seed=0)
    other = play(reference, "Pendulum-v1" if "pendulum" in entry_point else "CartPole-v1", reference.reset(), 450)
    assert_same(told, other)


def test_another_environment_has_no_compiled_form() -> None:
    with pytest.raises(EnvironmentUnusableError, match='LunarLander-v3" has no compiled form'):
        CompiledVector("LunarLander-v3", [0])


@pytest.mark.parametrize("env_id", IDS)
def test_a_game_that_comes_out_differently_is_not_compiled(env_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    unwrapped: Any = type(make_env(env_id, seed=0, render_mode=None).unwrapped)
    step = unwrapped.step

    def other_last_bit(self: Any, action: Any) -> Any:
        observation, *rest = step(self, action)
        return np.nextafter(observation, np.float32(np.inf)), *rest

    try:
        with monkeypatch.context() as patch:
            patch.setattr(unwrapped, "step", other_last_bit)
            agreement.comes_out_the_same.cache_clear()
            assert isinstance(make_vector_env(env_id, 1, seed=0, fast=True), LeanVector)
    finally:
        agreement.comes_out_the_same.cache_clear()
    assert isinstance(make_vector_env(env_id, 1, seed=0, fast=True), CompiledVector)


# --- for kernels


@pytest.mark.parametrize("env_id", IDS)
@pytest.mark.parametrize("action", [0.0, 1.0, 2.0])
def test_no_game_is_shorter_than_what_is_drawn_for(env_id: str, action: float) -> None:
    venv = CompiledVector(env_id, range(64))
    venv.reset()
    if env_id.startswith("CartPole"):
        action = min(action, 1.0)
    lengths = [
        info["episode"]["l"] for _ in range(300) for info in venv.step(np.full(64, action))[3] if "episode" in info
    ]
    assert min(lengths, default=SHORTEST) >= SHORTEST


@pytest.mark.parametrize("steps", [0, 1, 3, 700])
@pytest.mark.parametrize("env_id", ["CartPole-v1", "Pendulum-v1"])
def test_what_is_prepared_lasts_and_changes_nothing(env_id: str, steps: int) -> None:
    plain, prepared = (CompiledVector(env_id, [1, 2]) for _ in range(2))
    assert_same(plain.reset(), prepared.reset())
    generators = plain.capture()[0]["generators"]
    for _ in range(3):
        prepared.prepare(steps)
        assert prepared.capture()[0]["generators"] == generators
        kind, limit, *arrays = prepared.kernel_arguments
        width = 4 + prepared.observation_space.shape[0]
        assert ((arrays[3].shape[1] - arrays[4]) // width >= 2 + steps // SHORTEST).all()
        for _ in range(steps):
            actions = np.ones((2, *plain.action_space.shape), np.float32)
            shown = plain.step(actions)[0]
            for i in range(2):
                step_env(kind, limit, i, np.float32(1), *arrays)
            assert_same(shown, prepared.observations)
        generators = plain.capture()[0]["generators"]
    assert_same(plain.capture(), prepared.capture())


# --- their state


@pytest.mark.parametrize("normalize", [False, True], ids=["plain", "normalized"])
@pytest.mark.parametrize("env_id", IDS)
def test_a_restored_vector_goes_on_exactly(env_id: str, normalize: bool, tmp_path: Path) -> None:
    def new(seed: int = 5) -> VecEnv:
        venv = make_vector_env(env_id, 2, seed=seed, fast=True)
        return VecNormalize(venv) if normalize else venv

    alone = new()
    shown = alone.reset()
    used = new(seed=99)
    play(used, env_id, used.reset(), 50)
    for n_steps in (0, 1, 60, 450, 200):
        if n_steps:
            shown = play(alone, env_id, shown, n_steps)[-1][0]
        state = stored(capture_vector(alone), tmp_path)
        others = [new(), used]
        for other in others:
            restore_vector(other, *state)
            assert_same(json.loads(json.dumps(capture_vector(other)[0])), state[0])
        if normalize:
            assert_same(used.get_original_obs(), alone.get_original_obs())
        told = [play(venv, env_id, shown, 250, seed=n_steps) for venv in (alone, *others)]
        shown = told[0][-1][0]
        assert_same(told[0], told[1])
        assert_same(told[0], told[2])


def test_the_state_of_environments_that_have_not_begun_is_one_too(tmp_path: Path) -> None:
    state = stored(capture_vector(CompiledVector("Acrobot-v1", [1, 2])), tmp_path)
    other = CompiledVector("Acrobot-v1", [3, 4])
    restore_vector(other, *state)
    with pytest.raises(TrainingError, match="have to be reset"):
        other.step(np.zeros(2))
    assert_same(other.reset(), CompiledVector("Acrobot-v1", [1, 2]).reset())


def test_a_state_is_as_small_for_a_long_episode_as_for_a_short_one() -> None:
    venv = CompiledVector("Pendulum-v1", [1])
    venv.reset()
    sizes = []
    for _ in range(2):
        play(venv, "Pendulum-v1", venv.observations, 90)
        sizes.append(sum(array.nbytes for array in venv.capture()[1].values()))
    assert sizes[0] == sizes[1] < 100


def test_generators_are_where_gymnasiums_would_be() -> None:
    states = []
    for fast in (False, True):
        venv = make_vector_env("CartPole-v1", 2, seed=3, fast=fast)
        play(venv, "CartPole-v1", venv.reset(), 400)
        facts, _ = capture_vector(venv)
        states.append(facts["generators"] if fast else [env["generator"] for env in facts["envs"]])
    assert states[0] == states[1]


@pytest.fixture(scope="module")
def acrobot() -> State:
    venv = CompiledVector("Acrobot-v1", [1, 2])
    play(venv, "Acrobot-v1", venv.reset(), 40)
    return venv.capture()


def changed(state: State, name: str, value: Any) -> State:
    facts, arrays = dict(state[0]), {key: array.copy() for key, array in state[1].items()}
    if name in facts:
        facts[name] = value
    elif isinstance(value, np.ndarray):
        arrays[name] = value
    else:
        arrays[name][-1, ...] = value
    return facts, arrays


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("format", 1, "its format is 1"),
        ("env_id", "CartPole-v1", "its env_id is CartPole-v1"),
        ("begun", 1, '"begun" is neither true nor false'),
        ("generators", [], "generators of 0 environments, and there are 2"),
        ("generators", None, "generators of none environments"),
        ("generators", [{}, {}], "random generator of another kind"),
        ("action_space", {"bit_generator": "MT19937"}, "random generator of another kind"),
        ("action_space", 3, "no group of facts"),
        ("state", np.nan, "no finite number"),
        ("state", 1e300, "where its game cannot be"),
        ("state", -3.2, "where its game cannot be"),
        ("state", np.zeros((2, 4), np.float32), "float64 of shape"),
        ("state", np.zeros((3, 4)), "float64 of shape"),
        ("state", 0.5, "shows something else"),
        ("elapsed", 500, "longer than its time limit"),
        ("elapsed", -1, "longer than its time limit"),
        ("elapsed", np.zeros(2), "int64 of shape"),
        ("episode_return", np.inf, "no finite number"),
        ("observation", 0.25, "shows something else"),
        ("observation", np.zeros((2, 4), np.float32), "float32 of shape"),
    ],
)
def test_a_state_that_cannot_be_is_refused(name: str, value: Any, why: str, acrobot: State) -> None:
    venv = CompiledVector("Acrobot-v1", [7, 8])
    venv.reset()
    before = venv.capture()
    with pytest.raises(TrainingError, match=why):
        restore_vector(venv, *changed(acrobot, name, value))
    assert_same(venv.capture(), before)


def test_a_state_from_before_the_first_reset_hides_no_nonsense_from_a_run(acrobot: State) -> None:
    venv = CompiledVector("Acrobot-v1", [7, 8])
    venv.reset()
    before = venv.capture()
    with pytest.raises(TrainingError, match="its environments have not begun, and these have"):
        restore_vector(venv, *changed(changed(acrobot, "begun", False), "observation", np.nan))
    assert_same(venv.capture(), before)


def test_states_of_other_forms_are_refused(acrobot: State) -> None:
    plain = make_vector_env("Acrobot-v1", 2, seed=0)
    with pytest.raises(TrainingError, match="its format is 'compiled 1', and 1 can be read"):
        restore_vector(plain, *acrobot)
    with pytest.raises(TrainingError, match="its format is 1, and that of the run is compiled 1"):
        restore_vector(CompiledVector("Acrobot-v1", [1, 2]), *capture_vector(plain))
    with pytest.raises(TrainingError, match="generators of 2 environments, and there are 1"):
        restore_vector(CompiledVector("Acrobot-v1", [1]), *acrobot)


HOSTILE = [None, True, -1, 2**70, 1.5, float("inf"), "x" * 99, [], [None], {}, {"state": {}}]


def mutated(value: Any, rng: np.random.Generator) -> Any:
    """Return JSON values with one of them, somewhere deep down, gone or something else."""
    if isinstance(value, dict) and value and rng.random() < 0.8:
        key = str(rng.choice(list(value)))
        if rng.random() < 0.1:
            return {other: part for other, part in value.items() if other != key}
        return {**value, key: mutated(value[key], rng)}
    if isinstance(value, list) and value and rng.random() < 0.8:
        index = int(rng.integers(len(value)))
        return [*value[:index], mutated(value[index], rng), *value[index + 1 :]]
    return HOSTILE[int(rng.integers(len(HOSTILE)))]


def mutated_arrays(arrays: dict[str, np.ndarray], rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Return arrays of which one is gone, of another form, or has a changed byte."""
    name = str(rng.choice(list(arrays)))
    array = arrays[name].copy()
    match rng.integers(8):
        case 0:
            return {other: value for other, value in arrays.items() if other != name}
        case 1:
            array = array[:, None]
        case 2:
            array = array.astype(np.float16)
        case 3:
            array = np.asfortranarray(array) * array.dtype.type(2)
        case _:
            content = bytearray(array.tobytes())
            content[int(rng.integers(len(content)))] = int(rng.integers(256))
            array = np.frombuffer(bytes(content), array.dtype).reshape(array.shape)
    return {**arrays, name: array}


@pytest.mark.parametrize("env_id", IDS)
def test_damaged_states_are_refused_or_can_be_played_on(env_id: str) -> None:
    source = CompiledVector(env_id, [1, 2])
    play(source, env_id, source.reset(), 37)
    facts, arrays = source.capture()
    rng, refused = np.random.default_rng(0), 0
    venv = CompiledVector(env_id, [1, 2])
    for _ in range(150):
        of_facts = rng.random() < 0.5
        hurt = mutated(facts, rng) if of_facts else facts
        try:
            venv.restore(hurt if isinstance(hurt, dict) else {}, arrays if of_facts else mutated_arrays(arrays, rng))
        except TrainingError:
            refused += 1
        else:
            if venv.begun:
                play(venv, env_id, venv.observations.copy(), 10)
    assert refused > 75


# --- what it is not


def test_what_compiled_environments_cannot_do_is_said() -> None:
    venv = CompiledVector("CartPole-v1", [0])
    with pytest.raises(AttributeError, match='no method "close": use fast=False'):
        venv.env_method("close")
    with pytest.raises(AttributeError, match="could be set"):
        venv.set_attr("gravity", 1.0)
    venv.set_options({"low": 0.0})
    with pytest.raises(TrainingError, match="takes no options"):
        venv.reset()
    assert venv.env_is_wrapped(gym.wrappers.TimeLimit) == [False]


# --- the others, with less around them


@pytest.mark.parametrize(
    ("env_id", "n_steps"),
    [("LunarLander-v3", 700), ("BipedalWalker-v3", 300), ("ALE/Pong-v5", 60), ("Taxi-v4", 500), ("Blackjack-v1", 60)],
)
def test_a_lean_vector_tells_what_todays_tells(env_id: str, n_steps: int, tmp_path: Path) -> None:
    told = []
    for fast in (False, True):
        venv = make_vector_env(env_id, 2, seed=3, fast=fast)
        assert isinstance(venv, DummyVecEnv)
        assert isinstance(venv, LeanVector) is fast
        rng = np.random.default_rng(0)

        def drawn(space: gym.Space[Any] = venv.action_space, rng: np.random.Generator = rng) -> np.ndarray:
            if isinstance(space, gym.spaces.Box):
                return rng.uniform(space.low, space.high, (2, *space.shape)).astype(np.float32)
            return rng.integers(space.n, size=2)

        story: list[Any] = [venv.reset(), [venv.step(drawn()) for _ in range(n_steps)], venv.reset_infos]
        state = stored(capture_vector(venv), tmp_path)
        restore_vector(venv, *state)
        story.append([venv.step(drawn()) for _ in range(20)])
        told.append(story)
        venv.close()
    assert_same(*told)


class Lender(gym.Env[Any, Any]):
    """Hands out the same arrays at every step of an episode, and always the same info."""

    observation_space = gym.spaces.Dict({"place": gym.spaces.Box(-9, 9, (1,)), "time": gym.spaces.Box(-9, 9, (1,))})
    action_space = gym.spaces.Discrete(2)

    def __init__(self, render_mode: str | None = None) -> None:
        self.render_mode = render_mode
        self.info: dict[str, Any] = {"told": 1}

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        self.shown = {"place": np.zeros(1, np.float32), "time": np.zeros(1, np.float32)}
        return self.shown, self.info

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        self.shown["place"] += action
        self.shown["time"] += 1
        return self.shown, 1.0, bool(self.shown["time"] == 3), False, self.info


def test_a_lean_vector_keeps_what_an_environment_writes_over() -> None:
    gym.register("Lender-v0", Lender)
    try:
        told = []
        for fast in (False, True):
            venv = make_vector_env("Lender-v0", 2, seed=0, fast=fast)
            told.append([venv.reset(), *(venv.step(np.array([1, 0])) for _ in range(7))])
        assert_same(told[0], told[1])
    finally:
        del gym.registry["Lender-v0"]
