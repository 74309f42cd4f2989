"""Runs that were left go on, and runs are checked, from the command line."""

from __future__ import annotations

import json

import pytest

from retroml_edu.cli import checkpoint
from retroml_edu.session.experiment import resume_experiment
from retroml_edu.session.history import list_runs, load_run
from retroml_edu.session.session import Session
from retroml_edu.storage.home import find_home
from retroml_edu.storage.index import RunIndex
from retroml_edu.training.scripted import ScriptedTrainer
from tests.session.bench import TIMEOUT_S, small_config, until

TRAIN = "train --env CartPole-v1 --steps 800 --seed 7 --n-envs 2 --no-video --quiet"
STATEMENT = "They do not show who made the run"


@pytest.fixture
def left(scripted, home):
    """A run that was stopped at step 400, with checkpoints."""
    trainer = ScriptedTrainer(wait_at=400)
    run = Session(home, trainer_for=lambda config: trainer).start(
        small_config(checkpoints={"every_steps": 100, "keep": 10})
    )
    assert trainer.reached.wait(TIMEOUT_S)
    run.stop()
    run.wait(TIMEOUT_S)
    return load_run(run.run_id, home)


def test_a_run_that_was_left_goes_on_to_its_end(command, left):
    code, out, err = command("resume")  # without a name: the newest that was left
    assert (code, left.state) == (0, "done")
    assert out.startswith(f"Going on with {left.title}, run {left.run_id}, from step 400.\ndone: ")
    assert "100%" in err
    # Of the newest games, those before the stop among them: as in the run that was never stopped.
    assert "done, mean return 284.4" in err
    assert command("resume") == (0, "No run was left before its end.\n", "")
    assert command(f"verify {left.run_id} --all --quiet")[0] == 0


def test_it_goes_on_from_a_checkpoint_of_choice(command, left):
    assert "from step 200." in command(f"resume {left.run_id} --step 200")[1]
    assert left.summary["steps"] == 800


def test_it_goes_on_from_a_script(left, home):
    result = resume_experiment(left.run_id, home, progress=False)
    assert (result.success, result.run_id) == (True, left.run_id)


def test_a_damaged_checkpoint_is_named_and_passed_over(command, left):
    newest = left.checkpoints()[-1]
    (file,) = (left.path / newest.path).glob("*.safetensors")
    file.write_bytes(file.read_bytes()[:-9])
    code, out, _ = command("resume")
    assert code == 0
    assert "from step 300." in out
    (warning,) = [line for line in out.splitlines() if line.startswith("warning: ")]
    assert newest.path in warning


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("resume", 'There is no run "ffff0000"'),
        ("verify", 'There is no run "ffff0000"'),
        ("checkpoint", 'There is no run "ffff0000"'),
        ("train --steps 900 --from", 'There is no run "ffff0000"'),
        ("train --steps 900 --weights-of", 'There is no run "ffff0000"'),
    ],
)
def test_a_run_that_is_not_there_is_one_line(command, left, typed, says):
    code, out, err = command(f"{typed} ffff0000")
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert says in err


MISTAKES = {
    "resume what is done": ("resume {done}", "has reached its last step, so there is nothing left to resume"),
    "no checkpoint": ("train --from {bare} --steps 900", "has no checkpoint that can be used"),
    "a step without checkpoint": ("resume {left} --step 123", "has no checkpoint of step 123. There are those of step"),
    "a checkpoint of what has ended": ("checkpoint {left}", "is stopped: only a run that trains makes a checkpoint"),
    "a share above all": ("verify {left} --share 2 --quiet", "share=2: give a share of the run between 0 and 1"),
    "an empty prefix": ("verify {left} --prefix 0 --quiet", "--prefix 0: give a number of steps, 1 or more."),
    "a share and all": ("verify {left} --share 1 --all", "not allowed with argument"),
    "a longer run that is shorter": ("train --from {left} --steps 100", "has 400 steps behind it already"),
    "a longer run without steps": ("train --from {left}", "--from needs --steps"),
    "a longer run with another seed": ("train --from {left} --steps 900 --seed 0", "so --seed has no place beside it"),
    "a longer run on another engine": ("train --from {left} --steps 900 --engine sb3", "so --engine has no place"),
    "a longer run without videos": ("train --from {left} --steps 900 --no-video", "so --no-video has no place"),
    "two origins": ("train --from {left} --weights-of {left}", "not allowed with argument"),
    "schedules of a new run": (f"{TRAIN} --schedules restart", "--schedules goes with --from"),
}


@pytest.mark.parametrize(("typed", "says"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_one_line(command, left, home, typed, says):
    runs = {"left": left.run_id}
    for name, options in {"done": "", "bare": " --no-checkpoints"}.items():
        if f"{{{name}}}" in typed:
            command(TRAIN + options)
            runs[name] = list_runs(home)[0].run_id
    if "bare" in runs:
        _lose(load_run(runs["bare"], home))
    code, out, err = command(typed.format(**runs))
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1, err
    assert says in err


def test_a_run_that_goes_on_is_neither_resumed_nor_checked(command, scripted, home):
    trainer = ScriptedTrainer(wait_at=100)
    run = Session(home, trainer_for=lambda config: trainer).start(small_config())
    assert trainer.reached.wait(TIMEOUT_S)
    resumed, checked = command(f"resume {run.run_id}"), command(f"verify {run.run_id}")
    run.stop()
    run.wait(TIMEOUT_S)
    assert (resumed[0], checked[0]) == (2, 2)
    assert "still goes on" in resumed[2]
    assert "it can be checked when it has ended" in checked[2]


def test_a_checkpoint_is_made_when_somebody_asks(command, scripted, home, monkeypatch):
    trainer = ScriptedTrainer(wait_at=100)
    run = Session(home, trainer_for=lambda config: trainer).start(small_config())
    assert trainer.reached.wait(TIMEOUT_S)
    code, out, _ = command("checkpoint")
    monkeypatch.setattr(checkpoint, "PATIENCE_S", 0.0)
    hasty = command(f"checkpoint {run.run_id}")
    run.stop()
    run.wait(TIMEOUT_S)
    (info, *_) = load_run(run.run_id, home).checkpoints()
    assert code == 0
    assert out.startswith(f"Run {run.run_id}: checkpoint at step {info.step:,}, ")
    assert hasty[0] == 1
    assert "was asked for a checkpoint and has made none within 0 s" in hasty[1]
    assert command("checkpoint") == (0, "No run goes on.\n", "")


def test_a_run_that_makes_none_says_so(command, scripted, home):
    trainer = ScriptedTrainer(wait_at=100)
    run = Session(home, trainer_for=lambda config: trainer).start(small_config(checkpoints={"enabled": False}))
    assert trainer.reached.wait(TIMEOUT_S)
    code, _, err = command("checkpoint")
    run.stop()
    run.wait(TIMEOUT_S)
    assert code == 2
    assert "makes no checkpoints: its config says so" in err


def test_show_lists_checkpoints_and_what_is_possible(command, left):
    out = command("show")[1]
    steps = [line.split()[2] for line in out.splitlines() if line.startswith("  saved ")]
    assert steps == [str(info.step) for info in left.checkpoints()]
    assert f"Resume it with `retroml-edu resume {left.run_id}`: it goes on from step 400." in out


def test_a_lost_run_is_marked_and_told(command, left):
    _lose(left)
    _, out, err = command("runs")
    assert out.split("\t")[4] == "lost"
    assert err == (
        f"1 lost (the process ended without a word): `retroml-edu show {left.run_id}` says what is possible.\n"
    )
    assert "Its process ended without a word" in command("show")[1]
    code, _, err = command("verify --quiet")
    assert code == 2
    assert "was lost before it could write its certificate" in err


def test_a_lost_run_without_checkpoint_says_so(command, scripted, home):
    command(f"{TRAIN} --no-checkpoints")
    _lose(load_run(list_runs(home)[0].run_id, home))
    assert "It has no checkpoint to go on from" in command("show")[1]


@pytest.mark.parametrize("how", ["", "--all", "--share 0.5", "--prefix 150"])
def test_verify_says_identical_and_what_was_looked_at(command, left, how):
    code, out, err = command(f"verify {how}")
    assert code == 0
    assert out.startswith(f"identical: {left.title}, run {left.run_id}\n")
    assert "  looked at         Steps 0 to " in out
    assert "% of the steps" in out
    assert STATEMENT in " ".join(out.split())
    assert "left" in err


def test_verify_without_checkpoints_trains_the_whole_run_again(command, scripted):
    command(f"{TRAIN} --no-checkpoints")
    code, out, _ = command("verify --quiet")
    assert code == 0
    assert "  trained again     100% of the steps\n" in out


def test_verify_of_a_stopped_run_without_checkpoints_says_that_nothing_was_trained_again(command, scripted, home):
    trainer = ScriptedTrainer(wait_at=400)
    run = Session(home, trainer_for=lambda config: trainer).start(small_config(checkpoints={"enabled": False}))
    assert trainer.reached.wait(TIMEOUT_S)
    run.stop()
    run.wait(TIMEOUT_S)
    code, out, _ = command("verify --quiet")
    assert code == 3
    assert "  trained again     0% of the steps\n" in out
    assert "how they came about was not looked at" in out


def test_verify_says_altered_with_the_first_difference(command, left):
    text = left.folder.config_file.read_text()
    left.folder.config_file.write_text(text.replace('"seed": 7', '"seed": 8'))
    code, out, _ = command("verify --quiet")
    assert code == 1
    assert out.startswith("altered: ")
    assert "  first difference  config.json is not the config of the certificate" in out


def test_verify_says_not_comparable_and_why(command, left):
    facts = json.loads(left.folder.environment_file.read_text())
    facts["cpu"]["model"] = "Another processor"
    left.folder.environment_file.write_text(json.dumps(facts))
    left.folder.manifest_file.unlink()  # it would tell of the edit
    code, out, _ = command("verify --quiet")
    assert code == 3
    assert out.startswith("not comparable here: ")
    assert "  other machine     processor: Another processor there" in out
    assert "The first update, up to step" in out


def test_an_interrupt_ends_a_check_in_order(command, left, monkeypatch):
    class Interrupted(ScriptedTrainer):
        def train(self, *args):
            raise KeyboardInterrupt

    monkeypatch.setattr("retroml_edu.training.trainer_for", lambda config: Interrupted())
    assert command("verify --quiet") == (130, "", "Interrupted.\n")
    assert left.state == "stopped"


def test_the_exit_codes_are_told(command):
    assert "3 not comparable on this machine" in " ".join(command("verify --help")[1].split())


@pytest.mark.parametrize("schedules", ["continue", "restart"])
def test_a_longer_run_goes_on_from_the_exact_state(command, left, home, schedules):
    code, out, _ = command(f"train --from {left.run_id} --steps 1000 --schedules {schedules}")
    longer = load_run(list_runs(home)[0].run_id, home)
    assert code == 0
    assert out.startswith(f"From step 400 of run {left.run_id}; schedules {schedules}.\n")
    assert (longer.config.total_timesteps, longer.config.parent.step) == (1000, 400)
    assert longer.checkpoints()[0].reason == "start"
    assert f"  from      step 400 of run {left.run_id}\n" in command("show")[1]


def test_weights_keep_their_activation_where_a_file_leaves_it_open(command, left, home, tmp_path):
    there = left.config.hyperparameters.activation
    assert there == "tanh"
    file = tmp_path / "mine.yaml"
    layers = list(left.config.hyperparameters.net_arch)
    for given, used in (("", there), ("  activation: relu\n", "relu")):
        file.write_text(f"env_id: CartPole-v1\nhyperparameters:\n  net_arch: {layers}\n{given}")
        code, _, err = command(f"train --weights-of {left.run_id} --config {file} --steps 300 --quiet")
        assert (code, err) == (0, "")
        assert load_run(list_runs(home)[0].run_id, home).config.hyperparameters.activation == used


def test_the_weights_alone_begin_a_run_of_its_own(command, left, home):
    assert command(f"train --weights-of {left.run_id} --steps 300 --set gamma=0.5 --quiet")[0] == 0
    new = load_run(list_runs(home)[0].run_id, home).config
    old = left.config
    assert (new.parent.run_id, new.total_timesteps, new.hyperparameters.gamma) == (left.run_id, 300, 0.5)
    assert new.hyperparameters.learning_rate == old.hyperparameters.learning_rate
    assert new.n_envs == old.n_envs


def test_a_new_run_draws_a_new_seed_unless_it_is_given(command, left, home, monkeypatch):
    monkeypatch.setattr("retroml_edu.cli.train_on.random_seed", lambda: 4711)
    for options, seed in (("", 4711), ("--seed 9", 9)):
        command(f"train --weights-of {left.run_id} --steps 100 --quiet {options}")
        assert list_runs(home)[0].seed == seed


@pytest.mark.slow
def test_a_killed_run_is_resumed_and_found_identical(spawn, command, home, tmp_path):
    settings = tmp_path / "often.yaml"
    settings.write_text(
        "env_id: CartPole-v1\nrun_type: custom\ntotal_timesteps: 12000\nseed: 5\n"
        "video:\n  enabled: false\ncheckpoints:\n  every_steps: 1500\n",
        "utf-8",
    )
    process = spawn(f"train --quiet --config {settings}")
    until(
        lambda: process.poll() is not None or any(load_run(row.run_id, home).checkpoints() for row in list_runs(home)),
        "a checkpoint",
    )
    process.kill()
    process.wait(TIMEOUT_S)
    (row,) = list_runs(home)
    assert row.state == "lost"
    code, out, err = command("resume")
    assert (code, "done: " in out) == (0, True), err
    code, out, _ = command("verify --all --quiet")
    assert (code, out.partition(":")[0]) == (0, "identical"), out


def _lose(run):
    """Take the end of a run away, as if its process had been killed."""
    lines = run.folder.events_log.read_text("utf-8").splitlines(keepends=True)
    states = [number for number, line in enumerate(lines) if '"kind": "state"' in line or '"kind":"state"' in line]
    run.folder.events_log.write_text("".join(lines[: states[1] + 1]), "utf-8")
    for row in (run.folder.summary_file, run.folder.certificate_file):
        row.unlink()
    assert run.state == "lost"
    with RunIndex.of_home(find_home(run.path.parent)) as index:
        index.record_folder(run.folder)
