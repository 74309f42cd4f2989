"""A lesson is found where the course lies, and nowhere else."""

from __future__ import annotations

from pathlib import Path

from retroml_edu.session.course import find_lesson, ways_to_say


def lesson(folder, name):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("")
    return path


def test_what_students_open_comes_first_also_from_a_folder_below(tmp_path):
    source = lesson(tmp_path, "lessons/98-such.py")
    below = tmp_path / "notebooks" / "mine"
    below.mkdir(parents=True)
    assert find_lesson("98-such", below) == source
    built = lesson(tmp_path, "notebooks/98-such.ipynb")
    assert find_lesson("98-such", below) == built


def test_a_lesson_that_is_not_there_is_not_found(tmp_path):
    assert find_lesson("99-no-such-lesson", tmp_path) is None
    assert find_lesson("", tmp_path) is None


def test_a_path_is_said_as_a_notebook_server_may_say_it(monkeypatch, tmp_path):
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    file = tmp_path / "course" / "10-ppo.ipynb"
    assert ways_to_say(file) == [file.as_posix(), "~/course/10-ppo.ipynb"]
    assert ways_to_say(Path("/elsewhere/10-ppo.ipynb")) == [Path("/elsewhere/10-ppo.ipynb").as_posix()]
