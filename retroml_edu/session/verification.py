"""Checks that a run is what it claims to be: by its files, and by training stretches of it again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.control import Control
from retroml_edu.core.digest import ValuesDigest, arrays_digest, weights_digest
from retroml_edu.core.errors import ConfigError, RunBusyError, StorageError
from retroml_edu.core.events import CheckpointEvent, Event, StateEvent
from retroml_edu.core.states import RunState
from retroml_edu.policies import WeightsError
from retroml_edu.session.importing import is_imported, stock_weights
from retroml_edu.session.stretches import Again, Stretches
from retroml_edu.storage.certificate import STATEMENT, Certificate, config_digest, marks_of, read_certificate
from retroml_edu.storage.curve_cache import cache_agrees
from retroml_edu.storage.environment import environment_differences, environment_facts
from retroml_edu.storage.exports import metrics_csv, metrics_json
from retroml_edu.storage.folder import RunFolder
from retroml_edu.storage.json_text import read_json_object
from retroml_edu.storage.manifest import check_manifest
from retroml_edu.storage.model_files import load_model
from retroml_edu.storage.reader import read_events

if TYPE_CHECKING:
    from retroml_edu.session.history import Run
    from retroml_edu.session.run import TrainerFactory

DEFAULT_SHARE = 0.2
_IN_MANIFEST_ONLY = ("model.zip", "environment.json", "summary.json", "videos/")
"""What no digest of the run itself covers."""


class Verdict(StrEnum):
    """The outcome of a check."""

    IDENTICAL = "identical"
    NOT_COMPARABLE = "not comparable here"
    ALTERED = "altered"


@dataclass(slots=True)
class Verification:
    """What a check found.

    Attributes:
        verdict: The outcome.
        findings: What is wrong, a sentence each; empty unless altered.
        environment: What differs between the machine of the run and this one.
        notes: What was looked at, a sentence each.
        share: Share of the run's steps that was trained again, 0 to 1.
        statement: What a certificate shows, and what it does not.
    """

    verdict: Verdict = Verdict.IDENTICAL
    findings: list[str] = field(default_factory=list)
    environment: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    share: float = 0.0
    statement: str = STATEMENT


def verify(
    run: Run,
    trainer_for: TrainerFactory | None = None,
    *,
    share: float = DEFAULT_SHARE,
    prefix_steps: int | None = None,
    control: Control | None = None,
    progress: Callable[[float, str], None] = lambda _share, _what: None,
) -> Verification:
    """Check a run by its files, and by training parts of it again.

    The first stretch, from step 0, and the one with the steepest rise of the return are always among those parts.

    Args:
        run: A run that has ended.
        trainer_for: Chooses the trainer; that of a session, if left out.
        share: Share of the run's steps to train again, at least, where there are checkpoints to begin from; 1 for all.
        prefix_steps: Instead: train the first steps again, up to the first checkpoint at or after this one.
        control: To call it off with `Control.stop`.
        progress: Told how far it is, 0 to 1, and what is being done.

    Raises:
        RunBusyError: If the run still goes on, or was lost before its end.
        StorageError: If it has no certificate, as a model that was imported.
        ConfigError: If its config cannot be read, or the share is not between 0 and 1.
        TrainingError: If the check was called off.
    """
    if not 0.0 < share <= 1.0:
        raise ConfigError(f"share={share:g}: give a share of the run between 0 and 1, such as 0.2, or 1 for all of it.")
    if trainer_for is None:
        from retroml_edu.training import trainer_for as chosen

        trainer_for = chosen
    _raise_unless_checkable(run)
    certificate, config = read_certificate(run.folder), run.config
    events = list(read_events(run.folder))
    found = Verification()
    progress(0.0, "comparing the files")
    wrong_before = _first_wrong_mark(events, certificate)
    found.findings += _file_findings(run, events, config, certificate, exports=wrong_before is None)
    found.notes.append("Config, values, exports, model and certificate were compared with each other.")
    if found.findings:  # files that contradict each other are no ground to train from
        if wrong_before is not None:
            found.findings.append(_wrong_values(wrong_before))
        found.verdict = Verdict.ALTERED
        return found
    found.environment = _environment(run.folder)
    stretches = Stretches(run.folder, config, certificate, events, trainer_for, control or Control(), progress)
    if wrong_before is not None:
        where = "" if found.environment else stretches.first_difference_before(wrong_before)
        again = Again([f"{_wrong_values(wrong_before)} {where}".rstrip()])
    else:
        again = stretches.first_update() if found.environment else stretches.compare(share, prefix_steps)
    found.findings += again.findings
    found.notes += again.notes
    found.share = again.share
    if found.findings:
        found.verdict = Verdict.ALTERED
    elif again.share == 0.0:  # files that agree with each other show nothing yet: anybody can write them
        found.verdict = Verdict.NOT_COMPARABLE
    return found


def _wrong_values(before: int) -> str:
    return f"Before step {before:,} metrics.jsonl is not as the run wrote it."


def _file_findings(
    run: Run, events: list[Event], config: ExperimentConfig, certificate: Certificate, *, exports: bool
) -> Iterator[str]:
    yield from _config_findings(run.folder, certificate)
    yield from _end_findings(run, events, config, certificate)
    if tuple(marks_of(events)) != certificate.marks:
        yield "The checkpoints in events.jsonl are not those of the certificate."
    if exports:  # else they are as good as what they were made from
        yield from _export_findings(run.folder, events)
    yield from _model_findings(run.folder, config, certificate)
    yield from _manifest_findings(run.folder)


def _raise_unless_checkable(run: Run) -> None:
    if is_imported(run.folder):
        raise StorageError(
            f"The run {run.run_id} is a model that was imported: nothing was trained here that could be trained again. "
            "Let it play to see how good it is."
        )
    state = run.state
    if state is RunState.LOST:
        raise RunBusyError(
            f"The run {run.run_id} was lost before it could write its certificate: resume it, and check it when it has "
            "ended."
        )
    if not state.is_final:
        raise RunBusyError(f"The run {run.run_id} still goes on ({state}): it can be checked when it has ended.")


def _config_findings(folder: RunFolder, certificate: Certificate) -> Iterator[str]:
    if certificate.run_id != folder.run_id:
        yield f"The certificate is that of another run, {certificate.run_id!r}."
    if config_digest(folder) != certificate.config_digest:
        yield "config.json is not the config of the certificate: it has been edited."


def _end_findings(
    run: Run, events: Iterable[Event], config: ExperimentConfig, certificate: Certificate
) -> Iterator[str]:
    """Compare where the run says that it began and ended: which stretches can be trained again depends on it."""
    ending = next((event for event in reversed(list(events)) if isinstance(event, StateEvent)), None)
    if ending is None or (certificate.state, certificate.steps) != (str(run.state), ending.step):
        yield "The certificate is that of another end of the run: state or steps differ from those in events.jsonl."
    elif run.state is RunState.DONE and certificate.steps < config.total_timesteps:
        yield (
            f"The run says that it is done after {certificate.steps:,} steps, and its config asks for "
            f"{config.total_timesteps:,}."
        )
    begun = [mark.step for mark in certificate.marks if mark.reason == "start"]
    if begun and (config.parent is None or begun[0] not in (0, config.parent.step)):
        yield "The run began with a state, and its config does not say from where."


def _first_wrong_mark(events: Sequence[Event], certificate: Certificate) -> int | None:
    """Chain the stored values, and compare wherever the run itself wrote down where it was.

    A checkpoint is told once it is written: values may stand before it that came after.

    Returns:
        The step before which a value has been changed; None if all are as they were.
    """
    marks = [event.values_digest for event in events if isinstance(event, CheckpointEvent)]
    reached = told = 0
    digest = ValuesDigest()
    for event in events:
        while reached < len(marks) and marks[reached] == digest.hex:
            reached += 1
        if isinstance(event, CheckpointEvent):
            told += 1
            if reached < told:
                return event.step
        digest.add(event)
    return None if digest.hex == certificate.values_digest else certificate.steps


def _export_findings(folder: RunFolder, events: list[Event]) -> Iterator[str]:
    if not cache_agrees(folder, events):
        yield "curves/ does not hold what metrics.jsonl holds: delete it, and it is made anew."
    for file, made in (
        (folder.metrics_csv, metrics_csv(folder, events)),
        (folder.metrics_json, metrics_json(folder, events)),
    ):
        try:
            if file.read_bytes() != made:
                yield f"{file.name} does not hold what metrics.jsonl holds: it has been edited."
        except OSError as error:
            yield f"{file.name} cannot be read: {error.strerror or error}."


def _model_findings(folder: RunFolder, config: ExperimentConfig, certificate: Certificate) -> Iterator[str]:
    if certificate.weights_digest is None:
        return
    try:
        weights, _ = load_model(folder)
    except StorageError as error:
        yield f"The model cannot be read: {error}"
        return
    if weights_digest(weights.arrays, weights.normalization) != certificate.weights_digest:
        yield "The model in model/ is not the one that this run ended with."
    if folder.model_zip.exists():
        try:
            packed = stock_weights(folder.model_zip, config)
        except WeightsError as error:
            yield str(error)
        else:
            if arrays_digest(packed) != arrays_digest(weights.arrays):
                yield "model.zip does not hold the model in model/."


def _manifest_findings(folder: RunFolder) -> Iterator[str]:
    with suppress(StorageError):  # without a manifest there is nothing to hold these files against
        for difference in check_manifest(folder):
            if difference.startswith(_IN_MANIFEST_ONLY) and "is not in the manifest" not in difference:
                yield difference


def _environment(folder: RunFolder) -> list[str]:
    try:
        there = read_json_object(folder.environment_file)
    except (OSError, ValueError):
        return ["environment.json cannot be read: what the run was made with is not known"]
    import torch  # noqa: F401 - once it is there, the facts of this machine tell its threads

    differences = environment_differences(there, environment_facts({}))
    device = str(there.get("device", "cpu"))[:20]
    if device != "cpu":
        differences.append(f"device: {device!r} there; only what the processor computes repeats bit for bit")
    return differences
