"""`retroml-edu lesson build`: notebooks from sources, which lose nobody's work and keep solutions where they belong."""

from __future__ import annotations

import json

import nbformat
import pytest

from retroml_edu.cli.main import MISTAKE, main

SOURCE = """# %% [markdown]
# # A lesson

# %% tags=["exercise"]
def twice(x):
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION


# %% [markdown] tags=["instructor"]
# Two minutes.
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A folder with two lessons and a guide, in which the command is given."""
    (tmp_path / "lessons").mkdir()
    for name in ("01-doubling", "02-halving", "guide-teach"):
        (tmp_path / "lessons" / f"{name}.py").write_text(SOURCE, "utf-8")
    (tmp_path / "lessons" / "helpers.py").write_text("", "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(project):
    return sorted(path.name for path in (project / "notebooks").iterdir())


def sources_of(path):
    return [cell.source for cell in nbformat.read(path, as_version=4).cells]


def test_every_lesson_is_built_once(project, capsys):
    assert main(["lesson", "build"]) == 0
    assert written(project) == ["01-doubling.ipynb", "02-halving.ipynb", "guide-teach.ipynb"]
    assert capsys.readouterr().out.splitlines()[0].endswith("01-doubling.ipynb: written")
    before = (project / "notebooks" / "01-doubling.ipynb").read_bytes()
    assert before.endswith(b"}\n")
    assert main(["lesson", "build"]) == 0
    assert [line.rpartition(": ")[2] for line in capsys.readouterr().out.splitlines()] == ["unchanged"] * 3
    assert (project / "notebooks" / "01-doubling.ipynb").read_bytes() == before


@pytest.mark.parametrize("name", ["02-halving", "02", "02-halving.py", "lessons/02-halving.py"])
def test_one_lesson_is_built_by_its_name_from_any_folder_below(project, monkeypatch, name):
    (project / "lessons" / "data").mkdir()
    monkeypatch.chdir(project / "lessons" / "data")
    assert main(["lesson", "build", name]) == 0
    assert written(project) == ["02-halving.ipynb"]


def test_sources_and_notebooks_may_be_elsewhere(project, monkeypatch, tmp_path_factory):
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert main(["lesson", "build", "01", "--from", str(project / "lessons"), "--to", "built/here"]) == 0
    assert sources_of("built/here/01-doubling.ipynb")[-1].startswith("def twice(x):\n    raise NotImplementedError")
    assert not (project / "notebooks").exists()


def test_a_new_build_replaces_an_old_one_that_was_run_and_saved(project, capsys):
    main(["lesson", "build", "01"])
    path = project / "notebooks" / "01-doubling.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[1].outputs = [nbformat.v4.new_output("stream", text="hello")]
    notebook.metadata["widgets"] = {}
    nbformat.write(notebook, path)
    (project / "lessons" / "01-doubling.py").write_text(SOURCE.replace("A lesson", "Doubling"), "utf-8")
    capsys.readouterr()
    assert main(["lesson", "build", "01"]) == 0
    assert capsys.readouterr().out.endswith("01-doubling.ipynb: written\n")
    assert sources_of(path)[0] == "# Doubling"
    assert "hello" not in path.read_text("utf-8")


def filled_in(text):
    return text.replace("raise NotImplementedError  # your lines here", "return x + x")


@pytest.mark.parametrize("instead", ["", "{}", "<<<<<<< ours", "[1]"])
def test_what_a_person_changed_stays_unless_force_is_said(project, capsys, instead):
    main(["lesson", "build"])
    path = project / "notebooks" / "01-doubling.ipynb"
    changed = instead or filled_in(path.read_text("utf-8"))
    path.write_text(changed, "utf-8")
    capsys.readouterr()
    assert main(["lesson", "build"]) == MISTAKE
    told = capsys.readouterr()
    assert len(told.err.splitlines()) == 1
    assert "01-doubling.ipynb" in told.err
    assert "--force" in told.err
    assert len(told.out.splitlines()) == 2  # the others are built
    assert path.read_text("utf-8") == changed
    assert main(["lesson", "build", "--force"]) == 0
    assert path.read_text("utf-8") != changed


def test_instructors_get_notebooks_of_another_name_and_no_guides(project):
    assert main(["lesson", "build", "--instructor", "--to", "marking"]) == 0
    names = sorted(path.name for path in (project / "marking").iterdir())
    assert names == ["01-doubling-instructor.ipynb", "02-halving-instructor.ipynb"]
    assert sources_of(project / "marking" / names[0]) == [
        "# A lesson",
        "def twice(x):\n    return 2 * x",
        "Two minutes.",
    ]


@pytest.mark.parametrize("to", [[], ["--to", "notebooks"], ["--to", "notebooks/in"], ["--to", "other/notebooks"]])
def test_solutions_never_come_among_what_students_open(project, capsys, to):
    assert main(["lesson", "build", "--instructor", *to]) == MISTAKE
    told = capsys.readouterr().err
    assert len(told.splitlines()) == 1
    assert "students" in told
    assert not list(project.glob("**/*.ipynb"))


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["01-dubling"], 'Did you mean "01-doubling"?'),
        (["17"], "There are: 01-doubling, 02-halving, guide-teach."),
        (["--from", "nowhere"], "There is no folder nowhere."),
        (["--from", "empty"], "There is no lesson in empty"),
    ],
)
def test_a_name_that_nothing_goes_by_is_told_in_a_line(project, capsys, arguments, told):
    (project / "empty").mkdir()
    assert main(["lesson", "build", *arguments]) == MISTAKE
    error = capsys.readouterr().err
    assert told in error
    assert len(error.splitlines()) == 1


def test_without_any_lessons_it_says_how_to_begin(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["lesson", "build"]) == MISTAKE
    assert "retroml-edu lesson new" in capsys.readouterr().err


def test_a_source_that_cannot_be_built_stops_all(project, capsys):
    (project / "lessons" / "02-halving.py").write_text(SOURCE.replace("### END SOLUTION", ""), "utf-8")
    assert main(["lesson", "build"]) == MISTAKE
    assert "02-halving.py, line 11" in capsys.readouterr().err
    assert not (project / "notebooks").exists()


def test_a_guide_shows_what_lessons_hide(project):
    main(["lesson", "build", "guide"])
    text = json.dumps(sources_of(project / "notebooks" / "guide-teach.ipynb"))
    assert "### BEGIN SOLUTION" in text
    assert "return 2 * x" in text
    assert "Two minutes." in text


def test_a_new_lesson_can_be_built_at_once(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["lesson", "new", "20-my-lesson", "Rewards  {that} wait"]) == 0
    assert "retroml-edu lesson build 20-my-lesson" in capsys.readouterr().out
    source = tmp_path / "lessons" / "20-my-lesson.py"
    assert "# # Rewards {that} wait\n" in source.read_text("utf-8")
    assert main(["lesson", "build"]) == 0
    assert main(["lesson", "build", "--instructor", "--to", "marking"]) == 0
    student = "\n".join(sources_of(tmp_path / "notebooks" / "20-my-lesson.ipynb"))
    assert 'Lesson("20-my-lesson", material=Asked)' in student
    assert "{NAME}" not in student
    assert "For instructors" not in student
    assert max(map(len, source.read_text("utf-8").splitlines())) <= 130


@pytest.mark.parametrize(
    ("name", "title", "told"),
    [
        ("my lesson", "Title", "is no name for a lesson"),
        ("guide-mine", "Title", "a number and a title"),
        ("20-mine", " ", "a number and a title"),
        ("01-doubling", "Doubling", "is there already"),
    ],
)
def test_a_lesson_that_cannot_begin_is_told_in_a_line(project, capsys, name, title, told):
    assert main(["lesson", "new", name, title]) == MISTAKE
    error = capsys.readouterr().err
    assert told in error
    assert len(error.splitlines()) == 1
    assert (project / "lessons" / "01-doubling.py").read_text("utf-8") == SOURCE
