"""Whether a run is what it claims to be: as it is, and after somebody helped it along."""

from __future__ import annotations

import json
import shutil
import threading

import numpy as np
import pytest

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.control import Control
from retroml_edu.core.digest import ValuesDigest, weights_digest
from retroml_edu.core.errors import ConfigError, RunBusyError, StorageError, TrainingError
from retroml_edu.core.events import CheckpointEvent
from retroml_edu.core.settings import ParentRun
from retroml_edu.core.weights import PolicyWeights
from retroml_edu.session.history import load_run
from retroml_edu.session.session import Session
from retroml_edu.session.verification import Verdict, verify
from retroml_edu.storage.certificate import MOST_MARKS, config_digest, marks_of
from retroml_edu.storage.checkpoint_writer import write_checkpoint
from retroml_edu.storage.checkpoints import list_checkpoints, read_checkpoint
from retroml_edu.storage.exports import write_metrics_csv, write_metrics_json
from retroml_edu.storage.manifest import write_manifest
from retroml_edu.storage.model_files import load_model, save_model
from retroml_edu.storage.reader import read_events
from retroml_edu.training.scripted import ScriptedTrainer
from tests.session.bench import TIMEOUT_S, small_config

STEPS = 2_000


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """A real run of ten updates, with checkpoints between them."""
    home = tmp_path_factory.mktemp("verified")
    config = ExperimentConfig(
        env_id="CartPole-v1",
        run_type="custom",
        total_timesteps=STEPS,
        seed=5,
        n_envs=2,
        video={"enabled": False},
        checkpoints={"every_steps": 300, "keep": 9},
        hyperparameters={"n_steps": 100, "n_epochs": 2, "batch_size": 50},
    )
    return load_run(Session(home).start(config).wait(TIMEOUT_S).run_id, home)


@pytest.fixture
def run(original, tmp_path):
    """A copy that may be spoiled."""
    shutil.copytree(original.path, tmp_path / "runs" / original.run_id)
    return load_run(original.run_id, tmp_path / "runs")


def edited(file, change):
    data = json.loads(file.read_text())
    change(data)
    file.write_text(json.dumps(data))


def edited_values(run, change):
    """Change the lines of metrics.jsonl, and everything that is computed from it."""
    lines = [json.loads(line) for line in run.folder.metrics_log.read_text().splitlines()]
    change(lines)
    run.folder.metrics_log.write_text("".join(json.dumps(line) + "\n" for line in lines))
    write_metrics_csv(run.folder)
    write_metrics_json(run.folder)


def test_an_honest_run_is_identical_and_the_share_is_told(run):
    found = verify(run)
    assert (found.verdict, found.findings, found.environment) == (Verdict.IDENTICAL, [], [])
    assert 0.2 <= found.share < 1.0
    assert found.notes[1].startswith("Steps 0 to ")
    assert any("the steepest rise of the return" in note for note in found.notes)
    assert "do not show who made the run" in found.statement


def test_the_whole_run_is_identical(run):
    said = []
    found = verify(run, share=1.0, progress=lambda share, what: said.append(share))
    assert (found.verdict, found.share) == (Verdict.IDENTICAL, 1.0)
    assert said == sorted(said)


def test_a_prefix_ends_at_the_next_checkpoint(run):
    found = verify(run, prefix_steps=400)
    assert found.verdict is Verdict.IDENTICAL
    mark = min(step for step in (checkpoint.step for checkpoint in run.checkpoints()) if step >= 400)
    assert found.share == pytest.approx(mark / STEPS)


def test_an_edited_csv(run):
    text = run.folder.metrics_csv.read_text()
    run.folder.metrics_csv.write_text(text.replace("metric,", "metric,1", 1))
    found = verify(run)
    assert found.verdict is Verdict.ALTERED
    assert found.findings == ["metrics.csv does not hold what metrics.jsonl holds: it has been edited."]


def test_an_edited_cache_of_the_curves(run):
    file = run.path / "curves" / "points.safetensors"
    assert verify(run).verdict is Verdict.IDENTICAL
    raw = bytearray(file.read_bytes())
    raw[-35] ^= 64  # of the last value, which the 32 bytes of the signature follow
    file.write_bytes(raw)
    found = verify(run)
    assert found.verdict is Verdict.ALTERED
    assert found.findings == ["curves/ does not hold what metrics.jsonl holds: delete it, and it is made anew."]


def better(lines):
    game = next(line for line in lines if line["kind"] == "episode")
    game["episode_return"] += 100.0


def test_edited_values(run):
    edited_values(run, better)
    assert any("metrics.jsonl" in finding for finding in verify(run).findings)


def test_a_swapped_model(run):
    weights, description = load_model(run.folder)
    arrays = {name: array + np.float32(1e-6) for name, array in weights.arrays.items()}
    save_model(run.folder, PolicyWeights(weights.step, arrays, weights.normalization), description)
    assert verify(run).findings[0] == "The model in model/ is not the one that this run ended with."


def test_a_swapped_model_zip(run):
    run.folder.model_zip.write_bytes(b"PK" + run.folder.model_zip.read_bytes()[2:] + b"\0")
    assert any(finding.startswith("model.zip has") for finding in verify(run).findings)


def test_a_model_zip_of_another_run_with_a_manifest_to_match(run):
    config = run.config.changed(seed=6, run_type="custom", total_timesteps=200)
    other = Session(run.path.parent).start(config).wait(TIMEOUT_S)
    shutil.copy(other.model_path, run.folder.model_zip)
    write_manifest(run.folder)
    assert verify(run).findings == ["model.zip does not hold the model in model/."]


def test_an_edited_config(run):
    edited(run.folder.config_file, lambda config: config.update(seed=6))
    assert any("config.json" in finding for finding in verify(run).findings)


def test_an_edited_config_with_a_certificate_to_match(run):
    edited(run.folder.config_file, lambda config: config.update(seed=6))
    digest = config_digest(run.folder)
    edited(run.folder.certificate_file, lambda certificate: certificate.update(config_digest=digest))
    found = verify(run)
    assert found.verdict is Verdict.ALTERED
    assert "training leads to" in found.findings[0] or "and training" in found.findings[0]


def test_values_that_agree_with_each_other_but_not_with_training(run):
    """Whoever writes all digests anew is found out by the first difference, with step and name."""
    edited_values(run, better)
    digest, marks = ValuesDigest(), {}
    for event in read_events(run.folder):
        if isinstance(event, CheckpointEvent):
            marks[event.step, event.values_digest] = digest.hex
        digest.add(event)
    for file in (run.folder.events_log, run.folder.certificate_file):
        text = file.read_text()
        for (_, old), new in marks.items():
            text = text.replace(old, new)
        file.write_text(text)
    edited(run.folder.certificate_file, lambda certificate: certificate.update(values_digest=digest.hex))
    write_manifest(run.folder)
    found = verify(run)
    assert found.verdict is Verdict.ALTERED
    assert "episode_return=" in found.findings[0]
    assert "training leads to" in found.findings[0]


def test_a_forged_junction(run):
    """A better state, put in the middle of a run, is not where training leads to, though all files agree."""
    middle = list_checkpoints(run.folder)[2]
    stored = read_checkpoint(run.folder, middle.step)
    arrays = {
        name: array + np.float32(1e-3) if name.startswith("policy/") else array
        for name, array in stored.snapshot.arrays.items()
    }
    shutil.rmtree(run.path / middle.path)
    forged = write_checkpoint(
        run.folder,
        type(stored.snapshot)(stored.step, stored.snapshot.facts, arrays, None),
        attempt=stored.attempt,
        last_valid_seq=stored.last_valid_seq,
        reason=stored.reason,
        values_digest=stored.values_digest,
    )
    for file in (run.folder.events_log, run.folder.certificate_file):
        text = file.read_text()
        text = text.replace(middle.state_digest, forged.state_digest)
        file.write_text(text.replace(middle.weights_digest, forged.weights_digest))
    found = verify(run, share=1.0)
    assert found.verdict is Verdict.ALTERED
    assert found.findings == [
        f"At step {middle.step:,} all values agree, but the stored state is not the one that training leads to."
    ]


def test_another_machine_gets_the_first_update_compared(run):
    edited(run.folder.environment_file, lambda facts: facts["cpu"].update(model="Another One"))
    write_manifest(run.folder)
    found = verify(run)
    assert found.verdict is Verdict.NOT_COMPARABLE
    assert "processor: Another One there" in found.environment[0]
    assert "The first update, up to step 200, was trained again, within 0.001." in found.notes


def test_of_coarse_numbers_another_machine_compares_nothing(run):
    edited(run.folder.environment_file, lambda facts: facts["cpu"].update(model="Another One"))
    edited(run.folder.config_file, lambda config: config.update(precision="bfloat16"))
    digest = config_digest(run.folder)
    edited(run.folder.certificate_file, lambda certificate: certificate.update(config_digest=digest))
    write_manifest(run.folder)
    found = verify(run)
    assert (found.verdict, found.findings) == (Verdict.NOT_COMPARABLE, [])
    assert "In bfloat16 machines agree to two digits: no first update was compared." in found.notes


def test_another_machine_is_no_excuse_for_everything(run):
    edited(run.folder.environment_file, lambda facts: facts["cpu"].update(model="Another One"))
    edited(run.folder.config_file, lambda config: config["hyperparameters"].update(learning_rate=0.01))
    digest = config_digest(run.folder)
    edited(run.folder.certificate_file, lambda certificate: certificate.update(config_digest=digest))
    write_manifest(run.folder)
    found = verify(run)
    assert found.verdict is Verdict.ALTERED
    assert "more than another machine explains" in found.findings[0]


def test_a_run_without_a_certificate(run):
    run.folder.certificate_file.unlink()
    with pytest.raises(StorageError, match="has no certificate"):
        verify(run)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"format_version": 1}', "null", '{"run_id": 3}'])
def test_a_broken_certificate(run, text):
    run.folder.certificate_file.write_text(text)
    with pytest.raises(StorageError, match="certificate"):
        verify(run)


def test_a_share_is_a_share(run):
    with pytest.raises(ConfigError, match="between 0 and 1"):
        verify(run, share=1.5)


def test_a_check_can_be_called_off(run):
    control = Control()
    control.stop()
    with pytest.raises(TrainingError, match="called off"):
        verify(run, control=control)


def test_a_run_that_goes_on_from_another_is_checked_from_its_own_beginning(run):
    home = run.path.parent
    longer = load_run(Session(home).extend(run.run_id, STEPS + 400).wait(TIMEOUT_S).run_id, home)
    found = verify(longer, share=1.0)
    assert (found.verdict, found.share) == (Verdict.IDENTICAL, 1.0)
    assert f"The run goes on from another one, which had {STEPS:,} steps behind it." in found.notes


def test_a_run_that_began_with_weights_alone_is_checked_with_them(run):
    home = run.path.parent
    weights, _ = load_model(run.folder)
    config = run.config.changed(parent=ParentRun(run_id=run.run_id, step=weights.step), seed=8)
    begun = load_run(Session(home).start(config, weights=weights).wait(TIMEOUT_S).run_id, home)
    found = verify(begun, share=1.0)
    assert (found.verdict, found.findings) == (Verdict.IDENTICAL, [])


def test_a_lost_run_is_resumed_before_it_is_checked(run):
    lines = run.folder.events_log.read_text().splitlines(keepends=True)
    run.folder.events_log.write_text("".join(line for line in lines if '"done"' not in line))
    with pytest.raises(RunBusyError, match="lost before it could write its certificate: resume it"):
        verify(run)


def certified_anew(run):
    """Have all digests fit what the logs say, as whoever forges a run would."""
    events, digest = list(read_events(run.folder)), ValuesDigest()
    for event in events:
        digest.add(event)
    write_metrics_csv(run.folder)
    write_metrics_json(run.folder)
    marks = [mark.model_dump(mode="json") for mark in marks_of(events)]
    edited(run.folder.certificate_file, lambda data: data.update(values_digest=digest.hex, marks=marks))
    write_manifest(run.folder)


def without_checkpoints(run):
    lines = run.folder.events_log.read_text().splitlines(keepends=True)
    run.folder.events_log.write_text("".join(line for line in lines if '"checkpoint"' not in line))
    shutil.rmtree(run.folder.checkpoints_dir)


def one_more_game(lines):
    game = next(line for line in reversed(lines) if line["kind"] == "episode")
    lines.append({**game, "seq": 1_000_000, "step": STEPS, "episode_return": 500.0, "length": 500})


def test_a_game_that_was_added_after_the_last_checkpoint(run):
    edited_values(run, one_more_game)
    certified_anew(run)
    found = verify(run)
    assert found.findings == [f"At step {STEPS:,} the run reports what training does not lead to."]


def test_a_swapped_model_with_a_certificate_to_match(run):
    weights, description = load_model(run.folder)
    arrays = {name: array + np.float32(1e-6) for name, array in weights.arrays.items()}
    save_model(run.folder, PolicyWeights(weights.step, arrays, weights.normalization), description)
    digest = weights_digest(arrays, weights.normalization)
    edited(run.folder.certificate_file, lambda certificate: certificate.update(weights_digest=digest))
    run.folder.model_zip.unlink()
    write_manifest(run.folder)
    assert verify(run).findings == ["The model of the certificate is not the one that training leads to."]


def test_a_run_without_checkpoints_is_trained_again_from_beginning_to_end(run):
    without_checkpoints(run)
    certified_anew(run)
    found = verify(run)
    assert (found.verdict, found.findings, found.share) == (Verdict.IDENTICAL, [], 1.0)


def test_values_that_were_made_up_and_no_checkpoints(run):
    edited_values(run, better)
    without_checkpoints(run)
    certified_anew(run)
    found = verify(run)
    assert found.verdict is Verdict.ALTERED
    assert "episode_return=" in found.findings[0]


@pytest.mark.parametrize(("name", "value"), [("state", "stopped"), ("steps", STEPS - 1)])
def test_a_certificate_of_another_end(run, name, value):
    edited(run.folder.certificate_file, lambda certificate: certificate.update({name: value}))
    assert any("another end of the run" in finding for finding in verify(run).findings)


def test_a_run_that_says_it_is_done_too_early(run):
    text = run.folder.events_log.read_text()
    lines = [json.loads(line) for line in text.splitlines()]
    lines[-1]["step"] = STEPS - 200
    run.folder.events_log.write_text("".join(json.dumps(line) + "\n" for line in lines))
    edited(run.folder.certificate_file, lambda certificate: certificate.update(steps=STEPS - 200))
    assert any("its config asks for 2,000" in finding for finding in verify(run).findings)


def test_a_state_to_begin_with_that_no_config_explains(run):
    """Weights that were learned elsewhere are not smuggled in as the beginning."""
    first = list_checkpoints(run.folder)[0]
    for file in (run.folder.events_log, run.folder.certificate_file):
        file.write_text(file.read_text().replace("interval", "start", 1))
    found = verify(run)
    assert first.reason == "interval"
    assert "The run began with a state, and its config does not say from where." in found.findings


def test_a_run_that_says_that_it_goes_on_from_another_one_needs_a_state_for_it(run):
    parent = {"run_id": run.run_id, "step": 0}
    edited(run.folder.config_file, lambda config: config.update(parent=parent))
    without_checkpoints(run)
    certified_anew(run)
    digest = config_digest(run.folder)
    edited(run.folder.certificate_file, lambda certificate: certificate.update(config_digest=digest))
    found = verify(run)
    assert (found.verdict, found.share) == (Verdict.NOT_COMPARABLE, 0.0)
    assert "The state with which the run began is not among its checkpoints." in found.notes


def scripted(_config):
    return ScriptedTrainer()


class HeldTrainer:
    """Follows its script once it is told to."""

    def __init__(self):
        self.go = threading.Event()

    def train(self, config, emit, control, start=None):
        assert self.go.wait(TIMEOUT_S)
        return ScriptedTrainer().train(config, emit, control, start)


def test_a_run_that_was_stopped_before_its_first_step(home):
    """Its one checkpoint is where it began: nothing lies between."""
    held = HeldTrainer()
    run = Session(home, trainer_for=lambda config: held).start(small_config())
    run.stop()
    held.go.set()
    run.wait(TIMEOUT_S)
    stopped = verify(load_run(run.run_id, home), scripted)
    assert (stopped.verdict, stopped.share) == (Verdict.NOT_COMPARABLE, 0.0)
    Session(home, trainer_for=scripted).resume(run.run_id).wait(TIMEOUT_S)
    found = verify(load_run(run.run_id, home), scripted)
    assert (found.verdict, found.findings) == (Verdict.IDENTICAL, [])


@pytest.mark.parametrize("steps", [16, 100, 400])
def test_runs_that_were_stopped_and_not_resumed(home, steps):
    held = ScriptedTrainer(wait_at=steps)
    run = Session(home, trainer_for=lambda config: held).start(small_config(steps=400))
    assert held.reached.wait(TIMEOUT_S)
    run.stop()
    held.release.set()
    run.wait(TIMEOUT_S)
    found = verify(load_run(run.run_id, home), scripted, share=1.0)
    assert (found.verdict, found.findings, found.share) == (Verdict.IDENTICAL, [], 1.0)


def test_a_run_that_failed_is_checked_up_to_its_last_checkpoint(home):
    session = Session(home, trainer_for=lambda config: ScriptedTrainer(fail_at=300))
    run_id = session.start(small_config(steps=400, checkpoints={"every_steps": 128})).wait(TIMEOUT_S).run_id
    found = verify(load_run(run_id, home), scripted, share=1.0)
    assert (found.verdict, found.findings) == (Verdict.IDENTICAL, [])
    assert found.share < 1.0
    assert any("was not trained again" in note for note in found.notes)


def test_an_extended_run_that_was_stopped_at_once_and_resumed_keeps_its_beginning(home):
    session = Session(home, trainer_for=scripted)
    first = session.start(small_config(steps=400, checkpoints={"every_steps": 64, "keep": 1})).wait(TIMEOUT_S)
    held = HeldTrainer()
    longer = Session(home, trainer_for=lambda config: held).extend(first.run_id, 1_000)
    longer.stop()
    held.go.set()
    longer.wait(TIMEOUT_S)
    session.resume(longer.run_id).wait(TIMEOUT_S)
    found = verify(load_run(longer.run_id, home), scripted, share=1.0)
    assert (found.verdict, found.findings, found.share) == (Verdict.IDENTICAL, [], 1.0)


def test_of_very_many_checkpoints_the_state_that_a_run_began_with_is_told():
    digests = {"values_digest": "a" * 64, "weights_digest": "b" * 64, "state_digest": "c" * 64}
    made = [
        CheckpointEvent(
            f"checkpoints/{step:010d}", step, "interval" if step else "start", **digests, size_bytes=1, duration_s=0.1
        )
        for step in range(3 * MOST_MARKS)
    ]
    marks = marks_of(made)
    assert (marks[0].step, marks[0].reason, marks[-1].step) == (0, "start", made[-1].step)
    assert len(marks) <= MOST_MARKS
