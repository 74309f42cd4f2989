"""Save settings and Load settings: there and back through the form, and mistakes that change nothing."""

import pytest

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.envs import resolve_config
from retroml_edu.storage.config_files import MAX_BYTES, config_of_text, config_text


@pytest.fixture
def item(bench):
    made = bench()
    made.open()
    widget = made.panel.settings.file
    made.sent = []
    widget.send = lambda content, buffers=None: made.sent.append((content, buffers))
    return made


def save(item):
    item.panel.settings.file._handle_custom_msg({"action": "save", "token": "t"}, [])
    return item.sent.pop()


def load(item, content, name="mine.yaml"):
    data = content.encode() if isinstance(content, str) else content
    item.panel.settings.file._handle_custom_msg(
        {"action": "load", "name": name, "token": "t"}, [memoryview(bytearray(data))]
    )
    return item.sent.pop()[0]["text"]


def test_what_the_form_asks_for_is_saved(item):
    item.set(seed=5, hyperparameters__learning_rate=0.002, checkpoints__every_s=120, deterministic=True, engine="sb3")
    content, (data,) = save(item)
    assert (content["kind"], content["token"]) == ("file", "t")
    assert (content["name"], content["mime"]) == ("CartPole-v1_PPO_seed5_settings.yaml", "application/yaml")
    assert config_of_text(data, content["name"]) == item.panel.config


@pytest.mark.parametrize("form", ["yaml", "json"])
def test_what_is_loaded_stands_in_the_form(item, form):
    config = ExperimentConfig(
        env_id="Acrobot-v1",
        algorithm="DQN",
        run_type="short",
        seed=11,
        hyperparameters={"gamma": 0.9},
        deterministic=True,
        engine="sb3",
        checkpoints={"every_steps": 700, "every_s": 7.5, "keep": 9},
        video={"milestones": [0.5], "length_s": 4},
    )
    assert load(item, config_text(config, form), f"other.{form}") == f"other.{form} loaded"
    assert item.panel.config == resolve_config(config)
    assert item.problems == []


def test_saved_in_one_panel_and_loaded_in_another(item, bench):
    item.set(env_id="LunarLander-v3", algorithm="A2C", n_envs=3)
    _, (data,) = save(item)
    other = bench()
    other.open(seed=1)
    other.sent = []
    other.panel.settings.file.send = lambda content, buffers=None: other.sent.append((content, buffers))
    load(other, data)
    assert other.panel.config == item.panel.config


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        ("env_id: CartPole-v1\nseed: -5", "mine.yaml", "mine.yaml, line 2: seed=-5"),
        ("env_id: CartPole-v1\nsed: 5", "mine.yaml", 'mine.yaml, line 2: "sed" is no setting'),
        ("env_id: [", "mine.yaml", "mine.yaml, line 1: a bracket"),
        ('{"env_id":\n"os:CartPole-v1"}', "mine.json", 'would import the module "os"'),
        ("env_id: CartPool-v1", "mine.yaml", 'No environment is called "CartPool-v1"'),
        ("env_id: CartPole-v1", "mine.txt", "names end in .yaml, .yml, .json"),
        ("env_id: CartPole-v1\n" + "#" * MAX_BYTES, "mine.yaml", "larger than 256 KB"),
        (b"\xff\xfe", "mine.yaml", "no UTF-8 text"),
        ("", "<b>\x1b[31m.yaml", r"<b>\x1b[31m.yaml, line 1: there is nothing in it"),
    ],
)
def test_a_file_with_a_mistake_changes_nothing(item, content, name, said):
    item.set(seed=8, n_envs=3)
    before, beside = item.panel.form.values, item.beside
    status = load(item, content, name)  # beside the button, and at the top
    assert status.startswith("✕ Not loaded: ")
    assert said in status
    assert item.panel.form.values == before
    assert item.beside == beside
    assert said in " ".join(item.problems)


def test_each_mistake_in_a_file_is_a_sentence_of_its_own(item):
    load(item, "env_id: CartPole-v1\nseed: -5\nn_envs: 0")
    assert [text.partition(":")[0] for text in item.problems] == ["mine.yaml, line 2", "mine.yaml, line 3"]


def test_what_was_said_of_a_file_goes_when_a_better_one_comes(item):
    load(item, "seed: -5")
    load(item, "env_id: CartPole-v1")
    assert item.problems == []


def test_settings_that_are_none_are_not_saved(item):
    item.set(seed="many")
    content, buffers = save(item)
    assert (content["text"].startswith('✕ Not saved: Seed: "many" is no'), buffers) == (True, None)
    assert item.problems == ['Seed: "many" is no whole number.']
    assert "seed" in item.beside


def test_a_length_in_minutes_is_not_saved_as_something_else(item):
    item.set(run_type="time", minutes=10)
    assert save(item)[0]["kind"] == "said"
    assert "another number of steps on every machine" in item.problems[0]


@pytest.mark.parametrize(
    ("message", "buffers"),
    [
        ({}, []),
        ({"action": "load"}, []),
        ({"action": "load", "name": "a.yaml"}, [b"", b""]),
        ({"action": "erase"}, [b""]),
    ],
)
def test_what_no_button_sends_does_nothing(item, message, buffers):
    before = item.panel.form.values
    item.panel.settings.file._handle_custom_msg(message, buffers)
    assert (item.sent, item.problems, item.panel.form.values) == ([], [], before)


def test_a_load_without_a_name_is_a_sentence(item):
    item.panel.settings.file._handle_custom_msg({"action": "load"}, [b"env_id: CartPole-v1"])
    assert "names end in" in item.problems[0]


def test_deterministic_and_a_gpu_do_not_go_together(item):
    item.set(deterministic=True, device="cuda")
    assert '"Deterministic" does not go with cuda' in item.beside["device"]
    item.set(device="cpu")
    assert item.beside == {}


def test_another_environment_keeps_checkpoints_and_determinism(item):
    item.set(deterministic=True, checkpoints__every_s=300, checkpoints__keep=5)
    item.set(env_id="Acrobot-v1")
    config = item.panel.config
    assert (config.env_id, config.deterministic) == ("Acrobot-v1", True)
    assert (config.checkpoints.every_s, config.checkpoints.keep) == (300, 5)


def test_the_fast_engine_where_it_does_not_fit_is_said_beside_its_field(item):
    item.set(env_id="Taxi-v4", algorithm="DQN")
    item.set(engine="fast")
    assert 'Engine: "fast" does not fit here' in item.beside["engine"]
    item.set(engine="auto")
    assert "engine" not in item.beside


@pytest.mark.parametrize(("chosen", "kept"), [("auto", "auto"), ("sb3", "sb3"), ("fast", "auto")])
def test_another_environment_keeps_an_engine_that_trains_it_too(item, chosen, kept):
    item.set(engine=chosen)
    item.set(env_id="ALE/Pong-v5")
    assert item.panel.config.engine == kept
    assert "engine" not in item.beside
