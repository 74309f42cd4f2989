"""Hyperparameters and their knobs."""

from __future__ import annotations

import inspect
from typing import Annotated

import pytest
from pydantic import BaseModel, Field
from stable_baselines3 import A2C, DQN, PPO

from retroml_edu.core.hyperparameters import HYPERPARAMETERS, DQNHyperparameters, PPOHyperparameters
from retroml_edu.core.knobs import Knob, knob_specs, shown_value

STABLE_BASELINES = {"PPO": PPO, "A2C": A2C, "DQN": DQN}
OURS = {"learning_rate_schedule", "clip_range_schedule", "net_arch", "activation"}
"""Settings that stable-baselines3 takes in another form: as a callable or within policy_kwargs."""

every_setting = pytest.mark.parametrize(
    ("algorithm", "name"),
    [(algorithm, name) for algorithm, model in HYPERPARAMETERS.items() for name in model.model_fields],
)


@every_setting
def test_a_default_is_that_of_stable_baselines3(algorithm: str, name: str) -> None:
    parameters = inspect.signature(STABLE_BASELINES[algorithm].__init__).parameters
    if name in OURS:
        assert name not in parameters
    else:
        assert HYPERPARAMETERS[algorithm].model_fields[name].default == parameters[name].default


@every_setting
def test_a_setting_has_a_knob_that_teaches_and_a_slider_within_the_allowed_range(algorithm: str, name: str) -> None:
    model = HYPERPARAMETERS[algorithm]
    spec = knob_specs(model)[name]
    assert spec.name == name
    assert spec.knob.label
    assert len(spec.help) > 20
    if spec.kind in {"int", "float"}:
        assert spec.low is not None
        assert spec.high is not None
        assert spec.low < spec.high
        assert spec.knob.scale == "linear" or spec.low > 0
        for end in (spec.low, spec.high):
            given = {name: int(end) if spec.kind == "int" else end}
            if name == "exploration_initial_eps":
                given["exploration_final_eps"] = 0.0
            model(**given)
        if spec.default is not None:
            assert spec.low <= spec.default <= spec.high or name in {"ent_coef", "max_grad_norm"}


def test_labels_are_unique_on_a_form() -> None:
    for model in HYPERPARAMETERS.values():
        labels = [spec.knob.label for spec in knob_specs(model).values()]
        assert len(labels) == len(set(labels))


@pytest.mark.parametrize(
    ("model", "name", "kind", "optional"),
    [
        (PPOHyperparameters, "n_steps", "int", False),
        (PPOHyperparameters, "clip_range", "float", False),
        (PPOHyperparameters, "target_kl", "float", True),
        (PPOHyperparameters, "normalize_advantage", "bool", False),
        (PPOHyperparameters, "learning_rate_schedule", "choice", False),
        (DQNHyperparameters, "buffer_size", "int", False),
    ],
)
def test_a_spec_knows_the_kind_of_its_setting(model, name: str, kind: str, optional: bool) -> None:
    spec = knob_specs(model)[name]
    assert (spec.kind, spec.optional) == (kind, optional)


def test_a_knob_narrows_the_allowed_range_and_a_plain_field_has_none() -> None:
    class Settings(BaseModel):
        speed: Annotated[float, Field(ge=0, le=100, description="How fast."), Knob("Speed", high=10)] = 1.0
        hidden: int = 3

    specs = knob_specs(Settings)
    assert list(specs) == ["speed"]
    assert (specs["speed"].low, specs["speed"].high, specs["speed"].default) == (0, 10, 1.0)
    assert specs["speed"].help == "How fast."


def test_exploration_cannot_rise() -> None:
    with pytest.raises(ValueError, match="exploration can only fall"):
        DQNHyperparameters(exploration_initial_eps=0.1, exploration_final_eps=0.5)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "off"),
        (True, "on"),
        (False, "off"),
        (1, "1"),
        (1_000_000, "1,000,000"),
        (0.5, "0.5"),
        (1.0, "1"),
        (10.0, "10"),
        (0.0, "0"),
        (3e-4, "0.0003"),
        (2.5e-4, "0.00025"),
        (1e-5, "0.00001"),
        (1e-6, "0.000001"),
        (1e-8, "1e-8"),
        (0.9999, "0.9999"),
        (0.1 + 0.2, "0.3"),
        (1 / 3, "0.333333"),
        (1.5e6, "1500000"),
        ("linear", "linear"),
        ((64,), "64"),
        ((1024, 64), "1024 × 64"),
        ([64, 64], "64 × 64"),
    ],
)
def test_a_value_is_shown_as_on_the_form(value: object, words: str) -> None:
    assert shown_value(value) == words


def test_a_seed_is_no_amount() -> None:
    assert shown_value(1_234_567, "seed") == "1234567"
    assert shown_value(1_234_567, "n_steps") == "1,234,567"
