"""Quick start: presets as text before and after, lengths as time on this machine, one button that starts."""

import pytest

from retroml_edu.core.errors import RunBusyError
from retroml_edu.envs.presets import preset
from retroml_edu.session import known_speeds
from retroml_edu.session.known_speeds import KnownSpeeds
from retroml_edu.session.session import Session
from retroml_edu.widgets.runbar import MEASURING
from retroml_edu.widgets.words import roughly


def told_of(panel, name):
    """What the page says of a preset."""
    return next(item for item in panel.form.quick["presets"] if item["name"] == name)


def changes(listed):
    """A list of changes by label."""
    return {label: (before, after) for label, before, after in listed}


@pytest.fixture
def fast(bench):
    """A panel that shows CartPole's fast preset, as a new one does."""
    item = bench()
    item.open(run_type="quick", n_envs=None)
    return item


def test_a_new_panel_shows_the_fast_preset(fast):
    quick = fast.panel.form.quick
    assert (quick["current"], quick["chosen"], quick["changed"], quick["did"]) == ("fast", "fast", [], [])
    assert told_of(fast.panel, "fast")["changes"] == []


def test_a_preset_is_told_before_it_is_chosen_and_does_just_that(fast, told):
    panel = fast.panel
    before, promised = dict(panel.form.values), changes(told_of(panel, "stable")["changes"])
    assert promised["Learning rate"] == ("0.003", "0.0015")
    assert promised["Length"] == ("10,000 steps", "30,000 steps")
    assert promised["Clip-range schedule"] == ("constant", "linear")
    told(panel.form, action="preset", name="stable")
    quick = panel.form.quick
    assert (quick["current"], quick["chosen"]) == ("stable", "stable")
    assert changes(quick["did"]) == promised
    assert told_of(panel, "stable")["changes"] == []
    stable = preset("CartPole-v1", "PPO", "stable")
    assert dict(panel.config.hyperparameters) == dict(stable.hyperparameters)
    assert panel.config.total_timesteps == stable.total_timesteps
    assert panel.form.values["seed"] == before["seed"]
    told(panel.form, action="preset", name="fast")
    assert panel.form.values == before


def test_a_preset_that_was_changed_is_named_so_and_one_can_go_back(fast, told):
    panel = fast.panel
    told(panel.form, action="preset", name="stable")
    fast.set(hyperparameters__gamma=0.9)
    quick = panel.form.quick
    assert (quick["current"], quick["chosen"]) == ("", "stable")
    assert changes(quick["changed"]) == {"Discount γ": ("0.98", "0.9")}
    fast.set(hyperparameters__gamma=0.98)
    assert panel.form.quick["current"] == "stable"


def test_another_environment_or_algorithm_has_the_same_preset(fast, told):
    panel = fast.panel
    told(panel.form, action="preset", name="high score")
    fast.set(env_id="LunarLander-v3")
    assert panel.form.quick["current"] == "high score"
    assert panel.config.total_timesteps == preset("LunarLander-v3", "PPO", "high score").total_timesteps
    fast.set(algorithm="DQN")
    assert panel.form.quick["current"] == "high score"
    assert panel.config.hyperparameters.batch_size == 128
    fast.set(hyperparameters__batch_size=64)
    assert (panel.form.quick["current"], panel.form.quick["chosen"]) == ("", "high score")
    assert changes(panel.form.quick["changed"]) == {"Mini-batch": ("128", "64")}


def test_what_was_set_by_hand_is_no_preset_elsewhere(fast):
    fast.set(run_type="custom", total_timesteps=777)
    fast.set(env_id="Acrobot-v1")
    assert fast.panel.form.quick["current"] == ""
    assert fast.panel.config.total_timesteps == 777


def test_an_unknown_preset_is_no_preset(fast, told):
    before = dict(fast.panel.form.values)
    for name in ("fastest", "", None, ["fast"], {"name": "fast"}):
        told(fast.panel.form, action="preset", name=name)
    assert fast.panel.form.values == before
    assert fast.problems == []


def test_where_an_algorithm_does_not_fit_nothing_is_promised(fast):
    fast.set(env_id="BipedalWalker-v3")
    fast.set(algorithm="DQN")
    assert fast.panel.form.quick == {}
    fast.set(algorithm="PPO")
    assert fast.panel.form.quick["current"] == "fast"


def test_an_environment_that_is_not_there_takes_the_presets_away_until_it_is(fast):
    fast.set(env_id="other", custom_env_id="Taxy-v4")
    assert fast.panel.form.quick == {}
    fast.set(custom_env_id="Taxi-v4")
    assert told_of(fast.panel, "high score")["source"].startswith("Nothing is published for this environment")


def test_settings_that_make_no_config_still_leave_the_presets(fast):
    fast.set(hyperparameters__learning_rate="quick")
    quick = fast.panel.form.quick
    assert quick["current"] == ""
    assert changes(quick["changed"])["Learning rate"] == ("0.003", "quick")


def test_before_a_measurement_no_time_is_told(fast):
    quick = fast.panel.form.quick
    assert not quick["known"]
    assert set(quick["times"].values()) == {""}
    assert quick["time"] == ""
    assert "not known yet" in quick["how"]


def test_a_known_speed_makes_times_of_all_lengths(bench, tmp_path):
    first = bench(home=tmp_path / "runs")
    panel = first.open(run_type="quick", n_envs=None)
    (tmp_path / "runs").mkdir()
    KnownSpeeds(tmp_path / "runs").remember(panel.config, 250.0)
    quick = bench(home=tmp_path / "runs").open(run_type="quick", n_envs=None).form.quick
    assert quick["times"]["quick"] == "about 40 s"
    assert quick["times"]["short"] == "about 33 min"
    assert quick["time"] == "About 40 s on this computer"
    assert quick["how"].startswith("At 250 steps a second, measured ")


def test_a_short_run_makes_times_known_while_the_panel_is_open(fast, monkeypatch, waits):
    monkeypatch.setattr(known_speeds, "LEAST_S", 0.0)  # the script takes no time
    fast.press("train")
    waits(lambda: fast.panel.form.quick["known"], "a speed")
    quick = fast.panel.form.quick
    assert quick["times"]["quick"].startswith("roughly ")
    assert quick["time"].startswith("Roughly ")
    assert quick["how"].endswith(" in a short run.")


def test_hours_and_minutes_are_told_as_steps(bench, tmp_path):
    item = bench(home=tmp_path / "runs")
    panel = item.open(run_type="quick", n_envs=None)
    panel.settings.speeds.remember(panel.config, 100.0)
    item.set(run_type="time", hours=0, minutes=2)
    assert panel.form.quick["time"] == "About 12,000 steps on this computer"


def test_measuring_says_so_keeps_what_it_found_and_leaves_everything_as_it_was(fast, told, monkeypatch, waits):
    seen = []

    def measure(self, config, control=None, *, report=None):
        report(0.5)
        seen.append((fast.panel.runbar.state, fast.panel.runbar.progress, fast.panel.form.startable))
        return 2_000.0

    monkeypatch.setattr(Session, "measure_speed", measure)
    before = fast.panel.runbar.progress_text
    told(fast.panel.form, action="measure")
    waits(lambda: fast.panel.form.quick["known"], "a speed")
    waits(lambda: fast.panel.runbar.state == "ready", "the end of the measurement")
    assert seen == [(MEASURING, 0.5, False)]
    assert fast.panel.runbar.progress_text == before
    assert fast.panel.form.startable
    assert fast.panel.form.quick["time"] == "About 5 s on this computer"
    assert fast.panel.run is None


def test_stop_ends_a_measurement(fast, told, monkeypatch, waits):
    def measure(self, config, control=None, *, report=None):
        waits(lambda: control.stopping, "Stop")
        raise RunBusyError("The measurement was called off.")

    monkeypatch.setattr(Session, "measure_speed", measure)
    told(fast.panel.form, action="measure")
    fast.until_state(MEASURING)
    fast.press("stop")
    fast.until_said("called off")
    fast.until_state("ready")
    assert not fast.panel.form.quick["known"]


def test_nothing_is_measured_while_a_run_goes_on(bench, told, waits):
    item = bench(wait_at=400)
    panel = item.open()
    item.press("train")
    item.until_state("running")
    assert not panel.form.startable
    told(panel.form, action="measure")
    item.until_said("training already")
    assert len(item.trainers) == 1


def test_a_time_that_is_known_is_not_measured_again(bench, monkeypatch):
    monkeypatch.setattr(Session, "measure_speed", lambda *_, **__: pytest.fail("measured once more"))
    item = bench()
    panel = item.open()
    item.set(run_type="time", hours=0, minutes=2)
    panel.settings.speeds.remember(panel.settings.request().config, 10.0)
    item.press("train")
    item.until_state("done")
    assert panel.run.config.total_timesteps == 1_200


def test_start_training_is_train(fast, told):
    told(fast.panel.form, action="train")
    fast.until_state("done")
    assert fast.panel.run.config.total_timesteps == 10_000


def test_what_to_expect_is_scaled_to_this_machine_and_said_to_be_an_estimate(bench):
    item = bench()
    panel = item.open(env_id="RetroML/PongPixels-v0", run_type="custom", steps=400_000, n_envs=None)
    assert panel.form.quick["expect"].startswith("What to expect: 9 of 10 runs")
    assert "estimate" not in panel.form.quick["expect"]
    panel.settings.speeds.remember(panel.config, 239_720 / 60)
    panel.settings.refresh()
    assert "At this computer's speed that would be about 60 s: an estimate." in panel.form.quick["expect"]
    item.set(algorithm="DQN")
    assert "nobody has measured" in panel.form.quick["expect"]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "1 s"), (4.44, "4 s"), (77, "77 s"), (143, "2.4 min"), (9_000, "2.5 h"), (400_000, "4.6 days")],
)
def test_an_estimate_has_no_digits_that_nobody_can_know(seconds, words):
    assert roughly(seconds) == words
