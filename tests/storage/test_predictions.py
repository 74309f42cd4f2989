"""prediction.json: written once, bounded, and read from whatever a stranger left there."""

from __future__ import annotations

import json
import os

import pytest

from retroml_edu.core.errors import PredictionError, StorageError
from retroml_edu.core.prediction import Prediction
from retroml_edu.storage.folder import RunFolder
from retroml_edu.storage.manifest import check_manifest, write_manifest
from retroml_edu.storage.predictions import MAX_BYTES, read_prediction, write_prediction

MINE = Prediction(steps=(0, 500, 1_000), returns=(20.0, 60.5, 480.0), low=0.0, high=500.0, within=40.0)


def written(folder: RunFolder) -> dict[str, object]:
    write_prediction(folder, MINE)
    return dict(json.loads(folder.prediction_file.read_text("utf-8")))


def test_what_is_written_is_read(folder: RunFolder) -> None:
    assert read_prediction(folder) is None
    write_prediction(folder, MINE)
    assert read_prediction(folder) == MINE
    assert [path.name for path in folder.path.iterdir() if path.name.startswith(".")] == []


def test_a_prediction_without_a_band_has_none_afterwards(folder: RunFolder) -> None:
    write_prediction(folder, MINE.model_copy(update={"within": None}))
    found = read_prediction(folder)
    assert found is not None
    assert found.within is None


def test_it_is_made_once(folder: RunFolder) -> None:
    write_prediction(folder, MINE)
    with pytest.raises(PredictionError, match="made once"):
        write_prediction(folder, MINE.model_copy(update={"returns": (0.0, 0.0, 0.0)}))
    assert read_prediction(folder) == MINE


def test_it_is_no_change_of_the_run(folder: RunFolder) -> None:
    write_manifest(folder)
    write_prediction(folder, MINE)
    assert check_manifest(folder) == []
    write_manifest(folder)
    folder.prediction_file.unlink()
    assert check_manifest(folder) == []


@pytest.mark.parametrize(
    "change",
    [
        {"format_version": 2}, {"format_version": None}, {"steps": None}, {"steps": "many"}, {"steps": {"0": 1}},
        {"steps": [0, 1]}, {"steps": [0, 10**30, 10**31]}, {"returns": [[1], [2], [3]]}, {"returns": [1, 2, None]},
        {"returns": [1e300, 0, 0]}, {"low": 9e99}, {"within": -1}, {"claimed": 7},
        {"steps": list(range(1_000)), "returns": [0] * 1_000},
    ],
)  # fmt: skip
def test_a_damaged_one_is_none(folder: RunFolder, change: dict[str, object]) -> None:
    data = written(folder) | change
    folder.prediction_file.write_text(json.dumps(data), "utf-8")
    assert read_prediction(folder) is None


@pytest.mark.parametrize("text", ["", "{", "[]", "7", "[" * 100_000, "\0" * 50, "x" * (MAX_BYTES + 1), '{"a": NaN}'])
def test_what_is_no_json_is_none(folder: RunFolder, text: str) -> None:
    folder.prediction_file.write_text(text, "utf-8")
    assert read_prediction(folder) is None


def test_what_is_too_large_is_not_read(folder: RunFolder) -> None:
    data = written(folder) | {"more": "x" * MAX_BYTES}
    folder.prediction_file.write_text(json.dumps(data), "utf-8")
    assert read_prediction(folder) is None


def test_what_a_newer_version_adds_is_no_harm(folder: RunFolder) -> None:
    folder.prediction_file.write_text(json.dumps(written(folder) | {"mood": "hopeful"}), "utf-8")
    assert read_prediction(folder) == MINE


def test_a_link_is_neither_read_nor_written(folder: RunFolder, tmp_path) -> None:
    secret = tmp_path / "secret.json"
    secret.write_text(json.dumps(written(folder)), "utf-8")
    folder.prediction_file.unlink()
    folder.prediction_file.symlink_to(secret)
    assert read_prediction(folder) is None
    before = secret.read_bytes()
    with pytest.raises(StorageError, match="link"):
        write_prediction(folder, MINE)
    assert secret.read_bytes() == before


def test_what_is_no_plain_file_keeps_nobody_waiting(folder: RunFolder) -> None:
    os.mkfifo(folder.prediction_file)
    assert read_prediction(folder) is None
