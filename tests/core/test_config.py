"""The configuration: closed, checked, and worded for a learner."""

from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from retroml_edu.core.config import ALGORITHMS, MAX_SEED, RUN_LENGTHS, ExperimentConfig, stored_config
from retroml_edu.core.errors import ConfigError, RetroMLError
from retroml_edu.core.hyperparameters import HYPERPARAMETERS, A2CHyperparameters, DQNHyperparameters, PPOHyperparameters
from retroml_edu.core.migration import SCHEMA_VERSION, migrated
from retroml_edu.core.settings import CheckpointSettings, VideoSettings


def config(**settings: object) -> ExperimentConfig:
    return ExperimentConfig(**{"env_id": "CartPole-v1", "seed": 1} | settings)


def refused(**settings: object) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        config(**settings)
    return caught.value


@pytest.mark.parametrize(("run_type", "steps"), RUN_LENGTHS.items())
def test_a_run_type_decides_the_steps(run_type: str, steps: int) -> None:
    assert config(run_type=run_type).total_timesteps == steps
    assert config(run_type=run_type, total_timesteps=steps).total_timesteps == steps


def test_defaults() -> None:
    plain = config()
    assert (plain.algorithm, plain.run_type, plain.total_timesteps) == ("PPO", "quick", 10_000)
    assert plain.hyperparameters == PPOHyperparameters()
    assert plain.n_envs is None
    assert plain.normalize is None


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_algorithm_chooses_the_model_of_its_hyperparameters(algorithm: str) -> None:
    made = config(algorithm=algorithm.lower(), hyperparameters={"learning_rate": 1e-3})
    assert made.algorithm == algorithm
    assert type(made.hyperparameters) is HYPERPARAMETERS[algorithm]
    assert made.hyperparameters.model_fields_set == {"learning_rate"}


def test_a_seed_is_drawn_where_none_is_given() -> None:
    seeds = {ExperimentConfig(env_id="CartPole-v1").seed for _ in range(20)}
    assert len(seeds) > 1
    assert all(0 <= seed <= MAX_SEED for seed in seeds)


@pytest.mark.parametrize(
    ("settings", "field", "words"),
    [
        ({"seed": -1}, "seed", "seed=-1: it must be greater than or equal to 0"),
        ({"seed": MAX_SEED + 1}, "seed", "less than or equal to"),
        ({"n_envs": 0}, "n_envs", "n_envs=0: it must be greater than or equal to 1"),
        ({"n_envs": 1_000}, "n_envs", "less than or equal to 64"),
        ({"env_id": ""}, "env_id", "env_id=''"),
        ({"env_id": "Cart\x1b[31mPole"}, "env_id", r"env_id='Cart\x1b[31mPole': an environment's id is made of"),
        ({"env_id": "CartPole-v1\n"}, "env_id", r"env_id='CartPole-v1\n'"),
        ({"env_id": "Pong\u202ev5"}, "env_id", r"env_id='Pong\u202ev5'"),
        ({"se\x1bed": 1}, "se\x1bed", r'"se\x1bed" is no setting of a run.'),
        ({"algorithm": "PP0"}, "algorithm", 'Did you mean "PPO"?'),
        ({"run_type": "shrot"}, "run_type", 'Did you mean "short"?'),
        ({"device": "gpu"}, "device", "device='gpu' is not one of 'auto', 'cpu', 'cuda' or 'mps'"),
        ({"run_type": "custom"}, "total_timesteps", "needs total_timesteps"),
        ({"run_type": "custom", "total_timesteps": 0}, "total_timesteps", "total_timesteps=0: it must be"),
        ({"total_timesteps": 500}, "total_timesteps", 'goes with run_type="custom", not with "quick" (10,000 steps)'),
        ({"total_timestep": 500}, "total_timestep", 'Did you mean "total_timesteps"?'),
        ({"schema_version": SCHEMA_VERSION + 1}, "schema_version", "update retroml_edu"),
        ({"schema_version": True}, "schema_version", "written by no released version"),
        ({"schema_version": 1.5}, "schema_version", "schema_version=1.5"),
        ({"schema_version": 0}, "schema_version", "written by no released version"),
        (
            {"hyperparameters": {"learning_rte": 1}},
            "hyperparameters.learning_rte",
            '"learning_rte" is no setting of PPO. Did you mean "learning_rate"?',
        ),
        ({"hyperparameters": {"lr": 1}}, "hyperparameters.lr", '"lr" is no setting of PPO. There are activ'),
        ({"hyperparameters": {"gamma": 1.5}}, "hyperparameters.gamma", "gamma=1.5: it must be less than or equal to 1"),
        ({"hyperparameters": {"gamma": float("nan")}}, "hyperparameters.gamma", "gamma=nan"),
        ({"hyperparameters": DQNHyperparameters()}, "hyperparameters", "but the algorithm is PPO"),
        ({"hyperparameters": 3}, "hyperparameters", "of type int"),
        (
            {"n_envs": 2, "hyperparameters": {"n_steps": 16, "batch_size": 64}},
            "hyperparameters.batch_size",
            "batch_size=64 is larger than the rollout of n_steps*n_envs=32: lower 'Mini-batch' to 32",
        ),
        (
            {"n_envs": 1, "hyperparameters": {"n_steps": 1, "batch_size": 2}},
            "hyperparameters.n_steps",
            "rollout of a single step",
        ),
        (
            {"algorithm": "DQN", "hyperparameters": {"exploration_initial_eps": 0.1, "exploration_final_eps": 0.2}},
            "hyperparameters.exploration_final_eps",
            "lower 'Last ε' or raise 'First ε'",
        ),
        ({"video": {"length_s": 0}}, "video.length_s", "length_s=0"),
        ({"video": {"milestones": []}}, "video.milestones", "milestones"),
        ({"parent": {"run_id": "019b0000-0000-7000-8000-000000000000", "step": -1}}, "parent.step", "step=-1"),
        (
            {"checkpoints": {"every_s": 4.9}},
            "checkpoints.every_s",
            "every_s=4.9: it must be greater than or equal to 5",
        ),
        ({"checkpoints": {"every_s": 3601}}, "checkpoints.every_s", "less than or equal to 3600"),
        ({"checkpoints": {"every_steps": 0}}, "checkpoints.every_steps", "every_steps=0"),
        ({"checkpoints": {"keep": 0}}, "checkpoints.keep", "keep=0: it must be greater than or equal to 1"),
        ({"checkpoints": {"keep": 101}}, "checkpoints.keep", "less than or equal to 100"),
        ({"checkpoints": {"evry_s": 9}}, "checkpoints.evry_s", 'Did you mean "every_s"?'),
        ({"deterministic": "maybe"}, "deterministic", "deterministic='maybe'"),
        ({"engine": "steam"}, "engine", "engine='steam'"),
        ({"device": "x" * 5_000}, "device", f"device='{'x' * 79}… is not one of"),
        ({"gamma": 0.9}, "gamma", '"gamma" is no setting of a run. It belongs under hyperparameters.'),
        ({"self": 1}, "self", '"self" is no setting of a run.'),
    ],
)
def test_a_mistake_is_named_with_its_field_and_the_way_out(settings, field: str, words: str) -> None:
    error = refused(**settings)
    assert words in str(error)
    assert [problem.field for problem in error.problems] == [field]
    assert all(problem.severity == "error" for problem in error.problems)


def test_all_mistakes_are_named_at_once() -> None:
    error = refused(seed=-1, n_envs=0, device="gpu")
    assert {problem.field for problem in error.problems} == {"seed", "n_envs", "device"}


def test_two_hyperparameters_at_fault_are_two_problems() -> None:
    error = refused(hyperparameters={"gamma": 2, "n_epochs": 0})
    assert {problem.field for problem in error.problems} == {"hyperparameters.gamma", "hyperparameters.n_epochs"}


def test_a_missing_environment_is_named() -> None:
    with pytest.raises(ConfigError, match='"env_id" is missing'):
        ExperimentConfig()


def test_an_error_is_both_ours_and_a_value_error() -> None:
    assert isinstance(refused(seed=-1), (RetroMLError, ValueError))
    assert issubclass(ConfigError, RetroMLError)
    assert issubclass(ConfigError, ValueError)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_config_survives_json(algorithm: str) -> None:
    made = config(
        algorithm=algorithm,
        run_type="custom",
        total_timesteps=12_345,
        n_envs=4,
        normalize=True,
        hyperparameters={"net_arch": [32, 16]},
        video={"milestones": [1, 0.5, 0.5]},
        parent={"run_id": "019b0000-0000-7000-8000-000000000000", "step": 5},
        group_id="g",
    )
    read = ExperimentConfig(**json.loads(json.dumps(made.to_json_dict())))
    assert read == made
    assert read.hyperparameters.net_arch == (32, 16)
    assert read.video.milestones == (0.5, 1.0)


def test_a_config_is_frozen() -> None:
    made = config()
    with pytest.raises(ValidationError, match="frozen"):
        made.seed = 2
    with pytest.raises(ValidationError, match="frozen"):
        made.hyperparameters.gamma = 0.5
    with pytest.raises(ValidationError, match="frozen"):
        made.video.enabled = False


class TestChanged:
    def test_a_change_leaves_the_rest_and_the_original(self) -> None:
        made = config(n_envs=4, hyperparameters={"gamma": 0.9})
        changed = made.changed(n_envs=8)
        assert (made.n_envs, changed.n_envs) == (4, 8)
        assert changed.seed == made.seed
        assert changed.hyperparameters.gamma == 0.9

    def test_what_a_person_set_is_kept_apart_from_defaults(self) -> None:
        changed = config(hyperparameters={"gamma": 0.9}).changed(seed=3)
        assert changed.hyperparameters.model_fields_set == {"gamma"}
        assert "n_envs" not in changed.model_fields_set

    def test_a_drawn_seed_stays(self) -> None:
        made = ExperimentConfig(env_id="CartPole-v1")
        assert {made.changed(n_envs=n).seed for n in range(1, 9)} == {made.seed}

    def test_another_run_type_brings_its_own_steps(self) -> None:
        made = config(run_type="custom", total_timesteps=77)
        assert made.changed(run_type="short").total_timesteps == 500_000
        assert config().changed(run_type="custom", total_timesteps=77).total_timesteps == 77

    def test_another_algorithm_brings_its_own_hyperparameters(self) -> None:
        made = config(hyperparameters={"gamma": 0.9})
        assert made.changed(algorithm="A2C").hyperparameters == A2CHyperparameters()
        assert made.changed(algorithm="PPO").hyperparameters.gamma == 0.9

    def test_a_change_is_checked(self) -> None:
        with pytest.raises(ConfigError, match="larger than the rollout"):
            config(hyperparameters={"n_steps": 8, "batch_size": 64}).changed(n_envs=1)
        with pytest.raises(ConfigError, match='Did you mean "n_envs"'):
            config().changed(n_env=3)


def test_milestones_are_sorted_and_single() -> None:
    assert VideoSettings(milestones=(1, 0, 0.5, 0)).milestones == (0.0, 0.5, 1.0)


@pytest.mark.parametrize(
    "settings",
    [
        {"run_type": ["quick"]},
        {"algorithm": ["PPO"]},
        {"algorithm": None},
        {"hyperparameters": {1: 2}},
        {"hyperparameters": [1]},
        {"env_id": None},
        {"video": 3},
        {"video": {"milestones": "all"}},
        {"total_timesteps": {}},
        {"parent": []},
        {"seed": 1e300},
        {"n_envs": "many"},
        {"schema_version": "new"},
    ],
)
def test_whatever_a_file_holds_ends_in_a_sentence(settings: dict[str, object]) -> None:
    assert str(refused(**settings))


class TestVersions:
    def test_a_config_of_version_1_means_what_it_meant(self) -> None:
        old = config(n_envs=2).to_json_dict() | {"schema_version": 1}
        for new in ("deterministic", "checkpoints", "engine", "precision"):
            del old[new]
        made = ExperimentConfig(**old)
        assert made == config(n_envs=2, engine="sb3")
        assert made.schema_version == SCHEMA_VERSION
        assert made.deterministic is False
        assert made.checkpoints == CheckpointSettings()

    def test_a_config_of_version_2_stays_with_the_engine_that_it_had(self) -> None:
        old = config(deterministic=True).to_json_dict() | {"schema_version": 2}
        del old["engine"], old["precision"]
        assert ExperimentConfig(**old) == config(deterministic=True, engine="sb3")

    def test_a_config_of_version_3_stays_with_the_precision_that_it_had(self) -> None:
        old = config(engine="fast").to_json_dict() | {"schema_version": 3}
        del old["precision"]
        assert ExperimentConfig(**old).precision == "float32"

    def test_a_config_without_a_version_is_of_today(self) -> None:
        assert migrated({"env_id": "CartPole-v1"}) == {"env_id": "CartPole-v1"}

    @pytest.mark.parametrize("version", [0, -1, SCHEMA_VERSION, SCHEMA_VERSION + 1, True, "1", 1.0, None, [1]])
    def test_what_is_no_earlier_version_is_left_as_it_is(self, version: object) -> None:
        assert migrated({"schema_version": version, "seed": 1}) == {"schema_version": version, "seed": 1}

    def test_every_version_finds_the_way_to_today_and_the_original_stays(self) -> None:
        for version in range(1, SCHEMA_VERSION):
            old = {"schema_version": version, "env_id": "CartPole-v1"}
            assert migrated(old)["schema_version"] == SCHEMA_VERSION
            assert old == {"schema_version": version, "env_id": "CartPole-v1"}


def test_a_stored_config_cannot_name_a_module() -> None:
    assert stored_config(config().to_json_dict()) == config()
    with pytest.raises(ConfigError, match=r'"os:CartPole-v1" would import the module "os".*never runs code') as caught:
        stored_config({"env_id": "os:CartPole-v1"})
    assert [problem.field for problem in caught.value.problems] == ["env_id"]


def test_a_number_with_thousands_of_digits_is_refused_in_few_words() -> None:
    error = refused(device=10**6_000, seed=10**6_000)
    assert "device=<int>" in str(error)
    assert len(str(error)) < 400


@pytest.mark.parametrize(
    "field", ["env_id", "algorithm", "seed", "n_envs", "normalize", "device", "deterministic", "engine"]
)
def test_a_setting_says_what_it_does(field: str) -> None:
    assert len(ExperimentConfig.model_fields[field].description or "") > 20
