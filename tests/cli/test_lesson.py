"""`retroml-edu lesson build`: notebooks from sources, which lose nobody's work and keep solutions where they belong."""

from __future__ import annotations

import json

import nbformat
import pytest

from retroml_edu.classroom.course import Material
from retroml_edu.classroom.quiz import Number
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
    assert capsys.readouterr().out.endswith("01-doubling.ipynb: written (its outputs are gone: run it again)\n")
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
    for number, aside in enumerate(["01-doubling-before.ipynb", "01-doubling-before-2.ipynb"]):
        path.write_text(f"{changed}{' ' * number}", "utf-8")
        capsys.readouterr()
        assert main(["lesson", "build", "--force"]) == 0
        assert f"01-doubling.ipynb: written (what was there is kept as {aside})\n" in capsys.readouterr().out
        assert path.read_text("utf-8") != changed
        assert path.with_name(aside).read_text("utf-8") == f"{changed}{' ' * number}"


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


MODULE = """from helpers import SIDES
from retroml_edu.kit import Choice, Exercise, Case, FreeText, Graded, Number, Option, Order
def number(rng): return Number("n", f"A die with {SIDES} sides, {rng.integers(100)} throws.", 3.5, tolerance=0.1)
def double(rng): return "Double.", Exercise("double", (Case({"x": 1}, 2),))
def choose(rng): return Choice("c", "Which?", (Option("this", "", right=True), Option("that", "")))
def order(rng): return Order("o", "Sort.", ("first", "second"))
def write(rng): return FreeText("w", "Why?")
GRADED = tuple(Graded(make.__name__, make) for make in (number, double, choose, order, write))
"""


@pytest.fixture
def with_module(project):
    """The project, whose first lesson takes a module beside the notebooks, which takes one beside the source."""
    (project / "notebooks").mkdir()
    (project / "notebooks" / "own_tasks.py").write_text(MODULE, "utf-8")
    (project / "lessons" / "helpers.py").write_text("SIDES = 6\n", "utf-8")
    (project / "lessons" / "unused.py").write_text("", "utf-8")
    source = project / "lessons" / "01-doubling.py"
    source.write_text(f"# %%\nimport os, own_tasks as tasks\n# import unused\n\n{SOURCE}", "utf-8")
    return project


def test_modules_that_a_lesson_takes_go_with_its_notebook(with_module, capsys):
    build = ["lesson", "build", "01", "--instructor", "--to", "marking"]
    assert main(build) == 0
    marking = with_module / "marking"
    assert sorted(path.name for path in marking.iterdir()) == [
        "01-doubling-instructor.ipynb", "helpers.py", "own_tasks.py",
    ]  # fmt: skip
    assert (marking / "own_tasks.py").read_text("utf-8") == MODULE
    assert "marking/own_tasks.py: written (from notebooks/own_tasks.py)\n" in capsys.readouterr().out
    assert main(build) == 0
    assert [line.rpartition(": ")[2] for line in capsys.readouterr().out.splitlines()] == ["unchanged"] * 3
    (marking / "helpers.py").write_text("SIDES = 8\n", "utf-8")
    assert main(build) == 0
    assert "what was there is kept as helpers-before.py" in capsys.readouterr().out
    assert (marking / "helpers-before.py").read_text("utf-8") == "SIDES = 8\n"
    assert main(["lesson", "build"]) == 0
    assert written(with_module) == [
        "01-doubling.ipynb", "02-halving.ipynb", "guide-teach.ipynb", "helpers.py", "own_tasks.py",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["build", "--to", "file"], "file is a file, and this needs a folder: name one after --to."),
        (
            ["build", "--to", "file/in"],
            "cannot be read or written: Not a directory. Change its rights, or name another",
        ),
        (["build", "01", "--to", "there"], "there/01-doubling.ipynb cannot be read or written: Is a directory."),
        (
            ["build", "01", "--to", "locked"],
            "locked cannot be read or written: Permission denied. Change its rights, or",
        ),
        (
            ["new", "20-mine", "Mine", "--from", "file"],
            "file is a file, and this needs a folder: name one after --from.",
        ),
    ],
)
def test_a_folder_that_cannot_be_written_is_told_in_a_line(project, capsys, monkeypatch, arguments, told):
    (project / "file").write_text("", "utf-8")
    (project / "there" / "01-doubling.ipynb").mkdir(parents=True)

    def refused(*_):
        raise PermissionError(13, "Permission denied")

    if "locked" in arguments:
        monkeypatch.setattr("retroml_edu.storage.atomic.move_into_place", refused)
    assert main(["lesson", *arguments]) == MISTAKE
    error = capsys.readouterr().err
    assert told in error
    assert len(error.splitlines()) == 1
    assert "RETROML_HOME" not in error


# -- answers ---------------------------------------------------------------------------------------------------------


def test_the_answers_of_variants_are_those_of_their_tasks(capsys):
    assert main(["lesson", "answers", "01", "--variant", "Anna-1", "ben-2"]) == 0
    out = capsys.readouterr().out
    for variant in ("anna-1", "ben-2"):
        assert f"01-bandits, variant {variant}\n" in out
        for graded in Material.of("01-bandits").tasks:
            task = graded.task("01-bandits", variant)
            assert f"{task.name} (task_digest {task.digest})\n" in out
            if isinstance(task.asked, Number):
                assert f"Expected: {task.asked.expected:.10g}" in out
    assert "Expected: a function, called epsilon_at here, that is right in 5 cases:" in out
    assert "    epsilon_at(pull=0) returns 0." in out


def test_the_answers_of_a_lesson_of_one_s_own_come_from_its_module(with_module, capsys):
    (with_module / "lessons" / "own_tasks.py").write_text(MODULE, "utf-8")
    assert main(["lesson", "answers", "01-doubling", "--material", "lessons/own_tasks.py"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("01-doubling, variant practice\n\nnumber (task_digest ")
    for told in (
        "A die with 6 sides, ",
        "Expected: 3.5, give or take 0.1\n",
        "    double(x=1) returns 2\n",
        "Expected: this\n",
        "Expected, in this order: first | second\n",
        "Expected: a text, which a person judges.\n",
    ):
        assert told in out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            ["01-bandit"],
            'The course has no lesson "01-bandit". Did you mean "01-bandits"? Of a lesson of your own, name',
        ),
        (["01", "--variant", "your student number"], "stands for your own"),
        (["01-doubling", "--material", "nowhere.py"], "nowhere.py is no Python file"),
        (["01-doubling", "--material", "lessons/broken.py"], "cannot be run: ZeroDivisionError: division by zero"),
        (["01-doubling", "--material", "lessons/helpers.py"], 'The lesson "01-doubling" has no graded tasks.'),
    ],
)
def test_answers_that_cannot_be_had_are_told_in_a_line(project, capsys, arguments, told):
    (project / "lessons" / "broken.py").write_text("1 / 0", "utf-8")
    assert main(["lesson", "answers", *arguments]) == MISTAKE
    error = capsys.readouterr().err
    assert told in error
    assert len(error.splitlines()) == 1
