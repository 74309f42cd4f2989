"""What the form shows when a person chooses, and what it says of a choice that cannot work."""

import re

import pytest

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.envs import get_env, resolve_config, tuned_defaults
from retroml_edu.envs.presets import preset


def shown(panel):
    return {name: value for name, value in panel.form.values.items() if name.startswith("hyperparameters.")}


def test_applying_a_config_shows_it(bench):
    panel = bench().open()
    config = ExperimentConfig(
        env_id="Acrobot-v1", algorithm="DQN", run_type="short", seed=11, hyperparameters={"learning_rate": 2e-3}
    )
    panel.apply(config)
    assert panel.form.values["env_id"] == "Acrobot-v1"
    assert panel.form.values["hyperparameters.learning_rate"] == 2e-3
    assert "hyperparameters.buffer_size" in panel.form.values
    assert "hyperparameters.n_steps" not in panel.form.values
    asked = panel.config
    assert (asked.env_id, asked.algorithm, asked.run_type, asked.seed) == ("Acrobot-v1", "DQN", "short", 11)
    assert asked.hyperparameters.learning_rate == 2e-3


def test_applying_a_config_that_cannot_run_says_so_at_once(bench):
    item = bench()
    panel = item.open()
    panel.apply(ExperimentConfig(env_id="BipedalWalker-v3", algorithm="DQN", seed=1))
    assert "DQN cannot play BipedalWalker" in item.beside["algorithm"]


def test_a_panel_opened_on_a_config_that_cannot_run_says_so_at_once(bench):
    item = bench()
    item.open(env_id="BipedalWalker-v3", algorithm="DQN")
    assert "DQN cannot play BipedalWalker" in item.beside["algorithm"]


def test_another_environment_shows_its_tuned_defaults_and_keeps_the_rest(bench):
    item = bench()
    panel = item.open(run_type="custom", steps=1234, seed=99)
    item.set(video__length_s=5, video__quality="high", hyperparameters__learning_rate=0.009)
    item.set(env_id="ALE/Breakout-v5")
    values, tuned = panel.form.values, tuned_defaults("ALE/Breakout-v5", "PPO")
    assert values["hyperparameters.learning_rate"] == tuned.hyperparameters["learning_rate"]
    assert values["n_envs"] == tuned.n_envs
    assert (values["seed"], values["run_type"], values["total_timesteps"]) == (99, "custom", 1234)
    assert (values["video.enabled"], values["video.length_s"], values["video.quality"]) == (False, 5, "high")
    assert panel.config.env_id == "ALE/Breakout-v5"
    chosen = next(field for field in panel.form.spec[0]["fields"] if field["type"] == "environment")
    assert chosen["card"]["action"] == "Discrete 4"


def test_a_game_for_a_lesson_brings_its_length_and_takes_it_away_again(bench):
    item = bench()
    panel = item.open(run_type="short", steps=None)
    item.set(env_id="RetroML/PongPixels-v0")
    values, lesson = panel.form.values, get_env("RetroML/PongPixels-v0").lesson_steps
    assert (values["run_type"], values["total_timesteps"]) == ("custom", lesson)
    assert panel.config.total_timesteps == lesson
    item.set(algorithm="A2C")
    assert panel.config.total_timesteps == lesson
    item.set(env_id="CartPole-v1")
    assert panel.config.total_timesteps == preset("CartPole-v1", "A2C", "fast").total_timesteps


def test_coarse_numbers_are_offered_for_pictures_alone(bench):
    def offered():
        return any(field.get("name") == "precision" for section in panel.form.spec for field in section["fields"])

    item = bench()
    panel = item.open(env_id="ALE/Breakout-v5", run_type="short", steps=None)
    item.set(precision="bfloat16")
    item.set(algorithm="DQN")
    item.set(env_id="ALE/Pong-v5")
    assert (panel.config.precision, offered()) == ("bfloat16", True)
    item.set(env_id="CartPole-v1")
    assert (panel.config.precision, offered()) == ("float32", False)
    # Where code or a file brought it in, it can be taken back.
    panel.apply(ExperimentConfig(env_id="CartPole-v1", precision="bfloat16"))
    assert offered()


def test_a_game_for_a_lesson_that_code_chose_has_its_length_too(bench):
    panel = bench().open()
    panel.apply(ExperimentConfig(env_id="RetroML/PongPixels-v0"))
    assert panel.config.total_timesteps == get_env("RetroML/PongPixels-v0").lesson_steps


def test_a_length_of_one_s_own_stays_when_a_game_for_a_lesson_is_left(bench):
    item = bench()
    panel = item.open()
    item.set(env_id="RetroML/PongPixels-v0")
    item.set(total_timesteps=70_000)
    item.set(env_id="RetroML/PongObjects-v0")
    assert panel.form.values["total_timesteps"] == 70_000
    item.set(env_id="CartPole-v1")
    assert (panel.form.values["run_type"], panel.config.total_timesteps) == ("custom", 70_000)


@pytest.mark.parametrize("algorithm", ["A2C", "DQN"])
def test_another_algorithm_shows_its_own_sliders(bench, algorithm):
    item = bench()
    panel = item.open(seed=5)
    item.set(hyperparameters__gamma=0.85, algorithm=algorithm)
    tuned = tuned_defaults("CartPole-v1", algorithm)
    assert panel.form.values["hyperparameters.gamma"] == tuned.hyperparameters.get("gamma", 0.99)
    assert panel.form.values["seed"] == 5
    assert "hyperparameters.clip_range" not in panel.form.values
    basic = next(section for section in panel.form.spec if section["id"] == "basic")
    assert basic["title"].startswith(algorithm)
    assert panel.config.algorithm == algorithm


def test_reset_brings_the_tuned_defaults_and_keeps_the_rest(bench, told):
    item = bench()
    panel = item.open(seed=5, n_envs=None)
    before = shown(panel), panel.form.values["n_envs"]
    item.set(hyperparameters__learning_rate=0.009, hyperparameters__net_arch=[32], n_envs=3, seed=6)
    assert (shown(panel), panel.form.values["n_envs"]) != before
    told(panel.form, action="reset")
    assert (shown(panel), panel.form.values["n_envs"]) == before
    assert panel.form.values["seed"] == 6
    assert panel.form.values["total_timesteps"] == 2_000


@pytest.mark.parametrize(
    ("values", "field", "sentence"),
    [
        ({"seed": -1}, "seed", "^Seed: -1 is too small: 0 at least"),
        ({"seed": 2**40}, "seed", "^Seed: 1099511627776 is too large: [0-9]+ at most"),
        ({"seed": "forty"}, "seed", '^Seed: "forty" is no whole number'),
        ({"seed": ""}, "seed", "^Seed: a whole number is missing"),
        ({"total_timesteps": 0}, "total_timesteps", "^Steps: 0 is too small: 1 at least"),
        ({"total_timesteps": 10**12}, "total_timesteps", "^Steps: 1,000,000,000,000 is too large: [0-9,]+ at most"),
        ({"total_timesteps": 10**5_000}, "total_timesteps", "^Steps: <int> is "),
        ({"n_envs": "abc"}, "n_envs", '^Environments: "abc" is no whole number'),
        ({"n_envs": 1.5}, "n_envs", "^Environments: 1.5 is no whole number"),
        ({"hyperparameters__learning_rate": "fast"}, "hyperparameters.learning_rate", '^Learning rate: "fast" is no n'),
        ({"hyperparameters__learning_rate": -1}, "hyperparameters.learning_rate", "^Learning rate: -1 .* 0.000001 at"),
        ({"video__length_s": 0}, "video.length_s", "^Longest video \\(s\\): 0 is too small"),
        (
            {"hyperparameters__n_steps": 8, "hyperparameters__batch_size": 512},
            "hyperparameters.batch_size",
            "^Mini-batch: 512 is larger than the rollout of 16 steps: lower 'Mini-batch' to 16 or raise 'Rollout l",
        ),
        ({"algorithm": "DQN", "env_id": "BipedalWalker-v3"}, "algorithm", "Choose PPO or A2C"),
        ({"env_id": "other", "custom_env_id": "CartPol-v1"}, "custom_env_id", 'Did you mean "CartPole-v1"'),
        ({"env_id": "other", "custom_env_id": "my_module:Game-v0"}, "custom_env_id", "my_module"),
        ({"env_id": "other", "custom_env_id": "../../etc/passwd"}, "custom_env_id", "passwd"),
        ({"run_type": "time", "hours": 0, "minutes": 0}, "minutes", "between a minute and thirty days"),
    ],
)
def test_a_choice_that_cannot_work_is_explained_beside_its_field_and_train_repeats_it(bench, values, field, sentence):
    item = bench()
    panel = item.open()
    item.set(**values)
    assert re.search(sentence, item.beside[field])
    assert panel.form.problems[field]["severity"] == "error"
    item.press("train")
    item.until_said(sentence)
    assert panel.run is None
    assert item.trainers == []


def test_an_id_that_nobody_knows_is_told_once_and_where_it_was_typed(bench):
    item = bench()
    item.open()
    item.set(env_id="other", custom_env_id="Nonsense-v99")
    assert list(item.beside) == ["custom_env_id"]
    assert item.beside["custom_env_id"].startswith('No environment is called "Nonsense-v99"')
    item.press("train")
    item.until_said("Nonsense-v99")
    assert list(item.beside) == ["custom_env_id"]
    item.set(custom_env_id=" ")
    assert item.beside == {"custom_env_id": "Type the id of a Gymnasium environment, or pick one."}
    item.set(env_id="CartPole-v1")
    assert item.beside == {}


def test_what_is_told_of_an_environment_names_it_so_that_another_one_is_not_told_so(bench):
    item = bench()
    panel = item.open()
    for env_id in ("CartPole-v1", "Acrobot-v1"):
        item.set(env_id=env_id)
        (note,) = [field for field in panel.form.spec[0]["fields"] if field["type"] == "note"]
        assert note["env_id"] == env_id


def test_exploration_that_would_rise_is_told_beside_its_end(bench):
    item = bench()
    item.open(algorithm="DQN")
    item.set(hyperparameters__exploration_initial_eps=0.01, hyperparameters__exploration_final_eps=0.05)
    assert re.search(
        "^Last ε: 0.05 is above 'First ε', 0.01: lower", item.beside["hyperparameters.exploration_final_eps"]
    )


def test_a_mended_choice_takes_its_sentence_back(bench):
    item = bench()
    item.open()
    item.set(seed=-1)
    assert "seed" in item.beside
    item.set(seed=1)
    assert item.beside == {}


def test_a_choice_that_is_only_odd_is_a_warning_and_trains(bench):
    item = bench()
    panel = item.open()
    item.set(hyperparameters__n_steps=50, hyperparameters__batch_size=64)
    assert panel.form.problems["hyperparameters.batch_size"]["severity"] == "warning"
    item.press("train")
    item.until_state("done")
    assert "does not divide into mini-batches" in item.problems[0]


def test_a_choice_that_breaks_the_form_is_a_sentence_in_the_panel(bench, monkeypatch):
    item = bench()
    item.open()
    monkeypatch.setattr("retroml_edu.session.check.check", lambda config: 1 / 0)
    item.set(seed=8)
    item.until_said("Something went wrong in the panel: ZeroDivisionError: division by zero")


def test_another_algorithm_keeps_what_the_form_does_not_show(bench):
    item = bench()
    panel = item.open(group_id="course", owner="ada", video={"milestones": (0.0, 1.0)})
    item.set(algorithm="A2C")
    assert panel.config.algorithm == "A2C"
    assert (panel.config.group_id, panel.config.owner) == ("course", "ada")
    assert panel.config.video.milestones == (0.0, 1.0)


def test_what_depends_on_the_length_goes_along_with_it_unless_it_was_touched(bench):
    item = bench()
    panel = item.open(env_id="ALE/Breakout-v5", algorithm="DQN", run_type="quick", n_envs=None)
    short = panel.form.values["hyperparameters.learning_starts"]
    item.set(run_type="long")
    assert panel.form.values["hyperparameters.learning_starts"] > short
    asked = ExperimentConfig(env_id="ALE/Breakout-v5", algorithm="DQN", run_type="long", seed=7)
    assert resolve_config(panel.config).hyperparameters == resolve_config(asked).hyperparameters
    item.set(hyperparameters__learning_starts=777)
    item.set(run_type="quick")
    assert panel.form.values["hyperparameters.learning_starts"] == 777


def test_layers_of_a_config_can_be_seen_in_the_form(bench):
    panel = bench().open(hyperparameters={"net_arch": (16, 16)})
    fields = {field.get("name"): field for section in panel.form.spec for field in section["fields"]}
    assert [16, 16] in [choice["value"] for choice in fields["hyperparameters.net_arch"]["choices"]]
