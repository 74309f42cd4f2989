import json
import math
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from retroml_edu.core.errors import StorageError
from retroml_edu.core.events import (
    EpisodeEvent,
    Event,
    LogEvent,
    MetricEvent,
    PreparationEvent,
    ProgressEvent,
    StateEvent,
    VideoEvent,
)
from retroml_edu.core.states import RunState
from retroml_edu.storage import reader as reading
from retroml_edu.storage.folder import RunFolder
from retroml_edu.storage.frames import episodes_frame, metrics_frame
from retroml_edu.storage.jsonl import AppendFile, whole_lines
from retroml_edu.storage.lease import Lease, lease_state
from retroml_edu.storage.lines import AttemptStart, decode
from retroml_edu.storage.reader import MAX_METRICS, EventTail, read_events, run_state
from retroml_edu.storage.writer import RunWriter

STORY: list[Event] = [
    StateEvent(RunState.RUNNING, 0, "", "2026-01-31T12:00:00.000Z"),
    EpisodeEvent(10, 0.1, 0, 9.0, 9),
    MetricEvent(20, 0.2, {"train/loss": 0.5}),
    LogEvent("warning", "Ä warning\nof two lines", 20, "2026-01-31T12:00:01.000Z"),
    VideoEvent("videos/a.mp4", 20, 0.5, 3.0, 4, True, 1.5, "2026-01-31T12:00:01.000Z"),
    EpisodeEvent(30, 0.3, 1, 11.0, 11),
    StateEvent(RunState.DONE, 30, "", "2026-01-31T12:00:02.000Z"),
]


VIDEO_OUTSIDE = json.dumps(
    {"attempt": 1, "seq": 5, "kind": "video", "path": "../secret.mp4", "step": 1, "milestone": 0.0}
    | {"episode_return": 1.0, "length": 1, "complete": True, "duration_s": 1.0}
)


def write(folder: RunFolder, events: list[Event], attempt: int = 1, start: AttemptStart | None = None) -> int:
    """Write events and return the number of the newest line."""
    writer = RunWriter(folder, attempt, start)
    writer.handle(events)
    writer.close()
    newest = 0
    for line in (*whole_lines(folder.metrics_log), *whole_lines(folder.events_log)):
        with suppress(ValueError):
            newest = max(newest, decode(line).seq)
    return newest


def test_what_is_written_is_read_back_in_order(folder: RunFolder) -> None:
    assert write(folder, [*STORY, ProgressEvent(40, 0.4), PreparationEvent("Compiling…")]) == len(STORY)
    reader = read_events(folder)
    assert list(reader) == STORY
    assert reader.damaged == 0


def test_the_lines_are_as_documented(folder: RunFolder) -> None:
    write(folder, STORY)
    lines = [json.loads(line) for line in folder.metrics_log.read_text().splitlines()]
    assert lines[1] == {
        "attempt": 1, "seq": 3, "kind": "metric", "step": 20, "elapsed_s": 0.2, "values": {"train/loss": 0.5}
    }  # fmt: skip
    assert [line["seq"] for line in lines] == [2, 3, 6]
    assert [json.loads(line)["seq"] for line in folder.events_log.read_text().splitlines()] == [1, 4, 5, 7]


def test_values_that_are_no_numbers_become_null(folder: RunFolder) -> None:
    values = {"train/loss": math.nan, "train/entropy": math.inf, "train/std": np.float32(0.5)}
    write(folder, [MetricEvent(1, 0.0, values), EpisodeEvent(2, 0.0, 0, math.nan, 1)])
    assert "NaN" not in folder.metrics_log.read_text()
    metric, episode = read_events(folder)
    assert isinstance(metric, MetricEvent)
    assert math.isnan(metric.values["train/loss"])
    assert metric.values["train/std"] == 0.5
    assert isinstance(episode, EpisodeEvent)
    assert math.isnan(episode.episode_return)


def test_tracebacks_go_to_the_log_only(folder: RunFolder) -> None:
    write(folder, [LogEvent("error", "It broke", 5, "2026-01-31T12:00:00.000Z", "Traceback:\n  line\n")])
    assert "Traceback" not in folder.events_log.read_text()
    assert folder.training_log.read_text() == (
        "2026-01-31T12:00:00.000Z ERROR   step 5: It broke\n    Traceback:\n      line\n"
    )


def test_odd_characters_do_not_stop_a_run(folder: RunFolder) -> None:
    write(folder, [LogEvent("info", "half a character: \ud800", 0, "t")])
    assert [event.message for event in read_events(folder) if isinstance(event, LogEvent)] == [
        "half a character: \ud800"
    ]


def test_numbers_go_on_after_a_restart_and_a_torn_line(folder: RunFolder) -> None:
    write(folder, STORY)
    with folder.metrics_log.open("a") as log:
        log.write('{"attempt":1,"seq":8,"kind":"epis')
    assert list(read_events(folder)) == STORY
    assert write(folder, [EpisodeEvent(40, 0.4, 0, 1.0, 1)]) == 8
    reader = read_events(folder)
    assert list(reader) == [*STORY, EpisodeEvent(40, 0.4, 0, 1.0, 1)]
    assert reader.damaged == 0


def test_superseded_lines_are_skipped(folder: RunFolder) -> None:
    write(folder, STORY)
    again: list[Event] = [EpisodeEvent(25, 0.3, 0, 2.0, 2), StateEvent(RunState.STOPPED, 25)]
    assert write(folder, again, attempt=2, start=AttemptStart(3, 20)) == len(STORY) + 3
    left = [*STORY[:5], STORY[6], *again]  # what was said and shown before the checkpoint stays
    assert list(read_events(folder)) == left
    assert EventTail(folder).poll() == left


@pytest.mark.parametrize(
    "line",
    [
        "",
        "garbage",
        "[]",
        "[" * 100_000,
        '{"attempt":1,"seq":5}',
        '{"attempt":1,"seq":5,"kind":"unknown"}',
        '{"attempt":1,"seq":5,"kind":"progress","step":1,"elapsed_s":1.0}',
        '{"attempt":1,"seq":5,"kind":"preparation","message":"Compiling…"}',
        '{"attempt":1,"seq":-5,"kind":"attempt","last_valid_seq":0,"step":0}',
        '{"attempt":1,"seq":5,"kind":"metric","step":"1","elapsed_s":1.0,"values":{}}',
        '{"attempt":1,"seq":5,"kind":"metric","step":1,"elapsed_s":1.0,"values":[1]}',
        '{"attempt":1,"seq":5,"kind":"metric","step":1,"elapsed_s":1.0,"values":{"train/loss":"<b>"}}',
        '{"attempt":1,"seq":5,"kind":"metric","step":1,"elapsed_s":1.0,"values":{"train/\\u001bloss":1.0}}',
        '{"attempt":1,"seq":5,"kind":"metric","step":1,"elapsed_s":1.0,"values":{"' + "x" * 101 + '":1.0}}',
        '{"attempt":1,"seq":5,"kind":"episode","step":1,"elapsed_s":1.0,"env_index":0,"episode_return":1.0}',
        '{"attempt":1,"seq":5,"kind":"episode","step":1,"elapsed_s":1,"env_index":0,"episode_return":1'
        + "0" * 400
        + ',"length":1}',
        '{"attempt":1,"seq":5,"kind":"state","state":"flying","step":1}',
        '{"attempt":1,"seq":5,"kind":"log","level":"shout","message":"x"}',
        VIDEO_OUTSIDE,
    ],
)
def test_damaged_lines_are_skipped_and_counted(folder: RunFolder, line: str) -> None:
    write(folder, STORY[:3])
    with folder.metrics_log.open("a") as log:
        log.write(line + "\n")
    write(folder, STORY[3:])
    reader = read_events(folder)
    assert list(reader) == STORY
    assert reader.damaged == 1


def test_a_stranger_does_not_decide_how_many_metrics_there_are(folder: RunFolder) -> None:
    events: list[Event] = [MetricEvent(n, 0.0, {f"own/{n}": 1.0}) for n in range(MAX_METRICS + 10)]
    write(folder, [*events, events[0]])
    reader = read_events(folder)
    assert list(reader) == [*events[:MAX_METRICS], events[0]]
    assert reader.damaged == 10


def test_what_a_terminal_would_obey_is_left_out(folder: RunFolder) -> None:
    write(folder, [LogEvent("info", "a\x1b[2Jb\x9b\tc\nd\x07", 0, "t"), StateEvent(RunState.FAILED, 1, "\x1b]0;x\x07")])
    said, state = read_events(folder)
    assert isinstance(said, LogEvent)
    assert said.message == "a[2Jb\tc\nd"
    assert isinstance(state, StateEvent)
    assert state.detail == "]0;x"


def test_a_tail_sees_each_event_once(folder: RunFolder) -> None:
    tail = EventTail(folder)
    assert tail.poll() == []
    writer = RunWriter(folder)
    writer.handle(STORY[:4])
    assert tail.poll() == STORY[:4]
    assert tail.poll() == []
    writer.handle(STORY[4:])
    assert tail.poll() == STORY[4:]
    writer.close()
    assert tail.damaged == 0


def test_frames_are_named_by_the_catalogue(folder: RunFolder) -> None:
    write(
        folder,
        [
            MetricEvent(10, 0.5, {"train/entropy": 0.1, "own/thing": 1.0}),
            MetricEvent(20, 1.0, {"train/loss": 2.0}),
            *STORY[:2],
        ],
    )
    metrics = metrics_frame(folder)
    assert list(metrics.columns) == ["step", "elapsed_s", "train/loss", "train/entropy", "own/thing"]
    assert metrics["step"].tolist() == [10, 20]
    assert metrics["train/loss"].isna().tolist() == [True, False]
    episodes = episodes_frame(folder)
    assert episodes.to_dict("records") == [
        {
            "step": 10,
            "elapsed_s": 0.1,
            "env_index": 0,
            "episode/return": 9.0,
            "episode/length": 9,
            "episode/return_mean": 9.0,
        }
    ]


def test_frames_of_a_run_without_events_are_empty(folder: RunFolder) -> None:
    assert len(metrics_frame(folder)) == len(episodes_frame(folder)) == 0
    assert list(episodes_frame(folder)["step"]) == []


def test_a_failing_write_is_raised_for_the_bus(folder: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.events_log.mkdir()
    with pytest.raises(StorageError, match=r"events\.jsonl"):
        RunWriter(folder)


FULL = [("metrics.jsonl",), ("events.jsonl",), ("training.log",), ("metrics.jsonl", "events.jsonl", "training.log")]


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Names of files for which the disk is full."""
    names: set[str] = set()
    append = AppendFile.append

    def refuse(file: AppendFile, lines: bytes) -> None:
        if file._path.name in names:
            raise StorageError(f"Cannot write {file._path.name}: No space left on device.")
        append(file, lines)

    monkeypatch.setattr(AppendFile, "append", refuse)
    return names


@pytest.mark.parametrize("files", FULL)
def test_what_a_full_disk_refused_is_written_later_once_and_in_order(
    folder: RunFolder, full: set[str], files: tuple[str, ...]
) -> None:
    writer = RunWriter(folder)
    full.update(files)
    for event in STORY[:-1]:
        with suppress(StorageError):
            writer.handle([event])
    assert writer.owed > 0
    assert RunState.DONE not in [event.state for event in read_events(folder) if isinstance(event, StateEvent)]
    full.clear()
    writer.handle([])
    assert writer.owed == 0
    writer.handle(STORY[-1:])
    writer.close()
    assert list(read_events(folder)) == STORY
    assert "warning" in folder.training_log.read_text()


def test_what_is_owed_is_written_at_the_end_or_its_loss_is_told(folder: RunFolder, full: set[str]) -> None:
    for again in (False, True):
        writer = RunWriter(folder)
        full.add("metrics.jsonl")
        with pytest.raises(StorageError, match="No space left"):
            writer.handle(STORY)
        if again:
            full.clear()
            writer.close()
            assert list(read_events(folder)) == STORY
        else:
            with pytest.raises(StorageError, match="No space left"):
                writer.close()
            assert list(read_events(folder)) == []
        writer.close()


def test_a_run_that_was_killed_before_its_first_state_is_lost(folder: RunFolder) -> None:
    Lease.acquire(folder)
    assert run_state(folder) is RunState.CREATED
    folder.lease_file.write_text(json.dumps(json.loads(folder.lease_file.read_text()) | {"process_start": 1.0}))
    assert run_state(folder) is RunState.LOST


def test_a_run_that_ends_while_it_is_looked_at_is_not_lost(folder: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    lease = Lease.acquire(folder)
    write(folder, [StateEvent(RunState.RUNNING, 0)])

    def end_and_look(of: RunFolder) -> str:
        write(of, [StateEvent(RunState.DONE, 5)])
        lease.release()
        return lease_state(of)

    monkeypatch.setattr(reading, "lease_state", end_and_look)
    assert run_state(folder) is RunState.DONE


@pytest.mark.parametrize("final", [RunState.DONE, RunState.STOPPED, RunState.FAILED])
def test_the_state_is_the_last_one(folder: RunFolder, final: RunState) -> None:
    assert run_state(folder) is RunState.CREATED
    lease = Lease.acquire(folder)
    write(folder, [StateEvent(RunState.RUNNING, 0), LogEvent("info", "x")])
    assert run_state(folder) is RunState.RUNNING
    lease.release()
    assert run_state(folder) is RunState.LOST
    write(folder, [StateEvent(final, 5), LogEvent("info", "y")])
    assert run_state(folder) is final


KILLED_WRITER = """
import sys
from pathlib import Path
from retroml_edu.core.events import EpisodeEvent, StateEvent
from retroml_edu.core.states import RunState
from retroml_edu.storage.folder import RunFolder
from retroml_edu.storage.lease import Lease
from retroml_edu.storage.writer import RunWriter

folder = RunFolder(Path(sys.argv[1]))
lease = Lease.acquire(folder)
writer = RunWriter(folder)
writer.handle([StateEvent(RunState.RUNNING, 0)])
step = 0
while True:
    writer.handle([EpisodeEvent(step + i, 0.0, 0, 1.0, 1) for i in range(1000)])
    step += 1000
    print(step, flush=True)
"""


def test_a_killed_writer_loses_no_batch_that_it_had_handed_over(folder: RunFolder) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED_WRITER, str(folder.path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    for _ in range(20):
        said = int(process.stdout.readline())
    assert run_state(folder) is RunState.RUNNING
    process.send_signal(signal.SIGKILL if os.name == "posix" else signal.SIGTERM)
    process.wait()
    said = max([said, *(int(line) for line in process.stdout.read().splitlines(keepends=True) if line[-1] == "\n")])
    process.stdout.close()
    with folder.metrics_log.open("ab") as log:
        log.write(b'{"attempt":1,"se')  # what a power cut would leave as well
    reader = read_events(folder)
    steps = [event.step for event in reader if isinstance(event, EpisodeEvent)]
    assert steps == list(range(len(steps)))
    assert len(steps) >= said
    assert reader.damaged == 0
    assert run_state(folder) is RunState.LOST
    assert write(folder, STORY[:1]) == len(steps) + 2


def test_the_writer_is_light_to_import() -> None:
    program = (
        "import sys, retroml_edu.storage.writer\n"
        "heavy = {'pandas', 'sqlalchemy', 'av', 'torch', 'PIL', 'safetensors', 'psutil'} & set(sys.modules)\n"
        "sys.exit(f'imported: {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_missing_folder_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="Cannot write"):
        RunWriter(RunFolder(tmp_path / "missing"))
