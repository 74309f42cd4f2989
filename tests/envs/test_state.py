"""A vector of environments that is brought into another's state goes on exactly as that one does."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from stable_baselines3.common.vec_env import VecEnv, VecFrameStack, VecNormalize, VecTransposeImage

from retroml_edu.core.errors import TrainingError
from retroml_edu.envs import list_envs
from retroml_edu.envs.replay import LONGEST, Replayable
from retroml_edu.envs.state import capture_vector, restore_vector
from retroml_edu.envs.vector import make_vector_env, render_frame
from tests.sameness import assert_same

SMALL = [spec.id for spec in list_envs() if spec.family != "atari"]
GAMES = [spec.id for spec in list_envs() if spec.id.endswith("NoFrameskip-v4")]
HISTORIES = ["ALE/BeamRider-v5", "ALE/Assault-v5", "ALE/Tetris-v5"]
"""Games in which the emulator by itself does not begin the same after another game."""

State = tuple[dict[str, Any], dict[str, np.ndarray]]


def make(env_id: str, n_envs: int = 2, *, seed: int = 5, normalize: bool = False, training: bool = True) -> VecEnv:
    venv = make_vector_env(env_id, n_envs, seed=seed, training=training)
    return VecNormalize(venv) if normalize else venv


class Hand:
    """Draws actions, the same ones for the same seed."""

    def __init__(self, venv: VecEnv, seed: int) -> None:
        self.space, self.n_envs = venv.action_space, venv.num_envs
        self.rng = np.random.default_rng(seed)

    def actions(self) -> np.ndarray:
        if isinstance(self.space, gym.spaces.Box):
            drawn = self.rng.uniform(self.space.low, self.space.high, (self.n_envs, *self.space.shape))
            return drawn.astype(self.space.dtype)
        return self.rng.integers(self.space.n, size=self.n_envs)


def play(venv: VecEnv, n_steps: int, seed: int = 0) -> list[tuple[Any, ...]]:
    hand = Hand(venv, seed)
    return [venv.step(hand.actions()) for _ in range(n_steps)]


def stored(state: State, folder: Path) -> State:
    """Send a state through files, as a checkpoint does."""
    facts, arrays = state
    save_file(arrays, folder / "arrays.safetensors")
    (folder / "facts.json").write_text(json.dumps(facts, allow_nan=False))
    return json.loads((folder / "facts.json").read_text()), load_file(folder / "arrays.safetensors")


def check(make: Callable[[], VecEnv], moments: list[int], n_steps: int, folder: Path) -> None:
    """Capture at these moments of one run; from each, a new vector goes on as the run itself did."""
    alone, captured = make(), make()
    assert_same(alone.reset(), captured.reset())
    states = {}
    hands = [Hand(venv, 0) for venv in (alone, captured)]
    story = []
    for step in range(moments[-1] + n_steps):
        if step in moments:
            states[step] = stored(capture_vector(captured), folder)
        story.append(captured.step(hands[1].actions()))
        assert_same(story[-1], alone.step(hands[0].actions()))
    for step, state in states.items():
        new = make()
        restore_vector(new, *state)
        assert_same(json.loads(json.dumps(capture_vector(new)[0])), state[0])
        hand = Hand(new, 0)
        for _ in range(step):
            hand.actions()
        for told in story[step : step + n_steps]:
            assert_same(new.step(hand.actions()), told)
        new.close()
    alone.close()
    captured.close()


def episode_ends(make: Callable[[], VecEnv], n_steps: int) -> list[int]:
    """Return how many steps were taken when an episode of environment 0 had just ended."""
    venv = make()
    venv.reset()
    return [step + 1 for step, told in enumerate(play(venv, n_steps)) if told[2][0]]


@pytest.mark.parametrize("env_id", SMALL)
def test_goes_on_exactly(env_id: str, tmp_path: Path) -> None:
    def new() -> VecEnv:
        return make(env_id, normalize="Bipedal" in env_id or "Pendulum" in env_id)

    ends = episode_ends(new, 500)[:2]
    check(new, sorted({0, 1, *ends, 60, 450}), 250, tmp_path)


@pytest.mark.parametrize("env_id", [*GAMES, *HISTORIES])
def test_games_go_on_exactly(env_id: str, tmp_path: Path) -> None:
    check(lambda: make(env_id, 1), [150, 700], 60, tmp_path)


@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
def test_lives_and_games_that_end_go_on_exactly(training: bool, tmp_path: Path) -> None:
    def new() -> VecEnv:
        return make("ALE/Breakout-v5", 2, training=training)

    ends = episode_ends(new, 300)
    check(new, sorted({0, ends[0] - 1, ends[0], ends[-1]}), 120, tmp_path)


def test_used_environments_are_brought_into_it_too() -> None:
    for env_id in ("CartPole-v1", "BipedalWalker-v3", "BeamRiderNoFrameskip-v4"):
        venv = make(env_id, seed=1)
        venv.reset()
        play(venv, 130)
        state = capture_vector(venv)
        told = play(venv, 100, seed=3)
        restore_vector(venv, *state)
        assert_same(play(venv, 100, seed=3), told)
        used = make(env_id, seed=99)
        used.reset()
        play(used, 77, seed=8)
        restore_vector(used, *state)
        assert_same(play(used, 100, seed=3), told)


def test_before_the_first_reset() -> None:
    state = capture_vector(make("CartPole-v1", seed=4))
    new = make("CartPole-v1", seed=4)
    restore_vector(new, *state)
    assert_same(new.reset(), make("CartPole-v1", seed=4).reset())


def test_seed_that_was_given_later_is_kept() -> None:
    venv = make("LunarLander-v3", seed=4)
    venv.seed(77)
    venv.reset()
    play(venv, 20)
    state = capture_vector(venv)
    new = make("LunarLander-v3", seed=4)
    restore_vector(new, *state)
    assert_same(play(new, 200, seed=1), play(venv, 200, seed=1))


def test_draws_of_the_action_space_go_on() -> None:
    venv, new = make("Pendulum-v1"), make("Pendulum-v1")
    venv.reset()
    venv.action_space.sample()
    restore_vector(new, *capture_vector(venv))
    assert_same(new.action_space.sample(), venv.action_space.sample())


@pytest.mark.parametrize("env_id", ["LunarLander-v3", "LunarLanderContinuous-v3"])
def test_watched_lander_goes_on_exactly(env_id: str) -> None:
    venv = make(env_id)
    venv.reset()
    hand = Hand(venv, 0)
    for _ in range(150):
        venv.step(hand.actions())
        render_frame(venv, 0)
    assert venv.envs[0].unwrapped.render_mode
    new = make(env_id)
    restore_vector(new, *capture_vector(venv))
    assert_same(play(new, 200, seed=1), play(venv, 200, seed=1))


def test_normalizer_goes_on_and_shows_its_last_observation() -> None:
    venv, new = (make("MountainCarContinuous-v0", normalize=True) for _ in range(2))
    venv.reset()
    play(venv, 40)
    restore_vector(new, *capture_vector(venv))
    assert_same(new.get_original_obs(), venv.get_original_obs())
    assert_same(new.obs_rms.__dict__ | {"mean": 0}, venv.obs_rms.__dict__ | {"mean": 0})
    assert_same(play(new, 40, seed=1), play(venv, 40, seed=1))


@pytest.mark.parametrize("env_id", ["CartPole-v1", "LunarLander-v3", "BipedalWalker-v3", "ALE/Breakout-v5"])
def test_goes_on_exactly_in_a_new_process(env_id: str, tmp_path: Path) -> None:
    venv = make(env_id)
    venv.reset()
    play(venv, 90)
    stored(capture_vector(venv), tmp_path)
    code = (
        "import hashlib, importlib.util, sys; from pathlib import Path\n"
        "spec = importlib.util.spec_from_file_location('told', sys.argv[1])\n"
        "told = importlib.util.module_from_spec(spec)\n"
        "spec.loader.exec_module(told); venv = told.make(sys.argv[2]); folder = Path(sys.argv[3])\n"
        "facts = told.json.loads((folder / 'facts.json').read_text())\n"
        "told.restore_vector(venv, facts, told.load_file(folder / 'arrays.safetensors'))\n"
        "print(told.digest(told.play(venv, 120, seed=1)))"
    )
    command = [sys.executable, "-c", code, __file__, env_id, str(tmp_path)]
    there = subprocess.run(command, check=True, capture_output=True, text=True)
    assert there.stdout.strip() == digest(play(venv, 120, seed=1))


def digest(story: list[tuple[Any, ...]]) -> str:
    import hashlib

    value = hashlib.sha256()
    for observation, rewards, dones, infos in story:
        for part in (observation, rewards, dones):
            value.update(part.tobytes())
        value.update(repr([info.get("episode") for info in infos]).encode())
    return value.hexdigest()


# --- environments of other people


class Walk(gym.Env[Any, Any]):
    """A random walk that shows pictures beside numbers, and that can be told to cheat."""

    action_space = gym.spaces.MultiDiscrete([2, 3])
    observation_space = gym.spaces.Dict(
        place=gym.spaces.Box(-np.inf, np.inf, (1,), np.float32), picture=gym.spaces.Box(0, 255, (40, 40, 3), np.uint8)
    )
    elsewhere = np.random.default_rng(0)

    def __init__(self, cheats: bool = False) -> None:
        self.cheats = cheats

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.place = 0.0
        return self.look(), {}

    def step(self, action):
        self.place += float(action.sum()) * (self.elsewhere if self.cheats else self.np_random).normal()
        return self.look(), self.place, abs(self.place) > 20, False, {}

    def look(self) -> dict[str, np.ndarray]:
        return {
            "place": np.array([self.place], np.float32),
            "picture": np.full((40, 40, 3), int(abs(self.place)), np.uint8),
        }


@pytest.fixture
def walk() -> Iterator[None]:
    gym.register("Walk-v0", entry_point=Walk)
    gym.register("CheatingWalk-v0", entry_point=Walk, kwargs={"cheats": True})
    yield
    del gym.registry["Walk-v0"], gym.registry["CheatingWalk-v0"]


def walks(env_id: str = "Walk-v0") -> VecEnv:
    return VecTransposeImage(VecNormalize(make(env_id), norm_obs_keys=["place"]))


def walk_on(venv: VecEnv, n_steps: int, seed: int = 0) -> list[tuple[Any, ...]]:
    rng = np.random.default_rng(seed)
    return [venv.step(rng.integers([2, 3], size=(2, 2))) for _ in range(n_steps)]


@pytest.mark.usefixtures("walk")
def test_environments_of_other_people_go_on_exactly(tmp_path: Path) -> None:
    venv, new = walks(), walks()
    venv.reset()
    walk_on(venv, 100)
    restore_vector(new, *stored(capture_vector(venv), tmp_path))
    assert_same(walk_on(new, 100, seed=1), walk_on(venv, 100, seed=1))


@pytest.mark.usefixtures("walk")
def test_environment_that_cannot_be_repeated_says_so() -> None:
    venv = walks("CheatingWalk-v0")
    venv.reset()
    walk_on(venv, 100)
    with pytest.raises(TrainingError, match=r'"CheatingWalk-v0" cannot be resumed exactly: .* environment 0'):
        restore_vector(walks("CheatingWalk-v0"), *capture_vector(venv))


def test_game_without_end_is_not_remembered_without_end() -> None:
    venv = make("CartPole-v1", 1)
    venv.reset()
    env = venv.envs[0]
    assert isinstance(env, Replayable)
    env._actions.extend([0] * (LONGEST + 50))
    assert len(env._actions) == LONGEST + 1
    with pytest.raises(TrainingError, match=r"Environment 0 cannot be resumed .* longer than 100,000"):
        restore_vector(make("CartPole-v1", 1), *capture_vector(venv))


def test_other_wrappers_are_refused() -> None:
    with pytest.raises(TrainingError, match="VecFrameStack cannot be kept"):
        capture_vector(VecFrameStack(make("CartPole-v1"), 2))


# --- states that are damaged, or no states at all


@pytest.fixture(scope="module")
def lander() -> State:
    venv = make("LunarLander-v3", normalize=True)
    venv.reset()
    play(venv, 12)
    return capture_vector(venv)


def at(*path: Any, value: Any) -> Callable[[dict[str, Any], dict[str, np.ndarray]], None]:
    def change(facts: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
        place: Any = facts
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = value

    return change


def array(name: str, value: Callable[[np.ndarray], np.ndarray | None]) -> Callable[..., None]:
    def change(facts: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
        changed = value(arrays[name].copy())
        if changed is None:
            del arrays[name]
        else:
            arrays[name] = changed

    return change


def nan(values: np.ndarray) -> np.ndarray:
    return np.full_like(values, np.nan)


FIRST = ("envs", 0)
DAMAGES = [
    (at("format", value=2), "its format is 2"),
    (at("env_id", value="CartPole-v1"), 'it is of "CartPole-v1", and these are "LunarLander-v3"'),
    (at("envs", value=None), "it holds none environments"),
    (at("envs", value=[{}]), "it holds 1 environments, and there are 2"),
    (at("envs", value=[1, 2]), "environment 0 is no group of facts"),
    (at(*FIRST, "begun", value="yes"), "environment 0 is no group of facts"),
    (at(*FIRST, "seed", value=-1), "the seed of environment 0"),
    (at(*FIRST, "seed", value=2**70), "the seed of environment 0"),
    (at(*FIRST, "seed", value=True), "the seed of environment 0"),
    (at(*FIRST, "seed", value="7"), "the seed of environment 0"),
    (at(*FIRST, "seed", value=7), r"cannot be resumed exactly: .* \(it shows something else\)"),
    (at(*FIRST, "start", value={"bit_generator": "MT19937"}), "random generator of another kind, or a damaged one"),
    (at(*FIRST, "generator", value=[1]), "random generator"),
    (at(*FIRST, "generator", "state", "state", value=2**200), "random generator"),
    (at(*FIRST, "generator", "state", "inc", value=-5), "random generator"),
    (at(*FIRST, "generator", "has_uint32", value=1.0), "random generator"),
    (at(*FIRST, "generator", "uinteger", value=2**32), "random generator"),
    (at(*FIRST, "generator", "uinteger", value=12345), r"cannot be resumed exactly: .* other random numbers"),
    (at(*FIRST, "action_space", value=None), "random generator"),
    (array("actions/1", lambda _: None), "the actions of environment 1"),
    (array("actions/1", lambda actions: actions + 4), "the actions of environment 1"),
    (array("actions/1", lambda actions: actions - 9), "the actions of environment 1"),
    (array("actions/1", lambda actions: actions.astype(float)), "the actions of environment 1"),
    (array("actions/1", lambda actions: actions[:, None]), "the actions of environment 1"),
    (array("actions/1", lambda _: np.array(3)), "the actions of environment 1"),
    (array("actions/1", lambda _: np.zeros(LONGEST + 1, np.int64)), "the actions of environment 1"),
    (array("actions/1", lambda _: np.zeros(5_000, np.int64)), r"environment 1 .* \(the game is over before"),
    (array("actions/1", lambda actions: actions[:-1]), "environment 1 does not come out as it was"),
    (array("observation", lambda _: None), 'the array "observation" is missing'),
    (array("observation", lambda seen: seen[:1]), '"observation" is float32 of shape'),
    (array("observation", lambda seen: seen.astype(float)), '"observation" is float64 of shape'),
    (array("observation", lambda seen: np.nextafter(seen, 9)), "it shows something else"),
    (array("episode_return", lambda returns: returns + np.eye(2)[1]), r"environment 1 .* \(its return is another"),
    (array("normalizer/returns", nan), "no finite number"),
    (array("normalizer/return/var", lambda var: -var), "below zero"),
    (array("normalizer/return/count", lambda _: None), "normalizer/return/count"),
    (
        array("normalizer/observation/mean", lambda mean: mean[:3]),
        r'observation/mean" is float64 of shape \(3,\)',
    ),
    (array("normalizer/observation/var", nan), "no finite number"),
]


@pytest.mark.parametrize(("damage", "words"), DAMAGES, ids=map(str, range(len(DAMAGES))))
def test_damaged_state_is_refused(damage: Callable[..., None], words: str, lander: State) -> None:
    facts, arrays = json.loads(json.dumps(lander[0])), dict(lander[1])
    damage(facts, arrays)
    with pytest.raises(TrainingError, match=words):
        restore_vector(make("LunarLander-v3", normalize=True), facts, arrays)


def test_nothing_at_all_is_refused() -> None:
    with pytest.raises(TrainingError, match="its format is None"):
        restore_vector(make("CartPole-v1"), {}, {})


def test_state_from_before_the_first_reset_fits_new_environments_alone() -> None:
    state = capture_vector(make("CartPole-v1"))
    used = make("CartPole-v1")
    used.reset()
    with pytest.raises(TrainingError, match="its environments have not begun, and these have"):
        restore_vector(used, *state)
