"""Whatever is typed wrong gives one line and exit code 2, and never a traceback."""

from __future__ import annotations

import pytest

TRAIN = "train --env CartPole-v1 --steps 100 --quiet"

WRONG = {
    "unknown command": ("trian", "invalid choice: 'trian'"),
    "no environment": ("train", "arguments are required: --env"),
    "unknown environment": ("train --env CartPool-v1", 'No environment is called "CartPool-v1". Did you mean'),
    "unknown algorithm": (f"{TRAIN} --algo PPPO", 'Did you mean "PPO"?'),
    "DQN on continuous actions": ("train --env BipedalWalker-v3 --algo DQN", "Choose PPO or A2C"),
    "a batch larger than the rollout": (
        f"{TRAIN} --n-envs 2 --set n_steps=16 --set batch_size=64",
        "batch_size=64 is larger than the rollout of n_steps*n_envs=32",
    ),
    "no steps": ("train --env CartPole-v1 --steps 0", "1"),
    "steps that are no number": ("train --env CartPole-v1 --steps many", "invalid int value: 'many'"),
    "a negative seed": (f"{TRAIN} --seed -1", "eed"),
    "no setting": (f"{TRAIN} --set nonsense", '--set "nonsense" is no setting: write NAME=VALUE'),
    "an unknown setting": (f"{TRAIN} --set learning_rat=1", 'Did you mean "learning_rate"?'),
    "a setting that is no number": (f"{TRAIN} --set learning_rate=fast", "fast"),
    "an unknown device": (f"{TRAIN} --device abacus", "abacus"),
    "negative time": ("train --env CartPole-v1 --minutes -1", "--minutes -1 is no time to train"),
    "time that is no number": ("train --env CartPole-v1 --minutes nan", "--minutes nan is no time to train"),
    "endless time": ("train --env CartPole-v1 --minutes inf", "--minutes inf is no time to train"),
    "two lengths": (f"{TRAIN} --minutes 1", "not allowed with argument"),
    "show without runs": ("show", 'There is no run "latest"'),
    "an unknown run": ("show 0123abcd", 'There is no run "0123abcd"'),
    "stop an unknown run": ("stop 0123abcd", "no run"),
    "test an unknown run": ("test 0123abcd", "no run"),
    "export an unknown run": ("export 0123abcd", "no run"),
}


@pytest.mark.parametrize(("typed", "says"), WRONG.values(), ids=WRONG)
def test_it_is_said_in_one_line(command, typed, says):
    code, out, err = command(typed)
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1, err
    assert err.startswith("retroml-edu")
    assert says in err


WRONG_FOR_A_RUN = {
    "no games": ("test --episodes 0", "episodes=0: play between 1 and 10,000 games"),
    "a negative seed": ("test --seed -1", "seed=-1: give a number between 0 and"),
    "an unknown form": ("export --as pmg", 'no export "pmg". Did you mean "png"?'),
    "a place that is not there": ("export --to /nowhere/at/all.csv", "cannot be written"),
}


@pytest.mark.parametrize(("typed", "says"), WRONG_FOR_A_RUN.values(), ids=WRONG_FOR_A_RUN)
def test_it_is_said_in_one_line_for_a_run_too(command, stored, typed, says):
    code, out, err = command(typed)
    assert (code, out) == (2, "")
    (line,) = [line for line in err.splitlines() if line.startswith("retroml-edu")]
    assert says in line
    assert "Traceback" not in err


def test_a_run_without_a_model_has_no_agent_to_test(command, scripted):
    scripted(fail_at=100)
    command("train --env CartPole-v1 --steps 400 --quiet")
    code, _, err = command("test")
    assert code == 2
    assert "has no model yet (failed): resume it, and test it at its end." in err


@pytest.mark.parametrize("typed", [f"{TRAIN}", "runs", "show", "stop", "test", "export"])
def test_a_home_that_cannot_be_used_is_told(command, tmp_path, typed):
    (tmp_path / "file").write_text("in the way")
    code, out, err = command(typed, home=tmp_path / "file")
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1, err
    assert str(tmp_path / "file") in err


def test_a_damaged_run_is_told(command, stored):
    stored.folder.config_file.write_text("{")
    code, _, err = command("show")
    assert code == 2
    assert len(err.splitlines()) == 1
    assert "config.json is no config" in err


def test_what_the_system_refuses_is_one_line_too(command, monkeypatch):
    def refuse(*args, **kwargs):
        raise PermissionError(13, "Permission denied", "/runs/index.db")

    monkeypatch.setattr("retroml_edu.session.history.list_runs", refuse)
    code, out, err = command("runs")
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert err.startswith("retroml-edu: [Errno 13] Permission denied: '/runs/index.db'. A folder may not be written: ")


def test_memory_that_is_not_there_is_one_line_with_the_way_out(command, monkeypatch):
    monkeypatch.setattr("retroml_edu.session.history.list_runs", lambda *args, **kwargs: bytearray(10**15))
    code, out, err = command("runs")
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert "no memory left" in err
    assert "Replay buffer" in err


def test_an_error_that_nobody_knows_keeps_its_traceback(command, monkeypatch):
    def break_down(*args, **kwargs):
        raise ZeroDivisionError("in a program of our own")

    monkeypatch.setattr("retroml_edu.session.history.list_runs", break_down)
    with pytest.raises(ZeroDivisionError):
        command("runs")
