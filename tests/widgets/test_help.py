"""The help: every part of the package that explains itself is found in it, in the same words."""

from __future__ import annotations

import json
from importlib import import_module
from string import Formatter
from types import SimpleNamespace

import pytest

from retroml_edu.analysis.diagnostics import KNOWN
from retroml_edu.analysis.insights import RULES, rates
from retroml_edu.cli.main import _parser
from retroml_edu.core.config import ALGORITHMS
from retroml_edu.core.curves import CurveRecorder
from retroml_edu.core.hyperparameters import HYPERPARAMETERS
from retroml_edu.core.knobs import knob_specs
from retroml_edu.core.metrics import METRICS
from retroml_edu.core.preferences import Preferences
from retroml_edu.core.recent import RecentEpisodes
from retroml_edu.envs import list_envs
from retroml_edu.training.sb3.update import _not_a_number
from retroml_edu.widgets.help import all_topics
from retroml_edu.widgets.help.around import COMMANDS
from retroml_edu.widgets.key_figures import key_figures

TOPICS = {topic.id: topic for topic in all_topics()}


def text_of(name):
    """Return everything that a topic says."""
    return json.dumps(TOPICS[name].as_json(), ensure_ascii=False)


def quoted(text):
    return json.dumps(text, ensure_ascii=False)[1:-1]


def test_each_topic_has_a_name_of_its_own_says_something_and_leads_only_to_topics():
    assert len(TOPICS) == len(all_topics())
    for topic in all_topics():
        assert topic.title
        assert topic.blocks
        assert set(topic.see) <= set(TOPICS), topic.id
        assert topic.id not in topic.see


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_setting_of_an_algorithm_is_explained_as_its_tooltip_does(algorithm):
    for name, spec in knob_specs(HYPERPARAMETERS[algorithm]).items():
        assert quoted(spec.help) in text_of(f"setting:hyperparameters.{name}")
        assert algorithm in text_of(f"setting:hyperparameters.{name}")


def test_every_field_of_the_form_is_explained_as_its_tooltip_does(bench):
    panel = bench().open(env_id="RetroML/PongPixels-v0", run_type="quick")
    fields = [field for section in panel.form.spec for field in section["fields"] if "name" in field]
    assert len(fields) > 25
    for field in fields:
        assert quoted(field["help"]) in text_of(f"setting:{field['name']}")


def test_values_are_written_as_on_the_form():
    assert '"0.0003", "0.000001 to 0.1"' in text_of("setting:hyperparameters.learning_rate")
    assert "0 to 2147483647." in text_of("setting:seed")
    assert '"on", "on, off"' in text_of("setting:hyperparameters.normalize_advantage")


def test_every_preference_is_explained_as_on_the_settings_page(bench):
    panel = bench().open()
    panel.tabs.open("Settings")
    fields = [field for section in panel.preferences.form.spec for field in section["fields"]]
    assert {field["name"] for field in fields} == set(Preferences.model_fields)
    for field in fields:
        assert quoted(field["help"]) in text_of(f"preference:{field['name']}")


def test_every_figure_and_metric_is_explained():
    for algorithm in ALGORITHMS:
        for figure in key_figures(algorithm, CurveRecorder(), RecentEpisodes()):
            assert quoted(figure.meaning) in text_of(f"figure:{figure.name}")
    for metric in METRICS.values():
        assert quoted(metric.meaning) in text_of(f"metric:{metric.name}")


def test_every_rule_is_there_with_window_threshold_reason_and_rates():
    kept = rates()
    for rule in RULES:
        text = text_of(f"insight:{rule.name}")
        assert f'"{rule.threshold:g}"' in text
        assert ("all steps so far" if rule.window >= 1 else f"{rule.window:.0%}") in text
        assert quoted(rule.why.split(". ")[-1]) in text
        pieces = [piece for piece, *_ in Formatter().parse(rule.evidence)]
        assert all(quoted(piece) in text for piece in pieces)
        rate = kept.rules.get(rule.name)
        if rate is not None and rate.sick and rate.healthy:
            assert f'"{rate.hits} of {rate.sick}", "{rate.false_alarms} of {rate.healthy}"' in text
            assert f'"{rate.hits} of {rate.sick}", "{rate.false_alarms} of {rate.healthy}"' in text_of("insights")
    assert all(quoted(kind) in text_of("insights") for kind in kept.kinds.values())


def test_every_known_problem_is_there_with_cause_and_remedy():
    for known in KNOWN:
        text = text_of(f"problem:{known.name}")
        assert all(quoted(part) in text for part in (known.title, known.cause, known.remedy, known.says))


def test_a_policy_that_became_not_a_number_is_explained_in_the_words_of_the_error():
    policy = SimpleNamespace(optimizer=SimpleNamespace(param_groups=[{"lr": 0.1}]))
    model = SimpleNamespace(num_timesteps=2_048, policy=policy, _last_obs=None)
    assert quoted(str(_not_a_number(model))) in text_of("problem:not_a_number")
    assert "nan" in TOPICS["problem:not_a_number"].words.split()


def test_every_listed_game_is_there():
    assert all(env.id in text_of("games") for env in list_envs())


def test_the_commands_are_those_of_the_command_line():
    (choices,) = [action for action in _parser()._actions if action.choices]
    assert [(choice.dest, choice.help) for choice in choices._choices_actions] == list(COMMANDS)


def test_every_file_that_a_run_leaves_is_named(bench):
    panel = bench().open(steps=600, videos=True)
    folder = panel.start().wait(timeout_s=60).path
    left = {path.name + "/" * path.is_dir() for path in folder.iterdir()}
    assert {"config.json", "metrics.jsonl", "model/"} <= left
    text = text_of("files")
    assert [name for name in left if f'"{name}"' not in text] == []


def test_every_card_that_asks_for_its_topic_finds_it():
    """A card's title names its topic; where none fits, the page searches for the title."""
    titles = {
        "Learning curves", "Test", "Live", "Insights", "Events", "System", "Videos", "Last 100 episodes", "Experiments",
        "Compare", "Settings", "Train, Pause, Stop", "Your prediction",
    }  # fmt: skip
    assert {f"part:{title}" for title in titles} <= set(TOPICS)


def test_nothing_is_made_for_a_help_that_nobody_opens(bench, monkeypatch):
    panel = bench().open()
    page = import_module("retroml_edu.widgets.help.page")
    asked = []
    monkeypatch.setattr(page, "all_topics", lambda: asked.append(1) or all_topics())
    panel.start().wait(timeout_s=30)
    assert (asked, panel.help.topics) == ([], [])
    panel.tabs.bar.tab = "Help"
    panel.tabs.bar.tab = "Train"
    panel.tabs.bar.tab = "Help"
    assert len(asked) == 1
    assert len(panel.help.topics) == len(TOPICS)
