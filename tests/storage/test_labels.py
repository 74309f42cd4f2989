"""Names, tags and notes in a run's folder: kept, bounded, and read from whatever a stranger left there."""

import json
import multiprocessing
import os

import pytest

from retroml_edu.core.errors import LabelError, StorageError
from retroml_edu.storage.folder import RunFolder
from retroml_edu.storage.labels import MAX_NAME, MAX_NOTES, MAX_TAG, MAX_TAGS, Labels, change_labels, read_labels
from retroml_edu.storage.manifest import check_manifest, write_manifest


def test_a_run_without_labels_has_empty_ones(folder: RunFolder) -> None:
    assert read_labels(folder) == Labels()
    assert change_labels(folder, name="", tags=[]) == Labels()
    assert not folder.labels_log.exists(), "nothing was said, and a line was written"


def test_what_is_given_changes_and_the_rest_stays(folder: RunFolder) -> None:
    change_labels(folder, name="  Best\n so\tfar ", tags=["baseline", " ", "ä  b", "baseline"])
    change_labels(folder, notes="One line.\r\nAnother. \n")
    expected = Labels("Best so far", ("baseline", "ä b"), "One line.\nAnother.")
    assert read_labels(folder) == expected
    assert change_labels(folder, name=expected.name) == expected
    assert len(folder.labels_log.read_bytes().splitlines()) == 2, "each change is a line, and no change is none"
    assert change_labels(folder, tags=(), notes="") == Labels("Best so far")


def test_what_a_terminal_would_obey_and_no_database_takes_is_left_out(folder: RunFolder) -> None:
    change_labels(folder, name="a\x1b[2Jb\0\ud800", notes="tab\tstays\x07")
    assert read_labels(folder) == Labels("a[2Jb", (), "tab\tstays")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": "x" * (MAX_NAME + 1)}, "at most 100 characters, and this one has 101"),
        ({"tags": ["x" * (MAX_TAG + 1)]}, "A tag has at most 40"),
        ({"tags": map(str, range(MAX_TAGS + 1))}, "at most 20 tags, and these are 21"),
        ({"tags": "best"}, r'write tags=\["best"\]'),
        ({"tags": [7]}, "A tag is a text, and this is int"),
        ({"notes": "x" * (MAX_NOTES + 1)}, "A note has at most 4,000"),
    ],
)
def test_what_is_too_long_or_no_text_is_a_sentence_and_changes_nothing(folder: RunFolder, changes, said) -> None:
    change_labels(folder, name="before")
    with pytest.raises(LabelError, match=said):
        change_labels(folder, **changes)
    assert read_labels(folder) == Labels("before")


@pytest.mark.parametrize(
    "line",
    [
        "", "garbage", "[]", "7", '"name"', "{}", '{"name": "x", "tags": "best", "notes": ""}',
        '{"name": 1, "tags": [], "notes": ""}', '{"name": "x", "tags": [["a"]], "notes": ""}',
        json.dumps({"name": "x" * 101, "tags": [], "notes": ""}),
        json.dumps({"name": "x", "tags": ["y"] * 2 + [str(n) for n in range(30)], "notes": ""}),
        "[" * 100_000, "\0" * 1_000, "x" * 2**21,
    ],
)  # fmt: skip
def test_bad_lines_are_skipped(folder: RunFolder, line: str) -> None:
    change_labels(folder, name="good")
    with folder.labels_log.open("a", encoding="utf-8") as file:
        file.write(line + "\n" if len(line) < 2**20 else line[: 2**19] + "\n")
    assert read_labels(folder) == Labels("good")
    change_labels(folder, notes="later")
    assert read_labels(folder) == Labels("good", (), "later")


def test_a_torn_line_costs_that_line_alone(folder: RunFolder) -> None:
    change_labels(folder, name="first")
    with folder.labels_log.open("ab") as file:
        file.write(b'{"name": "to')  # the writer was killed
    assert read_labels(folder) == Labels("first")
    change_labels(folder, tags=["t"])
    assert read_labels(folder) == Labels("first", ("t",))


@pytest.mark.parametrize("inside", [True, False])
def test_a_link_is_neither_read_nor_written(folder: RunFolder, tmp_path, inside) -> None:
    secret = (folder.path if inside else tmp_path) / "secret"
    secret.write_text('{"name": "secret", "tags": [], "notes": ""}\n', "utf-8")
    before = secret.read_bytes()
    folder.labels_log.symlink_to(secret)
    assert read_labels(folder) == Labels()
    with pytest.raises(StorageError, match="link"):
        change_labels(folder, name="mine")
    assert secret.read_bytes() == before


def test_what_is_no_plain_file_is_no_label(folder: RunFolder) -> None:
    os.mkfifo(folder.labels_log)  # to read it would wait for ever
    assert read_labels(folder) == Labels()
    folder.labels_log.unlink()
    folder.labels_log.mkdir()
    assert read_labels(folder) == Labels()
    with pytest.raises(StorageError, match="Cannot write"):
        change_labels(folder, name="mine")


def test_naming_a_run_is_no_change_of_the_run(folder: RunFolder) -> None:
    change_labels(folder, name="before its end")
    write_manifest(folder)
    change_labels(folder, name="after its end")
    assert check_manifest(folder) == []
    folder.labels_log.unlink()
    assert check_manifest(folder) == []
    assert "labels.jsonl" not in folder.manifest_file.read_text("utf-8")


def _name_often(folder: RunFolder, who: str) -> None:
    for number in range(100):
        change_labels(folder, name=f"{who} {number}")


def test_processes_that_write_at_once_lose_no_line(folder: RunFolder) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_name_often, args=(folder, who)) for who in ("a", "b")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
        assert writer.exitcode == 0
    lines = [json.loads(line)["name"] for line in folder.labels_log.read_bytes().splitlines() if line]
    assert sorted(lines) == sorted(f"{who} {number}" for who in ("a", "b") for number in range(100))
