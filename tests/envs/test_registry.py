"""The registry tells the truth, and an impossible choice is answered in plain words."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces

from retroml_edu.core.errors import EnvironmentUnusableError, UnknownNameError
from retroml_edu.core.hyperparameters import HYPERPARAMETERS
from retroml_edu.envs import check_env, get_env, list_envs, make_env, tuned_defaults
from retroml_edu.envs.atari.forms import atari_form
from retroml_edu.envs.make import install_command
from retroml_edu.envs.registry import PIXELS, SMALL_PIXELS
from retroml_edu.envs.spaces import describe_action, describe_observation

ALL = list_envs()
PLAIN = spaces.Box(-1.0, 1.0, (3,), np.float32)
TWO = spaces.Discrete(2)


class Toy(gym.Env):
    """An environment that ends at once, with whatever spaces a test wants."""

    def __init__(self, observation_space: spaces.Space = PLAIN, action_space: spaces.Space = TWO) -> None:
        self.observation_space = observation_space
        self.action_space = action_space

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return self.observation_space.sample(), {}

    def step(self, action):
        return self.observation_space.sample(), 1.0, True, False, {}


class Needy(Toy):
    """An environment that wants a package nobody has."""

    def __init__(self) -> None:
        raise ModuleNotFoundError("No module named 'emulator_x'", name="emulator_x")


class Broken(Toy):
    """An environment with a mistake of its own."""

    def __init__(self) -> None:
        raise KeyError("level_9")


@pytest.fixture
def toy() -> Iterator[str]:
    yield "RetroToy-v0"
    gym.registry.pop("RetroToy-v0", None)


def register(env_id: str, creator: type[gym.Env] = Toy, **spaces_of_it: spaces.Space) -> None:
    gym.register(env_id, entry_point=creator, kwargs=spaces_of_it)


def test_registry_lists_what_was_promised() -> None:
    ids = [spec.id for spec in ALL]
    assert ids[:5] == ["CartPole-v1", "MountainCar-v0", "Acrobot-v1", "LunarLander-v3", "BipedalWalker-v3"]
    taught = {"Pong", "Breakout", "SpaceInvaders", "Freeway", "Boxing"}
    games = taught | {"MsPacman", "Seaquest", "Qbert", "BeamRider"}
    fast = {f"RetroML/{game}{sees}-v0" for game in taught for sees in ("Objects", "Pixels")}
    assert set(ids[5:15]) == fast
    assert set(ids[15:]) == {f"ALE/{game}-v5" for game in games} | {f"{game}NoFrameskip-v4" for game in games}
    assert len(set(ids)) == len(ids) == 33
    assert len({spec.name for spec in ALL}) == 33


@pytest.mark.parametrize("spec", ALL, ids=lambda spec: spec.id)
def test_facts_are_those_of_the_real_environment(spec) -> None:
    env = make_env(spec.id, seed=0)
    registered = gym.spec(spec.id)
    assert (spec.action_space, spec.action_kind) == describe_action(env.action_space)
    assert spec.observation_kind == describe_observation(env.observation_space)[1]
    if spec.family == "atari":
        seen = {(4, 84, 84): PIXELS, (2, 40, 40): SMALL_PIXELS}.get(env.observation_space.shape)
        assert spec.observation_space == (seen or describe_observation(env.observation_space)[0])
        assert list(spec.action_meanings) == env.unwrapped.get_action_meanings()
        assert (
            spec.max_episode_steps * 4 == gym.spec(atari_form(registered).ale_id).kwargs["max_num_frames_per_episode"]
        )
    else:
        assert spec.observation_space == describe_observation(env.observation_space)[0]
        assert spec.solved_return == registered.reward_threshold
        assert spec.max_episode_steps == registered.max_episode_steps
        actions = env.action_space
        count = actions.n if isinstance(actions, spaces.Discrete) else actions.shape[0]
        assert len(spec.action_meanings) == count
    assert spec.summary.endswith(".")
    assert spec.solved_note
    assert set(spec.defaults) == {name for name in HYPERPARAMETERS if not check_env(spec.id, name)}
    env.close()


def test_listing_makes_no_environment_and_needs_no_torch() -> None:
    code = (
        "import sys, gymnasium, retroml_edu.envs as envs\n"
        "def refuse(*a, **k): raise SystemExit('an environment was made')\n"
        "gymnasium.make = refuse\n"
        "assert len(envs.list_envs()) == 33 and not envs.check_env('CartPole-v1', 'DQN')\n"
        "assert not {'torch', 'stable_baselines3', 'pygame'} & set(sys.modules), 'too heavy'\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("cartpole", "CartPole-v1"),
        ("CartPol-v1", "CartPole-v1"),
        ("LunarLander-v2", "LunarLander-v3"),
        ("Pong", "ALE/Pong-v5"),
        ("ALE/Pong-v4", "ALE/Pong-v5"),
        ("ms pacman", "ALE/MsPacman-v5"),
        ("Brakout", "ALE/Breakout-v5"),
        ("PongNoFrameskip-v9", "PongNoFrameskip-v4"),
        ("Taxi-v3", "Taxi-v4"),
    ],
)
def test_unknown_name_is_answered_with_the_closest(typed: str, meant: str) -> None:
    with pytest.raises(UnknownNameError, match=f'No environment is called "{typed}". Did you mean "{meant}"?'):
        get_env(typed)
    (problem,) = check_env(typed, "PPO")
    assert problem.field == "env_id"
    assert meant in str(problem)


def test_name_like_nothing_else_gets_no_guess() -> None:
    with pytest.raises(UnknownNameError, match="import that package first") as caught:
        get_env("zzzzqq")
    assert "Did you mean" not in str(caught.value)


def test_name_that_imports_a_module_is_refused_and_imports_nothing() -> None:
    with pytest.raises(EnvironmentUnusableError, match='write "import this" first, then use "Foo-v1" alone'):
        make_env("this:Foo-v1", seed=0)
    assert "this" not in sys.modules
    (problem,) = check_env("this:Foo-v1", "PPO")
    assert problem.field == "env_id"


@pytest.mark.parametrize(
    ("observation_space", "action_space", "reason"),
    [
        (spaces.Text(5), TWO, "observations are of the kind Text"),
        (spaces.Tuple([PLAIN, PLAIN]), TWO, "observations are of the kind Tuple"),
        (spaces.Graph(PLAIN, None), TWO, "observations are of the kind Graph"),
        (spaces.Dict({"a": spaces.Dict({"b": PLAIN})}), TWO, "a Dict inside a Dict"),
        (spaces.Dict({}), TWO, "an empty Dict"),
        (spaces.Dict({"a": PLAIN, "mission": spaces.Text(5)}), TWO, "of the kind Text"),
        (spaces.Discrete(4, start=1), TWO, "observations are not counted from 0"),
        (PLAIN, spaces.Discrete(3, start=-1), "actions are not counted from 0"),
        (PLAIN, spaces.Tuple([TWO, TWO]), "actions are of the kind Tuple"),
        (PLAIN, spaces.Dict({"a": TWO}), "actions are of the kind Dict"),
        (PLAIN, spaces.Box(-np.inf, np.inf, (2,), np.float32), "no lower or upper bound"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_unusable_space_is_named(toy: str, observation_space, action_space, reason: str) -> None:
    register(toy, observation_space=observation_space, action_space=action_space)
    with pytest.raises(EnvironmentUnusableError, match=reason):
        get_env(toy)
    (problem,) = check_env(toy, "PPO")
    assert problem.field == "env_id"


@pytest.mark.parametrize(
    ("observation_space", "action_space", "kinds"),
    [
        (PLAIN, TWO, ("3 numbers", "vector", "discrete")),
        (spaces.Box(0, 255, (64, 48, 3), np.uint8), TWO, ("64×48×3 pixels", "image", "discrete")),
        (spaces.Box(0, 255, (84, 84, 8), np.uint8), TWO, ("84×84×8 pixels", "image", "discrete")),
        (spaces.Box(0, 255, (7, 7, 3), np.uint8), TWO, ("147 numbers", "vector", "discrete")),
        (spaces.Discrete(16), TWO, ("one of 16 states", "discrete", "discrete")),
        (spaces.MultiDiscrete([3, 4]), TWO, ("one of 3×4 states", "discrete", "discrete")),
        (spaces.Dict({"a": PLAIN, "b": TWO}), TWO, ("a: 3 numbers, b: one of 2 states", "dict", "discrete")),
        (PLAIN, spaces.MultiDiscrete([2, 5]), ("3 numbers", "vector", "multidiscrete")),
        (PLAIN, spaces.MultiBinary(4), ("3 numbers", "vector", "multibinary")),
        (PLAIN, spaces.Box(-1.0, 1.0, (2,), np.float32), ("3 numbers", "vector", "continuous")),
    ],
)
def test_any_other_registered_environment_works_by_its_id(toy: str, observation_space, action_space, kinds) -> None:
    register(toy, observation_space=observation_space, action_space=action_space)
    spec = get_env(toy)
    assert (spec.observation_space, spec.observation_kind, spec.action_kind) == kinds
    assert (spec.family, spec.solved_return) == ("other", None)
    assert bool(check_env(toy, "DQN")) == (spec.action_kind != "discrete")
    assert ("DQN" in spec.defaults) == (spec.action_kind == "discrete")


def test_id_registered_anew_is_looked_at_anew(toy: str) -> None:
    register(toy, observation_space=PLAIN, action_space=TWO)
    assert get_env(toy).action_space == "Discrete 2"
    del gym.registry[toy]
    register(toy, observation_space=PLAIN, action_space=spaces.Discrete(5))
    assert get_env(toy).action_space == "Discrete 5"


def test_missing_package_is_named_with_its_command(toy: str) -> None:
    register(toy, Needy)
    with pytest.raises(EnvironmentUnusableError, match="pip install emulator_x"):
        get_env(toy)


def test_gymnasiums_own_extras_are_named() -> None:
    assert install_command(gym.spec("Ant-v5"), ImportError("no")) == 'pip install "gymnasium[mujoco]"'


def test_foreign_mistake_becomes_a_sentence(toy: str) -> None:
    register(toy, Broken)
    with pytest.raises(EnvironmentUnusableError, match="cannot be made: KeyError: 'level_9'"):
        get_env(toy)


def test_dqn_on_continuous_actions_says_why_and_what_to_do() -> None:
    (problem,) = check_env("BipedalWalker-v3", "DQN")
    assert problem.field == "algorithm"
    assert "real numbers" in problem.message
    assert "PPO or A2C" in problem.remedy
    assert not check_env("BipedalWalker-v3", "PPO")


def test_unknown_algorithm_is_a_problem() -> None:
    (problem,) = check_env("CartPole-v1", "PPPO")
    assert 'Did you mean "PPO"?' in problem.message


def test_unlisted_atari_game_gets_the_standard_preprocessing() -> None:
    spec = get_env("ALE/Tetris-v5")
    assert (spec.family, spec.observation_space) == ("atari", PIXELS)
    assert spec.defaults == get_env("ALE/Pong-v5").defaults


@pytest.mark.parametrize("spec", ALL, ids=lambda spec: spec.id)
def test_tuned_settings_are_whole_and_fit(spec) -> None:
    for name, tuned in spec.defaults.items():
        assert tuned == tuned_defaults(spec.id, name)
        assert set(tuned.hyperparameters) == set(HYPERPARAMETERS[name].model_fields)
        assert tuned.source
        settings = tuned.hyperparameters
        if name == "PPO":
            assert settings["n_steps"] * tuned.n_envs % settings["batch_size"] == 0
        if name == "DQN" and spec.observation_kind == "image":
            assert settings["buffer_size"] * 84 * 84 < 0.75e9


def test_replay_buffer_of_a_large_unknown_observation_fits_into_memory(toy: str) -> None:
    register(toy, observation_space=spaces.Box(0, 255, (210, 160, 3), np.uint8), action_space=TWO)
    tuned = tuned_defaults(toy, "DQN")
    assert tuned.hyperparameters["buffer_size"] * 2 * 210 * 160 * 3 < 2.4e9
    assert "2.3 GB" in tuned.source
