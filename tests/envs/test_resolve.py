"""What a person set stays; what was left open is filled in so that it fits."""

from __future__ import annotations

import pytest

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.errors import ConfigError, UnknownNameError
from retroml_edu.envs import get_env, list_envs, resolve_config, tuned_defaults


def config(**settings) -> ExperimentConfig:
    return ExperimentConfig(**{"env_id": "CartPole-v1", "seed": 1, **settings})


@pytest.mark.parametrize("spec", list_envs(), ids=lambda spec: spec.id)
def test_empty_config_becomes_the_tuned_one(spec) -> None:
    for algorithm, tuned in spec.defaults.items():
        resolved = resolve_config(config(env_id=spec.id, algorithm=algorithm, run_type="medium"))
        assert (resolved.n_envs, resolved.normalize) == (tuned.n_envs, tuned.normalize)
        assert resolved.hyperparameters.model_dump() == dict(tuned.hyperparameters)
        assert resolve_config(resolved) == resolved
        assert ExperimentConfig(**resolved.to_json_dict()) == resolved


def test_what_was_set_stays() -> None:
    resolved = resolve_config(
        config(n_envs=3, normalize=True, hyperparameters={"learning_rate": 1e-5, "net_arch": (8,)})
    )
    assert (resolved.n_envs, resolved.normalize) == (3, True)
    assert resolved.hyperparameters.learning_rate == 1e-5
    assert resolved.hyperparameters.net_arch == (8,)
    tuned = tuned_defaults("CartPole-v1", "PPO").hyperparameters
    assert resolved.hyperparameters.gamma == tuned["gamma"]


def test_a_game_made_for_lessons_brings_its_length_where_none_was_given() -> None:
    env_id = "RetroML/PongPixels-v0"
    left_open = resolve_config(ExperimentConfig(env_id=env_id))
    assert (left_open.run_type, left_open.total_timesteps) == ("custom", get_env(env_id).lesson_steps)
    moved = resolve_config(ExperimentConfig(env_id="CartPole-v1", seed=3).changed(env_id=env_id))
    assert moved.total_timesteps == left_open.total_timesteps
    for length in ({"run_type": "quick"}, {"total_timesteps": 10_000}):
        chosen = resolve_config(ExperimentConfig(env_id=env_id, **length))
        assert (chosen.run_type, chosen.total_timesteps) == ("quick", 10_000)
        assert chosen.changed(seed=4).total_timesteps == 10_000
    other = resolve_config(ExperimentConfig(env_id="CartPole-v1"))
    assert (other.run_type, other.total_timesteps) == ("quick", 10_000)


def test_setting_that_equals_the_algorithms_default_still_counts_as_set() -> None:
    resolved = resolve_config(config(hyperparameters={"gamma": 0.99}))
    assert resolved.hyperparameters.gamma == 0.99 != tuned_defaults("CartPole-v1", "PPO").hyperparameters["gamma"]


@pytest.mark.parametrize(
    ("settings", "n_steps", "batch_size"),
    [
        ({"n_envs": 1}, 32, 32),
        ({"hyperparameters": {"n_steps": 4}}, 4, 32),
        ({"n_envs": 3, "hyperparameters": {"batch_size": 90}}, 32, 90),
    ],
)
def test_open_settings_of_ppo_bend_to_the_set_ones(settings, n_steps: int, batch_size: int) -> None:
    resolved = resolve_config(config(**settings))
    assert (resolved.hyperparameters.n_steps, resolved.hyperparameters.batch_size) == (n_steps, batch_size)


def test_clash_of_two_set_values_is_told() -> None:
    with pytest.raises(ConfigError, match="batch_size=512 is larger than the rollout"):
        resolve_config(config(hyperparameters={"batch_size": 512, "n_steps": 16}))


def test_batch_larger_than_the_tuned_rollout_is_told_not_bent() -> None:
    with pytest.raises(ConfigError, match="lower 'Mini-batch' to 256 or raise 'Rollout length'"):
        resolve_config(config(hyperparameters={"batch_size": 1000}))


def test_warm_up_of_dqn_leaves_most_of_a_short_run() -> None:
    atari = {"env_id": "ALE/Pong-v5", "algorithm": "DQN"}
    assert resolve_config(config(**atari)).hyperparameters.learning_starts == 1_000
    assert resolve_config(config(**atari, run_type="short")).hyperparameters.learning_starts == 10_000
    asked = config(**atari, hyperparameters={"learning_starts": 9_000})
    assert resolve_config(asked).hyperparameters.learning_starts == 9_000


def test_last_epsilon_bends_to_a_first_one_that_was_set() -> None:
    assert tuned_defaults("LunarLander-v3", "DQN").hyperparameters["exploration_final_eps"] == 0.1
    asked = config(env_id="LunarLander-v3", algorithm="DQN", hyperparameters={"exploration_initial_eps": 0.06})
    assert resolve_config(asked).hyperparameters.exploration_final_eps == 0.06


def test_unknown_environment_is_told() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean"):
        resolve_config(config(env_id="CartPole-v2"))


def test_a_lesson_with_sticky_actions_is_twice_as_long() -> None:
    plain, sticky = (get_env(f"RetroML/PongPixels{kind}-v0").lesson_steps for kind in ("", "Sticky"))
    assert plain is not None
    assert sticky == 2 * plain
