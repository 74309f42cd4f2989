import csv
import io
import json
import zipfile

import pytest

from retroml_edu.core.events import EpisodeEvent, Event, MetricEvent, StateEvent, VideoEvent
from retroml_edu.core.states import RunState
from retroml_edu.storage.exports import csv_text, export_zip, write_metrics_csv, write_metrics_json, write_summary
from retroml_edu.storage.folder import RunFolder
from retroml_edu.storage.manifest import check_manifest, write_manifest
from retroml_edu.storage.reader import read_events
from retroml_edu.storage.writer import RunWriter

EVENTS: list[Event] = [
    StateEvent(RunState.RUNNING, 0),
    EpisodeEvent(10, 0.5, 1, -21.0, 10),
    MetricEvent(20, 1.0, {"train/loss": -0.5, "=evil()": 1.0, "train/entropy": float("nan")}),
    EpisodeEvent(30, 1.5, 0, 5.0, 20),
    VideoEvent("videos/a.mp4", 10, 0.5, 1.0, 1, True, 1.0),
    StateEvent(RunState.DONE, 40, "", "2026-01-31T12:00:00.000Z"),
]


@pytest.fixture
def written(folder: RunFolder) -> RunFolder:
    writer = RunWriter(folder)
    writer.handle(EVENTS)
    writer.close()
    return folder


def test_the_csv_is_one_tidy_table(written: RunFolder) -> None:
    write_metrics_csv(written)
    rows = list(csv.DictReader(io.StringIO(written.metrics_csv.read_text())))
    assert list(rows[0]) == [
        "kind", "step", "elapsed_s", "env_index",
        "episode/return", "episode/return_mean", "episode/length", "train/loss", "train/entropy", "'=evil()",
    ]  # fmt: skip
    assert [row["kind"] for row in rows] == ["episode", "metric", "episode"]
    assert rows[0]["episode/return"] == "-21.0"  # a number stays one
    assert (rows[1]["train/loss"], rows[1]["train/entropy"], rows[1]["env_index"]) == ("-0.5", "", "")
    assert (rows[2]["episode/return_mean"], rows[2]["env_index"]) == ("-8.0", "0")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"])
def test_formulas_are_neutralised(text: str) -> None:
    assert csv_text(text) == "'" + text
    assert csv_text("a" + text) == "a" + text


def test_pandas_reads_the_csv(written: RunFolder) -> None:
    import pandas as pd

    write_metrics_csv(written, list(read_events(written)))
    table = pd.read_csv(written.metrics_csv)
    assert table["episode/return"].tolist()[::2] == [-21.0, 5.0]
    assert table["step"].tolist() == [10, 20, 30]


def test_the_json_explains_its_columns(written: RunFolder) -> None:
    write_metrics_json(written)
    content = json.loads(written.metrics_json.read_text())
    explained = {column["name"]: column for column in content["columns"]}
    assert set(explained) == set(content["data"])
    assert all(len(values) == 3 for values in content["data"].values())
    assert explained["episode/return"]["better"] == "higher"
    assert explained["elapsed_s"]["unit"] == "s"
    assert content["data"]["train/entropy"] == [None, None, None]
    assert content["data"]["episode/return"] == [-21.0, None, 5.0]


def test_exports_of_a_run_without_events(folder: RunFolder) -> None:
    write_metrics_csv(folder)
    write_metrics_json(folder)
    summary = write_summary(folder, {})
    assert folder.metrics_csv.read_text() == "kind,step,elapsed_s,env_index\n"
    assert (summary["episodes"], summary["return_mean"], summary["steps_per_second"]) == (0, None, None)


def test_the_summary_says_what_happened(written: RunFolder) -> None:
    summary = write_summary(written, {"training_time_s": 8.0})
    assert json.loads(written.summary_file.read_text()) == summary
    expected = {
        "run_id": written.run_id,
        "env_id": "CartPole-v1",
        "algorithm": "PPO",
        "seed": 7,
        "total_timesteps": 10_000,
        "state": "done",
        "steps": 40,
        "episodes": 2,
        "return_mean": -8.0,
        "return_mean_best": -8.0,
        "return_best": 5.0,
        "return_first": -21.0,
        "training_time_s": 8.0,
        "steps_per_second": 5.0,
        "ended_utc": "2026-01-31T12:00:00.000Z",
        "videos": ["videos/a.mp4"],
        "error": None,
    }
    assert summary | expected == summary
    assert summary["created_utc"].startswith("20")


def test_the_best_mean_counts_from_a_full_window(folder: RunFolder) -> None:
    returns = [1000.0] + [0.0] * 99 + [50.0] * 100 + [0.0] * 100
    events = [EpisodeEvent(step, 0.0, 0, value, 1) for step, value in enumerate(returns)]
    summary = write_summary(folder, {}, events)
    assert (summary["return_mean"], summary["return_mean_best"], summary["return_best"]) == (0.0, 50.0, 1000.0)


def test_a_failed_run_says_why(folder: RunFolder) -> None:
    assert write_summary(folder, {}, [StateEvent(RunState.FAILED, 3, "it broke")])["error"] == "it broke"


def test_the_zip_holds_the_run_and_nothing_of_the_process(written: RunFolder) -> None:
    written.videos_dir.mkdir()
    (written.videos_dir / "a.mp4").write_bytes(b"video" * 1000)
    (written.path / "notes.txt").write_text("mine")
    for file in (written.lease_file, written.control_log, written.latest_jpg):
        file.write_text("secret")
    target = written.path / "run.zip"
    export_zip(written, target)
    with zipfile.ZipFile(target) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [
            f"{written.run_id}/{name}"
            for name in (
                "config.json", "environment.json", "events.jsonl", "metrics.jsonl", "notes.txt",
                "training.log", "videos/a.mp4",
            )
        ]  # fmt: skip
        assert archive.read(f"{written.run_id}/videos/a.mp4") == b"video" * 1000
    first = target.read_bytes()
    export_zip(written, target)  # over the old one, which does not pack itself
    assert target.read_bytes() == first
    target.unlink()
    stream = io.BytesIO()
    export_zip(written, stream)
    assert stream.getvalue() == first


def test_the_manifest_finds_every_change(written: RunFolder) -> None:
    (written.path / "notes.txt").write_text("mine")
    written.lease_file.write_text("{}")
    write_manifest(written)
    assert check_manifest(written) == []
    (written.path / "notes.txt").write_text("MINE")
    written.training_log.write_text("longer")
    written.environment_file.unlink()
    (written.path / "new.txt").write_text("x")
    assert check_manifest(written) == [
        "environment.json is missing.",
        "notes.txt has been changed.",
        "training.log has 6 bytes instead of 0.",
        "new.txt is not in the manifest.",
    ]
    assert (written.path / "new.txt").exists()


def test_a_strangers_manifest_reads_nothing_outside(written: RunFolder) -> None:
    facts = {"sha256": "0", "size_bytes": 1}
    written.manifest_file.write_text(json.dumps({"files": {"../../etc/passwd": facts, "NUL": facts}}))
    assert [text.partition(":")[0].split(" is ")[0] for text in check_manifest(written)[:2]] == [
        "The path '../../etc/passwd'",
        "The path 'NUL'",
    ]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"files": []}', '{"files": {"config.json": 3}}'])
def test_a_damaged_manifest_is_a_sentence(written: RunFolder, text: str) -> None:
    from retroml_edu.core.errors import StorageError

    written.manifest_file.write_text(text)
    with pytest.raises(StorageError, match=r"manifest\.json cannot be read"):
        check_manifest(written)
