"""Three sets of settings for each algorithm and environment, and what is known of each.

*fast* shows learning within a lesson, *stable* takes smaller steps on more data, *high score* is long and published
where anything is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Literal, get_args

from retroml_edu.core.hyperparameters import HYPERPARAMETERS, AlgorithmName
from retroml_edu.envs.expectations import expectation
from retroml_edu.envs.preset_returns import measured_returns, measured_sentence
from retroml_edu.envs.published import PUBLISHED, PUBLISHED_ATARI, Published
from retroml_edu.envs.registry import get_env, tuned_defaults
from retroml_edu.envs.resolve import WARM_UP_SHARE
from retroml_edu.envs.specs import EnvSpec, TunedDefaults

PresetName = Literal["fast", "stable", "high score"]
PRESETS: tuple[PresetName, ...] = get_args(PresetName)

AIMS: Mapping[PresetName, str] = {
    "fast": "Shows learning within a lesson.",
    "stable": "Smaller steps on more data: a steadier curve that takes longer.",
    "high score": "The long run, for the best agent.",
}

_FAST_STEPS: Mapping[tuple[str, AlgorithmName], int] = {
    ("CartPole-v1", "PPO"): 10_000,
    ("CartPole-v1", "A2C"): 50_000,
    ("CartPole-v1", "DQN"): 10_000,
    ("MountainCar-v0", "DQN"): 120_000,
    ("Acrobot-v1", "PPO"): 30_000,
    ("LunarLander-v3", "PPO"): 150_000,
    ("LunarLander-v3", "DQN"): 100_000,
    ("BipedalWalker-v3", "PPO"): 1_000_000,
    ("BipedalWalker-v3", "A2C"): 1_000_000,
}
_FAST_STEPS_OF_FAMILIES: Mapping[str, int] = {"classic": 300_000, "box2d": 200_000, "atari": 1_000_000}
_FAST_STEPS_ELSEWHERE = 100_000
_LONGER_IF_STABLE = 3
_LONGER_LESSON = 5
_LONG_ELSEWHERE = 1_000_000
_MOST_ENVS = 16
_MOST_BATCH = {"PPO": 4_096, "DQN": 1_024}
_MOST_ROLLOUT = 256
"""Of A2C, whose updates are small by design."""
_LEAST_CLIP, _LEAST_RATE = 0.05, 1e-5
_MOST_REFRESH = 50_000

_HALVED: Mapping[AlgorithmName, str] = {
    "PPO": "half the learning rate and half the clip range, both falling to zero; twice the mini-batch, and more "
    "environments side by side",
    "A2C": "half the learning rate, falling to zero; twice the rollout",
    "DQN": "half the learning rate, falling to zero; twice the mini-batch, and a target network that is refreshed half "
    "as often",
}


@dataclass(frozen=True, slots=True)
class Preset:
    """Settings to choose by one name.

    Attributes:
        name: What it goes by.
        aim: What it is for, a sentence.
        n_envs: Environments side by side.
        normalize: Whether observations and rewards are scaled by running statistics.
        hyperparameters: Every hyperparameter of the algorithm, by name.
        total_timesteps: Length of the run.
        source: Where the values come from, a sentence.
        measured: What was seen with exactly these values, a sentence; empty where nobody has measured them.
    """

    name: PresetName
    aim: str
    n_envs: int
    normalize: bool
    hyperparameters: Mapping[str, Any]
    total_timesteps: int
    source: str
    measured: str = ""

    @property
    def settings(self) -> dict[str, Any]:
        """What it sets, as JSON values."""
        return {
            "total_timesteps": self.total_timesteps,
            "n_envs": self.n_envs,
            "normalize": self.normalize,
            "hyperparameters": {
                name: list(value) if isinstance(value, tuple) else value for name, value in self.hyperparameters.items()
            },
        }


def presets(env_id: str, algorithm: AlgorithmName) -> tuple[Preset, ...]:
    """Return all presets of an algorithm in an environment, in order.

    Raises:
        UnknownNameError: If no environment goes by this id.
        EnvironmentUnusableError: If it cannot be made, or no algorithm can learn in its spaces.
    """
    return tuple(preset(env_id, algorithm, name) for name in PRESETS)


def preset(env_id: str, algorithm: AlgorithmName, name: PresetName) -> Preset:
    """Return one preset.

    Raises:
        UnknownNameError: If no environment goes by this id.
        EnvironmentUnusableError: If it cannot be made, or no algorithm can learn in its spaces.
    """
    env, tuned = get_env(env_id), tuned_defaults(env_id, algorithm)
    make = {"fast": _fast, "stable": _stable, "high score": _high_score}[name]
    made = make(env, tuned, algorithm)
    return replace(made, measured=_measured(env_id, algorithm, made))


def _measured(env_id: str, algorithm: AlgorithmName, made: Preset) -> str:
    sentence = measured_sentence(measured_returns(env_id, algorithm, made.name, made.settings))
    known = expectation(env_id, algorithm) if made.name == "fast" else None
    return sentence or (known.sentence if known is not None else "")


def _fast(env: EnvSpec, tuned: TunedDefaults, algorithm: AlgorithmName) -> Preset:
    unlike_a_lesson = env.family == "atari" and env.lesson_steps is None
    aim = (
        "As much of the standard setting as fits into a longer lesson: too little to see much learning. A fast form of "
        "the game learns in minutes."
        if unlike_a_lesson
        else AIMS["fast"]
    )
    return _made(
        "fast",
        algorithm,
        _fast_steps(env, algorithm),
        tuned.n_envs,
        tuned.normalize,
        tuned.hyperparameters,
        aim=aim,
        source=f"The settings that the form begins with. {tuned.source}",
    )


def _stable(env: EnvSpec, tuned: TunedDefaults, algorithm: AlgorithmName) -> Preset:
    settings, n_envs = dict(tuned.hyperparameters), tuned.n_envs
    settings["learning_rate"] = max(_LEAST_RATE, float(f"{settings['learning_rate'] / 2:.3g}"))
    settings["learning_rate_schedule"] = "linear"
    if algorithm == "PPO":
        n_envs = max(n_envs, min(2 * n_envs, _MOST_ENVS))
        settings["clip_range"] = max(_LEAST_CLIP, round(settings["clip_range"] / 2, 3))
        settings["clip_range_schedule"] = "linear"
        settings["batch_size"] = min(2 * settings["batch_size"], _MOST_BATCH["PPO"], n_envs * settings["n_steps"])
    elif algorithm == "A2C":
        settings["n_steps"] = min(2 * settings["n_steps"], _MOST_ROLLOUT)
    else:
        settings["batch_size"] = min(2 * settings["batch_size"], _MOST_BATCH["DQN"])
        settings["target_update_interval"] = min(2 * settings["target_update_interval"], _MOST_REFRESH)
    return _made(
        "stable",
        algorithm,
        _LONGER_IF_STABLE * _fast_steps(env, algorithm),
        n_envs,
        tuned.normalize,
        settings,
        aim=AIMS["stable"],
        source=f"Made from fast by a rule: {_HALVED[algorithm]}; three times as many steps.",
    )


def _high_score(env: EnvSpec, tuned: TunedDefaults, algorithm: AlgorithmName) -> Preset:
    published = _published(env, algorithm)
    if published is None:
        if env.lesson_steps is not None:
            steps = _LONGER_LESSON * env.lesson_steps
            source = "Nobody has published settings for the fast form of a game: fast's, five times as long."
        else:
            steps, source = _LONG_ELSEWHERE, f"Nothing is published for this environment: {tuned.source}"
        n_envs, normalize, settings = tuned.n_envs, tuned.normalize, tuned.hyperparameters
    else:
        steps, n_envs, normalize = published.total_timesteps, published.n_envs, published.normalize
        settings = HYPERPARAMETERS[algorithm](**published.settings).model_dump()
        differs = f", {published.differs}" if published.differs else ""
        source = f"RL Baselines3 Zoo (Raffin 2020), hyperparams/{algorithm.lower()}.yml, its length too{differs}."
    return _made("high score", algorithm, steps, n_envs, normalize, settings, aim=AIMS["high score"], source=source)


def _published(env: EnvSpec, algorithm: AlgorithmName) -> Published | None:
    if env.family == "atari":
        return PUBLISHED_ATARI[algorithm] if env.lesson_steps is None else None
    return PUBLISHED.get((env.id, algorithm))


def _fast_steps(env: EnvSpec, algorithm: AlgorithmName) -> int:
    if env.lesson_steps is not None:
        return env.lesson_steps
    by_family = _FAST_STEPS_OF_FAMILIES.get(env.family, _FAST_STEPS_ELSEWHERE)
    return _FAST_STEPS.get((env.id, algorithm), by_family)


def _made(
    name: PresetName,
    algorithm: AlgorithmName,
    steps: int,
    n_envs: int,
    normalize: bool,
    settings: Mapping[str, Any],
    *,
    aim: str,
    source: str,
) -> Preset:
    """Return a preset with its settings bent as those of a run are that nobody has set: see `resolve_config`."""
    bent = dict(settings)
    if algorithm == "PPO":
        bent["batch_size"] = max(2, min(bent["batch_size"], bent["n_steps"] * n_envs))
    elif algorithm == "DQN":
        bent["learning_starts"] = min(bent["learning_starts"], steps // WARM_UP_SHARE)
    return Preset(name, aim, n_envs, normalize, MappingProxyType(bent), steps, source)
