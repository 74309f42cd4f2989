"""What the commands print, for people and for programs."""

from __future__ import annotations

import io
import json
import sys
import threading

import pytest

from retroml_edu.cli import stop
from retroml_edu.cli.main import main
from retroml_edu.core.config import ExperimentConfig
from retroml_edu.session.history import list_runs, load_run
from retroml_edu.session.session import Session
from retroml_edu.training.scripted import ScriptedTrainer
from tests.session.bench import TIMEOUT_S, small_config
from tests.session.made_runs import made_run

pytestmark = pytest.mark.usefixtures("scripted")
TRAIN = "train --env CartPole-v1 --steps 800 --seed 7 --n-envs 2 --no-video"


def test_train_reports_what_came_of_it(command, home):
    code, out, err = command(TRAIN)
    (row,) = list_runs(home)
    assert code == 0
    assert "100%" in err
    assert out.startswith("done: CartPole-v1 PPO seed 7, ")
    assert "  return    284.4, mean of the last 20 episodes" in out
    assert f"  run       {row.run_id}" in out
    assert f"  folder    {home / row.run_id}" in out


@pytest.mark.parametrize(
    ("steps", "says"),
    [(20, "none yet: no game has ended"), (100, "mean of the last 2 episodes\n")],
)
def test_train_says_of_how_many_games_its_mean_is(command, steps, says):
    assert says in command(TRAIN.replace("800", str(steps)))[1]


def test_a_terminal_shows_whole_names(command, home, monkeypatch):
    command(f"{TRAIN} --quiet")
    (row,) = list_runs(home)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "80")
    line = command("runs")[1].splitlines()[-2]
    assert line.split()[:3] == [row.run_id[-8:], "CartPole-v1", "PPO"]
    assert "…" not in line
    assert command(f"show {line.split()[0]}")[0] == 0


def test_train_that_fails_says_why(command, scripted):
    scripted(fail_at=100)
    code, out, _ = command(TRAIN)
    assert code == 1
    assert "failed: CartPole-v1 PPO seed 7" in out
    assert "  error     The script says that training fails at step 100." in out


def test_train_that_is_quiet_shows_no_bar(command):
    assert command(f"{TRAIN} --quiet")[2] == ""


def test_train_takes_settings_from_the_line(command, home):
    command(f"{TRAIN} --set learning_rate=0.001 --set n_steps=32 --set batch_size=32 --set target_kl=none --quiet")
    config = load_run(list_runs(home)[0].run_id, home).config
    settings = config.hyperparameters
    assert (settings.learning_rate, settings.n_steps, settings.batch_size) == (0.001, 32, 32)
    assert (config.seed, config.n_envs, config.total_timesteps) == (7, 2, 800)
    assert not config.video.enabled


def test_train_by_the_clock_measures_first(command, home, monkeypatch):
    monkeypatch.setattr(Session, "measure_speed", lambda session, config: 100.0)
    code, out, _ = command("train --env CartPole-v1 --minutes 0.1 --no-video --quiet")
    assert code == 0
    assert "100 steps a second: 0.1 minutes are about 600 steps." in out
    assert list_runs(home)[0].total_timesteps == 600


def test_runs_for_programs_parses(command, stored):
    code, out, _ = command("runs --json")
    (row,) = json.loads(out)
    assert code == 0
    assert (row["run_id"], row["state"], row["steps"]) == (stored.run_id, "done", 800)


def test_runs_in_a_pipe_is_tab_separated(command, stored):
    line = command("runs")[1].rstrip("\n").split("\t")
    assert line[:7] == [stored.run_id, "CartPole-v1", "PPO", "7", "done", "800", "284.4"]


def test_runs_can_be_filtered(command, stored):
    assert stored.run_id in command("runs --algo ppo --env CartPole-v1 --state done")[1]
    assert command("runs --algo DQN")[1].startswith("No runs in ")
    assert command("runs --json --state failed")[1] == "[]\n"


def test_show_tells_the_newest_run(command, stored):
    code, out, _ = command("show")
    assert code == 0
    assert out.startswith(f"CartPole-v1 · PPO · seed 7\n  run       {stored.run_id}\n")
    assert "learning_rate = " in out
    assert f"engine={stored.config.engine}" in out


def test_show_for_programs_parses_back_into_a_config(command, stored):
    shown = json.loads(command(f"show {stored.run_id[:18]} --json")[1])
    assert ExperimentConfig(**shown["config"]) == stored.config
    assert shown["summary"]["state"] == "done"


def test_show_follows_to_the_end(command, stored):
    assert "done: " in command("show --follow")[1]


def test_an_old_code_page_is_no_reason_to_fail(stored, home, monkeypatch):
    page = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", page)
    assert main(["show", "--home", str(home)]) == 0
    page.flush()
    assert page.buffer.getvalue().startswith(b"CartPole-v1 ? PPO ? seed 7")


@pytest.mark.parametrize("form", ["csv", "json", "png", "svg", "html", "yaml", "zip", "CSV"])
def test_export_prints_where_it_went(command, stored, tmp_path, form):
    code, out, _ = command(f"export --as {form}", "--to", str(tmp_path))
    assert code == 0
    path = tmp_path / out.strip().rpartition("/")[2]
    assert path.stat().st_size > 500
    assert path.suffix == f".{form.lower()}"


def test_test_plays_and_films(command, stored):
    code, out, _ = command("test --episodes 2 --seed 5")
    assert code == 0
    assert out.startswith("2 games with drawn actions, weights of step 800, seed 5:\n  return    ")
    (kept,) = (stored.path / "eval").iterdir()
    (film,) = (stored.path / "videos").iterdir()
    assert str(kept) in out
    assert str(film) in out


def test_stop_ends_a_run_and_says_so(command, home):
    trainer = ScriptedTrainer(wait_at=400)
    run = Session(home, trainer_for=lambda config: trainer).start(small_config())
    assert trainer.reached.wait(TIMEOUT_S)
    later = Session(home, trainer_for=lambda config: ScriptedTrainer()).start(small_config())
    later.wait(TIMEOUT_S)
    code, out, _ = command("stop")  # not the newest, which has ended, but the newest that goes on
    assert (code, out.splitlines()[-1]) == (0, f"Run {run.run_id}: stopped.")
    run.wait(TIMEOUT_S)
    assert command(f"stop {run.run_id}") == (0, f"Run {run.run_id} has ended already: stopped.\n", "")
    assert command("stop") == (0, "No run goes on.\n", "")


def test_stop_does_not_wait_for_ever(command, home, monkeypatch):
    begin = threading.Event()

    class Deaf(ScriptedTrainer):
        def train(self, *args):
            begin.wait(TIMEOUT_S)
            return super().train(*args)

    monkeypatch.setattr(stop, "PATIENCE_S", 0.0)
    run = Session(home, trainer_for=lambda config: Deaf()).start(small_config())
    code, out, _ = command("stop")
    begin.set()
    run.wait(TIMEOUT_S)
    assert code == 1
    assert "was asked to stop, but is still " in out


def test_labels_are_shown(command, home):
    run_id = made_run(home).run_id
    load_run(run_id, home).label(name="the best", tags=["a", "b"], notes="One.\nTwo.")
    assert command("runs")[1].rstrip("\n").split("\t")[-1] == "the best"
    said = command(f"show {run_id}")[1]
    assert "  name      the best\n  tags      a, b\n  notes     One.\n            Two.\n" in said
