"""Presets: each can be trained as it is, says where it comes from, and claims no more than was seen."""

import pytest

from retroml_edu.core.config import ALGORITHMS, ExperimentConfig
from retroml_edu.core.hyperparameters import HYPERPARAMETERS
from retroml_edu.core.knobs import knob_specs
from retroml_edu.envs import check_env, get_env, list_envs, resolve_config, tuned_defaults
from retroml_edu.envs.expectations import expectation
from retroml_edu.envs.preset_returns import kept_returns, measured_returns, measured_sentence
from retroml_edu.envs.presets import PRESETS, preset, presets
from retroml_edu.session.check import check

TYPED = ("RetroML/PongPixelsSticky-v0", "RetroML/SeaquestPixels-v0", "Taxi-v4", "Pendulum-v1")
PAIRS = [
    (env_id, algorithm)
    for env_id in (*(spec.id for spec in list_envs()), *TYPED)
    for algorithm in ALGORITHMS
    if not check_env(env_id, algorithm)
]


def config_of(env_id, algorithm, item):
    return ExperimentConfig(
        env_id=env_id,
        algorithm=algorithm,
        run_type="custom",
        total_timesteps=item.total_timesteps,
        seed=1,
        n_envs=item.n_envs,
        normalize=item.normalize,
        hyperparameters=dict(item.hyperparameters),
    )


@pytest.mark.parametrize(("env_id", "algorithm"), PAIRS)
def test_every_preset_can_be_trained_and_nothing_is_odd_about_it(env_id, algorithm):
    for item in presets(env_id, algorithm):
        config = config_of(env_id, algorithm, item)
        assert resolve_config(config) == config, "a preset leaves nothing open"
        assert check(config) == [], item.name


@pytest.mark.parametrize(("env_id", "algorithm"), PAIRS)
def test_every_preset_says_what_it_is_and_where_it_comes_from(env_id, algorithm):
    known = presets(env_id, algorithm)
    assert tuple(item.name for item in known) == PRESETS
    for item in known:
        assert item.aim.endswith(".")
        assert len(item.source) > 20
        assert item.source.endswith(".")


@pytest.mark.parametrize(("env_id", "algorithm"), PAIRS)
def test_the_sliders_reach_every_preset(env_id, algorithm):
    knobs = knob_specs(HYPERPARAMETERS[algorithm])
    for item in presets(env_id, algorithm):
        for name, value in item.hyperparameters.items():
            knob = knobs[name]
            if knob.kind in ("int", "float") and value not in (None, 0):
                assert knob.low <= value <= knob.high, (item.name, name)
            elif knob.kind == "choice":
                assert value in knob.choices


@pytest.mark.parametrize(("env_id", "algorithm"), PAIRS)
def test_stable_takes_smaller_steps_on_no_less_data_than_fast(env_id, algorithm):
    fast, stable, _ = presets(env_id, algorithm)
    before, after = fast.hyperparameters, stable.hyperparameters
    assert after["learning_rate"] < before["learning_rate"]
    assert after["learning_rate_schedule"] == "linear"
    assert stable.total_timesteps > fast.total_timesteps
    if algorithm == "PPO":
        assert after["clip_range"] < before["clip_range"]
        assert after["batch_size"] > before["batch_size"]
    elif algorithm == "DQN":
        assert after["batch_size"] > before["batch_size"]
    else:
        assert after["n_steps"] > before["n_steps"]


def test_fast_is_what_a_form_begins_with_and_has_the_length_of_a_lesson():
    for env_id in ("CartPole-v1", "RetroML/PongPixels-v0"):
        item, tuned = preset(env_id, "PPO", "fast"), tuned_defaults(env_id, "PPO")
        assert dict(item.hyperparameters) == dict(tuned.hyperparameters)
        assert (item.n_envs, item.normalize) == (tuned.n_envs, tuned.normalize)
    assert preset("CartPole-v1", "PPO", "fast").total_timesteps == 10_000
    assert (
        preset("RetroML/PongPixels-v0", "PPO", "fast").total_timesteps == get_env("RetroML/PongPixels-v0").lesson_steps
    )


def test_high_score_is_the_published_entry():
    item = preset("LunarLander-v3", "PPO", "high score")
    settings = item.hyperparameters
    assert (item.total_timesteps, item.n_envs, settings["n_steps"], settings["gamma"]) == (1_000_000, 16, 1024, 0.999)
    assert settings["learning_rate"] == HYPERPARAMETERS["PPO"].model_fields["learning_rate"].default
    assert "hyperparams/ppo.yml" in item.source
    assert "LunarLander-v2" in item.source, "what differs from the entry is said"
    assert preset("ALE/Pong-v5", "DQN", "high score").total_timesteps == 10_000_000


def test_what_nobody_has_published_or_measured_is_not_claimed():
    for env_id in ("RetroML/BoxingObjects-v0", "Taxi-v4"):
        long = preset(env_id, "PPO", "high score")
        assert "published" in long.source
        assert "Zoo (Raffin 2020), hyperparams" not in long.source
    for env_id, algorithm in PAIRS:
        for item in presets(env_id, algorithm):
            kept = measured_returns(env_id, algorithm, item.name, item.settings)
            lesson = item.name == "fast" and expectation(env_id, algorithm) is not None
            assert bool(item.measured) == (bool(kept) or lesson), (env_id, algorithm, item.name)
    assert "9 of 10 runs" in preset("RetroML/PongPixels-v0", "PPO", "fast").measured
    assert preset("RetroML/PongPixels-v0", "DQN", "fast").measured == ""


def test_what_is_kept_was_measured_with_the_presets_as_they_are():
    """Else `python -m tests.campaigns presets --keep` has to measure anew: until then it is told of none."""
    assert kept_returns()
    for (env_id, algorithm, name), row in kept_returns().items():
        assert row["settings"] == preset(env_id, algorithm, name).settings, (env_id, algorithm, name)
        assert len(row["returns"]) >= 3


def test_returns_of_other_settings_do_not_count():
    item = preset("CartPole-v1", "PPO", "fast")
    known = measured_returns("CartPole-v1", "PPO", "fast", item.settings)
    assert measured_sentence(known) == item.measured
    assert measured_returns("CartPole-v1", "PPO", "fast", item.settings | {"n_envs": 3}) == ()
    assert measured_sentence(()) == ""
