"""The answer sheet: nothing that a student did is lost, whatever the file, the disk or another notebook does."""

import json
import multiprocessing
import os
import re
import threading
import time

import pytest

from retroml_edu.classroom import answers
from retroml_edu.classroom.answers import EXERCISES, PREDICTIONS, QUESTIONS, AnswerSheet, tries_of
from retroml_edu.core.errors import LessonError


@pytest.fixture
def sheet(tmp_path):
    return AnswerSheet(tmp_path / "01-bandits.answers.json", "01-bandits")


def again(sheet):
    """The sheet as another notebook has it."""
    return AnswerSheet(sheet.file, sheet.lesson)


def keep(sheet, name, section=QUESTIONS, **entry):
    return sheet.keep(section, name, lambda _before: entry)


def test_what_is_kept_is_there_again_with_its_time(sheet):
    assert sheet.entry(QUESTIONS, "a") is None
    assert not sheet.file.exists(), "who only reads makes no file"
    keep(sheet, "a", answer=[1, 2], right=True)
    kept = again(sheet).entry(QUESTIONS, "a")
    assert (kept["answer"], kept["right"]) == ([1, 2], True)
    assert kept["time_utc"].endswith("Z")
    on_disk = json.loads(sheet.file.read_text("utf-8"))
    assert (on_disk["format_version"], on_disk["lesson"]) == (1, "01-bandits")


def test_an_entry_is_changed_from_what_it_is_in_the_file(sheet):
    for notebook in (sheet, again(sheet), sheet):
        notebook.keep(QUESTIONS, "a", lambda before: {"tries": tries_of(before) + 1})
    assert sheet.entry(QUESTIONS, "a")["tries"] == 3


def test_notebooks_that_share_a_file_keep_each_others_answers(sheet):
    other = again(sheet)
    keep(sheet, "a", answer=1)
    keep(other, "b", answer=2)
    keep(sheet, "c", PREDICTIONS, values=[])
    assert set(other.section(QUESTIONS)) == {"a", "b"}
    assert set(other.section(PREDICTIONS)) == {"c"}


def _answer_many(file, name):
    sheet = AnswerSheet(file, "01-bandits")
    for number in range(15):
        sheet.keep(QUESTIONS, f"{name}{number}", lambda _before: {"answer": 1})
        sheet.keep(QUESTIONS, "shared", lambda before: {"tries": tries_of(before) + 1})


def test_nothing_is_lost_between_processes_that_answer_at_once(sheet):
    kernels = [multiprocessing.get_context("spawn").Process(target=_answer_many, args=(sheet.file, n)) for n in "ab"]
    threads = [threading.Thread(target=_answer_many, args=(sheet.file, name)) for name in "cd"]
    for each in [*kernels, *threads]:
        each.start()
    for each in [*kernels, *threads]:
        each.join(60)
    assert [kernel.exitcode for kernel in kernels] == [0, 0]
    entries = sheet.section(QUESTIONS)
    assert len(entries) == 4 * 15 + 1
    assert entries["shared"]["tries"] == 4 * 15
    assert [path.name for path in sheet.file.parent.iterdir()] == [sheet.file.name], "nothing else is left behind"


def test_a_lock_whose_maker_has_died_does_not_stop_anybody(sheet):
    lock = sheet.file.with_name(f".{sheet.file.name}.lock")
    lock.touch()
    os.utime(lock, (0, 0))
    keep(sheet, "a", answer=1)
    assert sheet.entry(QUESTIONS, "a") is not None
    assert not lock.exists()


def test_a_lock_from_a_clock_that_is_ahead_does_not_stop_anybody_for_long(sheet, monkeypatch):
    monkeypatch.setattr(answers, "_ABANDONED_S", 0.05)
    lock = sheet.file.with_name(f".{sheet.file.name}.lock")
    lock.touch()
    os.utime(lock, (4e9, 4e9))
    keep(sheet, "a", answer=1)
    assert sheet.entry(QUESTIONS, "a") is not None


def test_a_lock_from_a_clock_that_is_behind_is_waited_for(sheet, monkeypatch):
    lock = sheet.file.with_name(f".{sheet.file.name}.lock")
    lock.touch()
    os.utime(lock, (time.time() - 60, time.time() - 60))
    found = []

    def nap(_seconds):
        found.append(lock.exists())
        lock.unlink()  # whoever writes is done

    monkeypatch.setattr(answers.time, "sleep", nap)
    keep(sheet, "a", answer=1)
    assert found == [True]


def test_a_lock_that_cannot_be_taken_away_is_not_waited_for_for_ever(sheet, monkeypatch):
    monkeypatch.setattr(answers, "_ABANDONED_S", 0.0)
    monkeypatch.setattr(answers, "_PATIENCE_S", 0.05)
    lock = sheet.file.with_name(f".{sheet.file.name}.lock")
    lock.mkdir()
    with pytest.raises(LessonError, match=f"delete .*{re.escape(lock.name)}"):
        keep(sheet, "a", answer=1)
    lock.rmdir()
    keep(sheet, "a", answer=1)


GOOD = {"format_version": 1, "lesson": "01-bandits"}


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b'{"format_version": 1, "lesson": "01-bandits", "questio', "Expecting|Unterminated"),
        (b"", "Expecting value"),
        (b"\x80\x04\x95cposix\nsystem\n", "codec|decode"),
        (b"[1, 2]", "not a JSON object"),
        (b"[" * 100_000, "nested"),
        (json.dumps(GOOD | {"format_version": 2}).encode(), "another version"),
        (json.dumps(GOOD | {"lesson": "02-value-iteration"}).encode(), "another lesson"),
        (json.dumps(GOOD | {"questions": [1]}).encode(), "its questions"),
        (json.dumps(GOOD | {"exercises": {"update": "text"}}).encode(), "its exercises"),
        (json.dumps(GOOD | {"more": "x" * 5_000_000}).encode(), "larger than"),
    ],
)
def test_a_torn_or_strange_file_is_put_aside_as_it_was(sheet, content, why):
    sheet.file.write_bytes(content)
    assert sheet.section(QUESTIONS) == {}
    aside = sheet.file.with_name("01-bandits.answers.set-aside-1.json")
    assert aside.read_bytes() == content
    assert aside.name in sheet.said
    assert re.search(why, sheet.said), sheet.said
    keep(sheet, "a", answer=1)
    assert aside.read_bytes() == content
    assert again(sheet).entry(QUESTIONS, "a")["answer"] == 1


def test_the_second_strange_file_takes_no_name_that_the_first_has(sheet):
    for number in (1, 2):
        sheet.file.write_text(f"strange {number}", "utf-8")
        keep(sheet, "a", answer=number)
    asides = sorted(sheet.file.parent.glob("*set-aside*"))
    assert [path.read_text("utf-8") for path in asides] == ["strange 1", "strange 2"]


def test_a_link_is_not_followed(sheet, tmp_path):
    secret = tmp_path / "elsewhere.json"
    secret.write_text(json.dumps(GOOD | {"questions": {"a": {"answer": 1}}}), "utf-8")
    sheet.file.symlink_to(secret)
    assert sheet.entry(QUESTIONS, "a") is None
    keep(sheet, "a", answer=2)
    assert not sheet.file.is_symlink()
    assert json.loads(secret.read_text("utf-8"))["questions"]["a"] == {"answer": 1}


def test_what_else_is_in_the_file_stays(sheet):
    sheet.file.write_text(json.dumps(GOOD | {"note": "mine"}), "utf-8")
    keep(sheet, "a", answer=1)
    assert json.loads(sheet.file.read_text("utf-8"))["note"] == "mine"


def test_what_is_too_large_is_refused_and_nothing_changes(sheet, monkeypatch):
    keep(sheet, "a", answer=1)
    before = sheet.file.read_bytes()
    with pytest.raises(LessonError, match="larger than"):
        keep(sheet, "b", answer="x" * 300_000)
    with pytest.raises(LessonError, match="larger than"):
        keep(sheet, "b" * 201, answer=1)
    monkeypatch.setattr(answers, "MOST_ENTRIES", 1)
    with pytest.raises(LessonError, match="is full"):
        keep(sheet, "b", answer=1)
    assert sheet.file.read_bytes() == before
    keep(sheet, "b", EXERCISES, source="def update(): ...")


def test_a_folder_that_cannot_be_written_to_is_named_with_the_way_out(tmp_path):
    sheet = AnswerSheet(tmp_path / "gone" / "01-bandits.answers.json", "01-bandits")
    with pytest.raises(LessonError, match=r"cannot be kept in .*gone.*folder that you may write to"):
        keep(sheet, "a", answer=1)


def test_a_change_that_fails_leaves_the_file_free(sheet):
    with pytest.raises(ZeroDivisionError):
        sheet.keep(QUESTIONS, "a", lambda _before: {"answer": 1 / 0})
    keep(sheet, "a", answer=1)
    assert sheet.entry(QUESTIONS, "a")["answer"] == 1


@pytest.mark.parametrize("strange", [None, {}, {"tries": "many"}, {"tries": -1}, {"tries": 10**9}])
def test_strange_numbers_of_tries_count_as_none(strange):
    assert tries_of(strange) == 0
