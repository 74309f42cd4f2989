import csv
import io
import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from retroml_edu.core.digest import ValuesDigest
from retroml_edu.core.errors import StorageError
from retroml_edu.core.events import CheckpointEvent, EpisodeEvent, Event, LogEvent, MetricEvent, StateEvent, VideoEvent
from retroml_edu.core.metrics import STEPS_PER_SECOND
from retroml_edu.core.states import RunState
from retroml_edu.storage.exports import metrics_csv, metrics_json, summarise
from retroml_edu.storage.folder import RunFolder
from retroml_edu.storage.frames import episodes_frame, metrics_frame
from retroml_edu.storage.jsonl import AppendFile
from retroml_edu.storage.lease import Lease
from retroml_edu.storage.lines import AttemptStart
from retroml_edu.storage.reader import EventTail, newest_attempt, read_events, run_state
from retroml_edu.storage.superseded import Superseded
from retroml_edu.storage.writer import RunWriter

HEX = "0a" * 32


def checkpoint(step: int) -> CheckpointEvent:
    return CheckpointEvent(f"checkpoints/{step:010d}", step, "interval", HEX, HEX, HEX, 10, 0.01, "t")


def measured(first: int, last: int, speed: float) -> list[Event]:
    """What a run measures between two steps: values come from the step alone, times from its speed too."""
    events: list[Event] = []
    for step in range(first + 10, last + 1, 10):
        events.append(EpisodeEvent(step, step / speed, step % 3, (step * 37 % 11) / 3, step % 7 + 1))
        if step % 20 == 0:
            events.append(MetricEvent(step, step / speed, {"train/loss": 1 / step, STEPS_PER_SECOND: speed}))
    return events


class Attempt:
    """One start of a run."""

    def __init__(self, folder: RunFolder, start: AttemptStart | None = None) -> None:
        self.number = newest_attempt(folder) + 1
        self.writer = RunWriter(folder, self.number, start)

    def write(self, *events: Event) -> int:
        self.writer.handle(events)
        self.writer.flush_through()
        return self.writer.newest_line

    def end(self, *events: Event) -> None:
        self.writer.handle(events)
        self.writer.close()


def uninterrupted(folder: RunFolder) -> None:
    attempt = Attempt(folder)
    attempt.end(
        StateEvent(RunState.RUNNING, 0),
        *measured(0, 200, 100.0),
        StateEvent(RunState.DONE, 200, "", "2026-01-31T12:00:09.000Z"),
    )


def interrupted(folder: RunFolder) -> None:
    """Failed at 120, went on from 100 and was killed at 150, went on from 100 once more."""
    first = Attempt(folder)
    first.write(StateEvent(RunState.RUNNING, 0), *measured(0, 60, 50.0))
    valid = first.write(*measured(60, 100, 50.0))
    first.end(
        checkpoint(100),
        VideoEvent("videos/step-0000000080.mp4", 80, 0.4, 1.0, 1, True, 1.0),
        *measured(100, 120, 50.0),
        VideoEvent("videos/step-0000000110.mp4", 110, 0.5, 1.0, 1, True, 1.0),
        StateEvent(RunState.FAILED, 120, "it broke", "2026-01-31T12:00:05.000Z"),
    )
    second = Attempt(folder, AttemptStart(valid, 100))
    second.end(StateEvent(RunState.RUNNING, 100), *measured(100, 150, 70.0))
    with folder.metrics_log.open("a") as log:
        log.write('{"attempt":2,"seq":99,"kind":"epi')
    third = Attempt(folder, AttemptStart(valid, 100))
    third.end(
        # The clock was set back meanwhile: numbers decide what is newest, not times.
        StateEvent(RunState.RUNNING, 100, "", "2020-01-31T12:00:00.000Z"),
        *measured(100, 200, 100.0),
        StateEvent(RunState.DONE, 200, "", "2020-01-31T12:00:09.000Z"),
    )


def without_times(table: bytes) -> list[dict[str, str]]:
    rows = list(csv.DictReader(io.StringIO(table.decode())))
    return [{name: cell for name, cell in row.items() if name not in {"elapsed_s", STEPS_PER_SECOND}} for row in rows]


@pytest.fixture
def pair(folder: RunFolder) -> tuple[RunFolder, RunFolder]:
    other = RunFolder(folder.path.with_name("01a1fc8b-e14b-7479-806e-c1f188d9cf36"))
    other.path.mkdir()
    uninterrupted(folder)
    interrupted(other)
    return folder, other


def test_a_resumed_run_reads_like_one_that_was_never_interrupted(pair: tuple[RunFolder, RunFolder]) -> None:
    whole, resumed = pair
    assert without_times(metrics_csv(resumed)) == without_times(metrics_csv(whole))
    assert len(metrics_json(resumed)) > 100
    for frame in (episodes_frame, metrics_frame):
        mine, theirs = frame(resumed), frame(whole)
        times = ["elapsed_s", STEPS_PER_SECOND]
        assert mine.drop(columns=times, errors="ignore").equals(theirs.drop(columns=times, errors="ignore"))
    digests = []
    for folder in pair:
        digest = ValuesDigest()
        for event in read_events(folder):
            digest.add(event)
        digests.append(digest.hex)
    assert digests[0] == digests[1]


def test_its_summary_is_that_of_the_last_attempt(pair: tuple[RunFolder, RunFolder]) -> None:
    whole, resumed = (summarise(folder) for folder in pair)
    same = ("state", "steps", "episodes", "return_mean", "return_best", "return_first", "error")
    assert {name: resumed[name] for name in same} == {name: whole[name] for name in same}
    assert resumed["videos"] == ["videos/step-0000000080.mp4"]
    assert resumed["ended_utc"] == "2020-01-31T12:00:09.000Z"


def test_a_summary_between_two_attempts_says_where_the_run_is_now(folder: RunFolder) -> None:
    first = Attempt(folder)
    valid = first.write(StateEvent(RunState.RUNNING, 0), *measured(0, 100, 50.0))
    first.end(*measured(100, 200, 50.0), LogEvent("warning", "x", 200), StateEvent(RunState.FAILED, 200, "it broke"))
    Attempt(folder, AttemptStart(valid, 100)).end(StateEvent(RunState.RUNNING, 100))
    summary = summarise(folder)
    assert (summary["steps"], summary["state"], summary["error"]) == (100, "running", None)


def test_history_is_kept_and_so_is_the_checkpoint_itself(pair: tuple[RunFolder, RunFolder]) -> None:
    events = list(read_events(pair[1]))
    states = [(event.state, event.step) for event in events if isinstance(event, StateEvent)]
    assert states == [("running", 0), ("failed", 120), ("running", 100), ("running", 100), ("done", 200)]
    assert [event.step for event in events if isinstance(event, CheckpointEvent)] == [100]
    assert newest_attempt(pair[1]) == 3
    assert run_state(pair[1]) is RunState.DONE


def test_the_tail_tells_that_a_further_attempt_has_begun(folder: RunFolder) -> None:
    tail = EventTail(folder)
    first = Attempt(folder)
    valid = first.write(*measured(0, 100, 1.0))
    assert tail.poll() == measured(0, 100, 1.0)
    assert tail.attempt == 1
    first.end()
    second = Attempt(folder, AttemptStart(valid, 100))
    second.end(*measured(100, 120, 1.0))
    assert tail.poll() == measured(100, 120, 1.0)
    assert tail.attempt == 2


def test_a_run_that_starts_again_is_not_what_it_was_before(folder: RunFolder) -> None:
    Attempt(folder).end(StateEvent(RunState.FAILED, 10))
    lease = Lease.acquire(folder)
    Attempt(folder, AttemptStart(0, 0)).end()
    assert run_state(folder) is RunState.CREATED
    lease.release()


def steps(folder: RunFolder) -> list[int]:
    return [event.step for event in read_events(folder) if isinstance(event, EpisodeEvent)]


def test_an_attempt_may_go_back_to_before_an_attempt_that_is_superseded_itself(folder: RunFolder) -> None:
    first = Attempt(folder)
    early = first.write(*(EpisodeEvent(step, 0.0, 0, 1.0, 1) for step in (10, 20)))
    late = first.write(*(EpisodeEvent(step, 0.0, 0, 1.0, 1) for step in (30, 40)))
    first.end()
    second = Attempt(folder, AttemptStart(early, 20))
    second.end(EpisodeEvent(31, 0.0, 0, 1.0, 1))
    assert steps(folder) == [10, 20, 31]
    third = Attempt(folder, AttemptStart(late, 40))  # a checkpoint of the first attempt, after all
    third.end(EpisodeEvent(50, 0.0, 0, 1.0, 1))
    assert steps(folder) == [10, 20, 30, 40, 50]


def test_checkpoints_of_an_attempt_that_was_passed_over_do_not_count(folder: RunFolder) -> None:
    """Though they are of earlier steps than the one from which the run went on; that one is told after its values."""
    first = Attempt(folder)
    early = first.write(*measured(0, 100, 1.0))
    first.write(checkpoint(100))
    late = first.write(*measured(100, 300, 1.0))
    first.end(*measured(300, 320, 1.0), checkpoint(300))
    Attempt(folder, AttemptStart(early, 100)).end(*measured(100, 150, 2.0), checkpoint(150))
    Attempt(folder, AttemptStart(late, 300)).end(*measured(300, 350, 3.0))
    found = [event.step for event in read_events(folder) if isinstance(event, CheckpointEvent)]
    assert found == [100, 300]


def test_an_attempt_from_the_beginning_supersedes_all(folder: RunFolder) -> None:
    Attempt(folder).end(*measured(0, 50, 1.0), checkpoint(50))
    Attempt(folder, AttemptStart(0, 0)).end(*measured(0, 20, 2.0))
    assert list(read_events(folder)) == measured(0, 20, 2.0)


class Plainly:
    """The rule as one would say it, for every line anew: newest start first, back along the line of descent."""

    def __init__(self, starts: Sequence[tuple[int, AttemptStart]]) -> None:
        self.starts = sorted(starts, key=lambda item: item[0])

    def covers(self, seq: int) -> bool:
        reach = 2**63
        for at, start in reversed(self.starts):
            if at > reach:
                continue
            if start.last_valid_seq < seq < at:
                return True
            reach = min(at, start.last_valid_seq)
        return False


@pytest.mark.parametrize("seed", range(20))
def test_many_attempts_agree_with_the_plain_rule(seed: int) -> None:
    draws = random.Random(seed)
    seqs = sorted(draws.sample(range(1, 400), 30))
    starts = [(seq, AttemptStart(draws.randrange(seq + 20), 0)) for seq in seqs]
    superseded, plainly = Superseded(), Plainly(starts)
    for seq, start in draws.sample(starts, len(starts)):
        superseded.add(seq, start)
    event = EpisodeEvent(5, 0.0, 0, 1.0, 1)
    found = [superseded.covers(seq, event) for seq in range(420) if seq not in seqs]
    assert found == [plainly.covers(seq) for seq in range(420) if seq not in seqs]


def test_the_cost_of_a_line_does_not_grow_with_the_attempts(monkeypatch: pytest.MonkeyPatch) -> None:
    superseded = Superseded()
    for number in range(1, 201):
        superseded.add(number * 100, AttemptStart(number * 100 - 50, number))
    superseded.covers(1, EpisodeEvent(5, 0.0, 0, 1.0, 1))
    looked_at = 0

    def counting(gap: object) -> int:
        nonlocal looked_at
        looked_at += 1
        return int(gap.before)  # type: ignore[attr-defined]

    monkeypatch.setattr("retroml_edu.storage.superseded._before", counting)
    for seq in range(1_000):
        superseded.covers(seq, EpisodeEvent(5, 0.0, 0, 1.0, 1))
    assert looked_at <= 8 * 1_000  # log2 of 200


def test_lines_are_on_the_disk_once_that_is_waited_for(folder: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    sync = AppendFile.sync

    def watched(file: AppendFile) -> None:
        synced.append(file._path.name)
        sync(file)

    monkeypatch.setattr(AppendFile, "sync", watched)
    writer = RunWriter(folder)
    writer.handle(measured(0, 50, 1.0))
    assert synced == []
    writer.flush_through()
    assert set(synced) >= {"metrics.jsonl", "events.jsonl"}
    writer.close()


@pytest.mark.parametrize("call", ["append", "sync"])
def test_who_waits_for_the_disk_is_told_of_owed_lines(
    folder: RunFolder, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def full(*_: object) -> None:
        raise StorageError("Cannot write: No space left on device.")

    writer = RunWriter(folder)
    with monkeypatch.context() as patch:
        patch.setattr(AppendFile, call, full)
        if call == "append":
            with pytest.raises(StorageError, match="No space left"):
                writer.handle(measured(0, 50, 1.0))
        else:
            writer.handle(measured(0, 50, 1.0))
        with pytest.raises(StorageError, match="No space left"):
            writer.flush_through()
    writer.flush_through()
    writer.close()
    assert list(read_events(folder)) == measured(0, 50, 1.0)


def test_a_checkpoint_is_a_line(folder: RunFolder) -> None:
    Attempt(folder).end(checkpoint(70))
    assert list(read_events(folder)) == [checkpoint(70)]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"checkpoints/', '"../checkpoints/'),
        ('"interval"', '"whim"'),
        ('"interval"', "[]"),
        (HEX, HEX[:-1]),
        (HEX, HEX.upper()),
        ('"size_bytes":10', '"size_bytes":-10'),
        ('"step":70', '"step":7.5'),
    ],
)
def test_a_damaged_checkpoint_line_is_left_out(folder: RunFolder, old: str, new: str) -> None:
    Attempt(folder).end(checkpoint(70))
    text = folder.events_log.read_text()
    assert old in text
    folder.events_log.write_text(text.replace(old, new))
    reader = read_events(folder)
    assert list(reader) == []
    assert reader.damaged == 1


@pytest.mark.parametrize("name", ["metrics.jsonl", "events.jsonl", "training.log", "model", "videos", "checkpoints"])
def test_a_run_writes_through_no_link(name: str, folder: RunFolder, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (outside / "precious").write_text("a line\nand one without its end")
    at = folder.path / name
    if at.is_dir():
        at.rmdir()
    at.unlink(missing_ok=True)
    at.symlink_to(outside / "precious" if "." in name else outside)
    with pytest.raises(StorageError, match=f"{name} is a link"):
        RunWriter(folder)
    assert [path.name for path in outside.iterdir()] == ["precious"]
    assert (outside / "precious").read_text() == "a line\nand one without its end"


def test_lines_are_appended_to_no_link(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("a line\nand one without its end")
    (tmp_path / "log").symlink_to(tmp_path / "precious")
    with pytest.raises(StorageError, match="Cannot write"):
        AppendFile(tmp_path / "log")
    assert (tmp_path / "precious").read_text() == "a line\nand one without its end"
