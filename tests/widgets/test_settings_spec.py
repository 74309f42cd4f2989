"""The form as data: config and values turn into each other without loss."""

import json

import pytest

from retroml_edu.core.config import ALGORITHMS, ExperimentConfig
from retroml_edu.core.errors import ConfigError
from retroml_edu.envs import check_env, get_env, list_envs, resolve_config
from retroml_edu.widgets.settings_spec import form_spec
from retroml_edu.widgets.settings_values import BY_TIME, OTHER_ENV, form_values, request_of

PAIRS = [(spec.id, name) for spec in list_envs() for name in ALGORITHMS if not check_env(spec.id, name)]
KINDS = [("CartPole-v1", "PPO"), ("CartPole-v1", "A2C"), ("CartPole-v1", "DQN"), ("ALE/Pong-v5", "DQN")]


def config(env_id="CartPole-v1", algorithm="PPO", **settings):
    return ExperimentConfig(env_id=env_id, algorithm=algorithm, **{"seed": 3} | settings)


def fields(spec):
    return {field["name"]: field for section in spec for field in section["fields"] if "name" in field}


@pytest.mark.parametrize(("env_id", "algorithm"), PAIRS)
def test_a_config_comes_back_from_the_form_resolved(env_id, algorithm):
    asked = config(env_id, algorithm)
    values = form_values(asked)
    request = request_of(json.loads(json.dumps(values)), asked)
    assert request.duration_s is None
    assert request.config.to_json_dict() == resolve_config(asked).to_json_dict()
    assert form_values(request.config) == values


@pytest.mark.parametrize(("env_id", "algorithm"), PAIRS)
def test_a_slider_holds_its_default(env_id, algorithm):
    for name, field in fields(form_spec(form_values(config(env_id, algorithm)))).items():
        if field["type"] != "slider":
            continue
        assert field["low"] < field["high"], name
        if field["default"] is None:
            assert field["optional"], name
        else:
            assert field["low"] <= field["default"] <= field["high"], name


@pytest.mark.parametrize(("env_id", "algorithm"), KINDS)
def test_every_field_teaches_and_has_a_value(env_id, algorithm):
    asked = config(env_id, algorithm)
    spec = form_spec(form_values(asked))
    assert json.loads(json.dumps(spec)) == spec
    found = fields(spec)
    names = [field["name"] for section in spec for field in section["fields"] if "name" in field]
    assert len(names) == len(found), "a name stands twice"
    only_of_pictures = {"precision"} - ({"precision"} if get_env(env_id).observation_kind == "image" else set())
    assert found.keys() == form_values(asked).keys() - only_of_pictures
    for name, field in found.items():
        assert field["label"], name
        assert len(field["help"]) > 20, name
        if "choices" in field and "default" in field:
            assert field["default"] in [choice["value"] for choice in field["choices"]], name


@pytest.mark.parametrize("run_type", ["quick", "short", "medium", "long"])
def test_a_named_length_is_kept(run_type):
    asked = config(run_type=run_type)
    request = request_of(form_values(asked), asked)
    assert request.config.run_type == run_type
    assert request.config.total_timesteps == asked.total_timesteps


def test_a_custom_length_is_kept():
    asked = config(run_type="custom", total_timesteps=1234)
    assert request_of(form_values(asked), asked).config.total_timesteps == 1234


@pytest.mark.parametrize(
    ("hours", "minutes", "duration_s"), [(0, 5, 300.0), (2, 30, 9000.0), (1, 0, 3600.0), ("", 1, 60.0)]
)
def test_a_time_is_asked_for_in_seconds(hours, minutes, duration_s):
    asked = config()
    values = form_values(asked) | {"run_type": BY_TIME, "hours": hours, "minutes": minutes}
    assert request_of(values, asked).duration_s == duration_s


@pytest.mark.parametrize(("hours", "minutes"), [(0, 0), (0, -5), (721, 0), ("soon", 5), (0, "a while"), (0, "nan")])
def test_a_time_that_is_none_is_said_beside_the_minutes(hours, minutes):
    values = form_values(config()) | {"run_type": BY_TIME, "hours": hours, "minutes": minutes}
    with pytest.raises(ConfigError, match="Give a time between a minute and thirty days") as raised:
        request_of(values, config())
    assert {problem.field for problem in raised.value.problems} <= {"hours", "minutes"}


def test_an_id_that_is_not_listed_goes_by_its_own_field():
    asked = config("Taxi-v4", "DQN")
    values = form_values(asked)
    assert (values["env_id"], values["custom_env_id"]) == (OTHER_ENV, "Taxi-v4")
    assert request_of(values, asked).config.env_id == "Taxi-v4"
    assert request_of(values | {"custom_env_id": "  Taxi-v4 "}, asked).config.env_id == "Taxi-v4"
    assert form_spec(form_values(asked))


def test_no_id_is_asked_for_in_a_sentence():
    values = form_values(config()) | {"env_id": OTHER_ENV, "custom_env_id": " "}
    with pytest.raises(ConfigError, match="Type the id of a Gymnasium environment, or pick one"):
        request_of(values, config())


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("seed", -1),
        ("seed", "forty-two"),
        ("seed", ""),
        ("seed", 1.5),
        ("n_envs", 0),
        ("n_envs", "two"),
        ("hyperparameters.learning_rate", "fast"),
        ("hyperparameters.learning_rate", 0),
        ("hyperparameters.batch_size", 1),
        ("hyperparameters.batch_size", 100_000),
        ("hyperparameters.n_epochs", 2.5),
        ("video.length_s", 0),
        ("video.quality", "best"),
        ("device", "abacus"),
    ],
)
def test_a_wrong_value_is_named_with_its_field(field, value):
    asked = config()
    with pytest.raises(ConfigError) as raised:
        request_of(form_values(asked) | {field: value}, asked)
    assert [problem.field for problem in raised.value.problems] == [field]


@pytest.mark.parametrize("steps", [0, -5, "many", "", None, 10**11])
def test_wrong_steps_are_named_with_their_field(steps):
    values = form_values(config()) | {"run_type": "custom", "total_timesteps": steps}
    with pytest.raises(ConfigError) as raised:
        request_of(values, config())
    assert [problem.field for problem in raised.value.problems] == ["total_timesteps"]


def test_what_lies_beyond_a_slider_is_kept():
    asked = config(n_envs=48, hyperparameters={"n_epochs": 90, "net_arch": [17, 5], "learning_rate": 0.05})
    request = request_of(form_values(asked), asked)
    assert request.config.to_json_dict() == resolve_config(asked).to_json_dict()


def test_what_the_form_does_not_show_comes_from_the_base():
    asked = config(group_id="class-7", owner="ada", video={"milestones": (0.5,), "length_s": 4})
    made = request_of(form_values(asked), asked).config
    assert (made.group_id, made.owner, made.video.milestones) == ("class-7", "ada", (0.5,))


def test_values_of_another_algorithm_are_left_aside():
    asked = config()
    values = form_values(config(algorithm="DQN")) | form_values(asked)
    assert request_of(values, asked).config.algorithm == "PPO"
