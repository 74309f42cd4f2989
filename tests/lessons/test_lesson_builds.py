"""Notebooks of lessons are what their sources give, and a student's runs to the first thing that is left to do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from retroml_edu.classroom.builds import build, is_name, notebook_text
from tests.lessons.listing import PROPERTY, lines
from tests.lessons.sources import LESSONS, NOTEBOOKS, SOURCES, begin
from tests.lessons.student import run_as_student

NARROW = [source for source in LESSONS if source.stem[:2] in {"02", "03", "04"}]
MOST_LETTERS = 100
"""Of a line of code, where JupyterLab is 1280 pixels wide and its file browser open."""


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)
def test_a_notebook_is_what_its_source_gives(source: Path) -> None:
    path = NOTEBOOKS / f"{source.stem}.ipynb"
    mend = f"run: retroml-edu lesson build {source.stem}"
    assert path.is_file(), mend
    assert path.read_text("utf-8") == notebook_text(build(source, "student")), mend


@pytest.mark.parametrize("source", NARROW, ids=lambda source: source.stem)
def test_code_is_seen_without_scrolling_beside_the_file_browser(source: Path) -> None:
    for cell in build(source, "instructor").cells:
        if cell.cell_type == "code":
            assert [line for line in cell.source.splitlines() if len(line) > MOST_LETTERS] == []


def test_no_notebook_has_outlived_its_source() -> None:
    built = {path.stem for path in NOTEBOOKS.glob("*.ipynb") if is_name(path.stem)}
    assert built == {source.stem for source in SOURCES}


@pytest.mark.kernel
@pytest.mark.parametrize("source", [*LESSONS, None], ids=lambda source: source.stem if source else "lesson new")
def test_a_student_s_notebook_stops_at_its_first_exercise_and_says_what_to_do(
    source: Path | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
) -> None:
    lesson = source or begin(tmp_path)
    ran = run_as_student(lesson, tmp_path, monkeypatch)
    told = {"name": lesson.stem, "build": "student", "seconds": ran.seconds, "slowest": ran.slowest_s}
    record_property(PROPERTY, told)
    assert ran.exercise_at is not None, "no exercise is left to students"
    assert ran.stopped_at == ran.exercise_at, ran.said
    assert ran.error == "OpenExercise"
    assert "is not written yet." in ran.said
    assert "\nTo do: " in ran.said
    assert "The lesson stops here until" in ran.said
    assert "Traceback" not in ran.said


def test_what_lessons_took_is_listed() -> None:
    def report(nodeid: str, when: str, duration: float, **told: object) -> SimpleNamespace:
        properties = [(PROPERTY, told)] if told else []
        return SimpleNamespace(nodeid=nodeid, when=when, duration=duration, user_properties=properties)

    reports = [
        report("../x/98-a-instructor.ipynb::Cell 0", "setup", 2.0),
        report("../x/98-a-instructor.ipynb::Cell 0", "call", 0.5),
        report("../x/98-a-instructor.ipynb::Cell 1", "call", 1.5),
        report("notebooks/quickstart.ipynb::Cell 0", "call", 3.0),
        report("tests/x.py::test", "setup", 1.0),
        report("tests/x.py::test", "call", 9.0, name="98-a", build="student", seconds=8.0, slowest=4.0),
        report("tests/y.py::test", "call", 9.0),
    ]
    head, *rows, total = (line.split() for line in lines(reports))
    assert head[:3] == ["notebook", "build", "seconds"]
    assert rows[0] == ["98-a", "instructor", "4.0", "1.5", "s"]
    assert rows[1] == ["98-a", "student", "8.0", "4.0", "s"]
    assert rows[2][:4] == ["quickstart", "3.0", "3.0", "s"]
    assert rows[2][5] == "kB"
    assert total == ["all", "15.0"]
    assert list(lines(reports[4:5])) == []
