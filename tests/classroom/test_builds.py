"""One source, two notebooks: what students get, what instructors get, and what neither gets."""

import nbformat
import pytest

from retroml_edu.classroom.builds import build, is_as_built, notebook_text
from retroml_edu.classroom.solutions import GAP
from retroml_edu.core.errors import LessonError

SOURCE = '''# ---
# jupyter:
#   jupytext:
#     formats: py:percent
# ---

# %% [markdown]
# # A lesson
#
# About $q(s, a)$.

# %%
import math

# %% tags=["exercise"]
def target(reward, gamma):
    """Return it."""
    ### BEGIN SOLUTION
    worth = gamma * 2
    return reward + worth
    ### END SOLUTION


# %% [markdown] tags=["instructor"]
# Ten minutes. Many forget the discount.

# %%
target(1, 0.5)
'''


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "07-a-lesson.py"
    path.write_text(SOURCE, "utf-8")
    return path


def contents(notebook):
    return [cell.source for cell in notebook.cells]


def test_students_get_a_gap_and_no_notes(source):
    notebook = build(source, "student")
    nbformat.validate(notebook)
    assert contents(notebook) == [
        "# A lesson\n\nAbout $q(s, a)$.",
        "import math",
        f'def target(reward, gamma):\n    """Return it."""\n    {GAP}',
        "target(1, 0.5)",
    ]
    assert [cell.cell_type for cell in notebook.cells] == ["markdown", "code", "code", "code"]
    namespace = {}
    exec("\n".join(contents(notebook)[1:3]), namespace)
    with pytest.raises(NotImplementedError):
        namespace["target"](1, 0.5)


def test_instructors_get_everything_and_no_marks(source):
    notebook = build(source, "instructor")
    text = "\n".join(contents(notebook))
    assert "return reward + worth" in text
    assert "Many forget the discount." in text
    assert "SOLUTION" not in text
    assert GAP not in text
    assert len(notebook.cells) == 5


def test_builds_say_nothing_of_the_source_and_are_the_same_each_time(source):
    notebook = build(source, "student")
    assert notebook == build(source, "student")
    assert [cell.id for cell in notebook.cells] == [f"07-a-lesson-{number}" for number in range(4)]
    assert set(notebook.metadata) == {"kernelspec", "language_info", "retroml_edu"}
    assert "jupytext" not in notebook_text(notebook)
    assert notebook.cells[2].metadata == {"tags": ["exercise"]}
    assert notebook.cells[1].metadata == {}
    assert all(not cell.get("outputs") for cell in notebook.cells)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("    ### END SOLUTION\n", "", "line 23: '### BEGIN SOLUTION' and '### END SOLUTION' take turns"),
        ("    ### BEGIN SOLUTION\n", "", "line 20: .* take turns"),
        ("target(1, 0.5)", "### BEGIN SOLUTION", "line 28: this solution is not closed"),
    ],
)
def test_a_solution_that_is_not_closed_is_told_with_its_line(source, old, new, message):
    source.write_text(SOURCE.replace(old, new), "utf-8")
    with pytest.raises(LessonError, match=message):
        build(source, "student")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("### BEGIN SOLUTION", "###BEGIN SOLUTION", "line 21: .* take turns"),
        ("### BEGIN SOLUTION", "# ### BEGIN SOLUTION", "line 21: .* take turns"),
        ("### BEGIN SOLUTION", "### Begin Solution", "line 21: .* take turns"),
        ('["instructor"]', "instructor", "line 24: a cell begins with"),
        ('["instructor"]', '["Instructor"]', "line 24: a cell begins with"),
        ('["instructor"]', '["instructor""exercise"]', "line 24: a cell begins with"),
        ('["instructor"]', '["instructor", ]', "line 24: a cell begins with"),
        ('["instructor"]', '["instructors"]', "line 24: .* there are claim, exercise, instructor"),
        ("# %% [markdown] tags", "# %% [raw] tags", "line 24: a cell begins with"),
        ("Many forget the discount.", "Fine.\n\n# %%\n# Begin solution: it is 42", "left in a student's cell"),
    ],
)
def test_nothing_meant_for_instructors_slips_through(source, old, new, message):
    source.write_text(SOURCE.replace(old, new), "utf-8")
    with pytest.raises(LessonError, match=message):
        build(source, "student")


def test_a_name_that_is_no_lesson_s_is_refused(source, tmp_path):
    with pytest.raises(LessonError, match="no name for a lesson"):
        build(source.rename(tmp_path / "Lesson.py"), "student")


def test_a_file_that_cannot_be_read_is_told(tmp_path):
    with pytest.raises(LessonError, match="cannot be read"):
        build(tmp_path / "01-missing.py", "student")
    (tmp_path / "02-bytes.py").write_bytes(b"\xff\xfe")
    with pytest.raises(LessonError, match="cannot be read"):
        build(tmp_path / "02-bytes.py", "student")


def test_a_file_has_the_same_bytes_wherever_it_is_built(source):
    text = notebook_text(build(source, "student"))
    source.write_bytes(SOURCE.replace("\n", "\r\n").encode())
    assert notebook_text(build(source, "student")) == text
    assert text.endswith("}\n")
    assert not text.endswith("\n\n")
    assert "\r" not in text


def test_a_notebook_knows_whether_its_cells_are_as_built(source):
    notebook = build(source, "student")
    assert is_as_built(notebook_text(notebook))
    notebook.cells[3].execution_count = 4
    assert is_as_built(notebook_text(notebook))
    notebook.cells[3].source = "target(2, 0.5)"
    assert not is_as_built(notebook_text(notebook))


def test_a_guide_is_whole_in_both_builds(source, tmp_path):
    guide = source.rename(tmp_path / "guide-write-a-lesson.py")
    for kind in ("student", "instructor"):
        text = "\n".join(contents(build(guide, kind)))
        assert "### BEGIN SOLUTION" in text
        assert "Many forget the discount." in text


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("    ### BEGIN SOLUTION\n", "", "line 15: an exercise without a solution: put '### BEGIN SOLUTION'"),
        ("import math", "import math\nx = (1,\ny = 2", r"line 14: this is not Python: '\('"),
        ("import math", "\n\nimport math\ndef f(:\n    pass", "line 16: this is not Python: invalid"),
        ("import math", "%env X=1\n!ls\nreturn 3", "line 15: this is not Python: 'return' outside function"),
        ("    ### BEGIN", "  ### BEGIN", "line 15: with a gap for its solution this is not Python: "),
        (
            "import math",
            'lesson = Lesson("26-other")',
            r'line 13: this is Lesson\("26-other"\), and the file is called 07',
        ),
        ("import math", 'kit.Lesson(name="26-other")', r'line 13: this is Lesson\("26-other"\)'),
    ],
)
def test_what_would_not_run_or_would_show_the_solution_is_told_with_its_line(source, old, new, message):
    text = SOURCE.replace(old, new)
    if "without a solution" in message:
        text = text.replace("    ### END SOLUTION\n", "")
    source.write_text(text, "utf-8")
    for kind in ("student", "instructor"):
        with pytest.raises(LessonError, match=message) as told:
            build(source, kind)
        assert len(str(told.value).splitlines()) == 1


@pytest.mark.parametrize(
    "code",
    [
        "%matplotlib inline\n!ls\nfiles = !ls\nmath?",
        "%%time\nimport math",
        "%%bash\necho (",
        "# %env X=1\nimport math",
        "import asyncio\nawait asyncio.sleep(0)\n[x async for x in y()]",
        '"\\d"',
        'name = "x"\nLesson(name)\nLesson("07-a-lesson")\nLesson()',
        "",
    ],
)
def test_what_a_notebook_takes_beside_python_is_taken(source, code):
    source.write_text(SOURCE.replace("import math", code), "utf-8")
    assert len(build(source, "student").cells) in {3, 4}


def test_a_guide_may_show_an_exercise_that_is_solved_and_a_note_may_show_one_too(source, tmp_path):
    solved = SOURCE.replace("    ### BEGIN SOLUTION\n", "").replace("    ### END SOLUTION\n", "")
    source.write_text(solved.replace('["exercise"]', '["exercise", "instructor"]'), "utf-8")
    assert "worth = gamma" not in "".join(contents(build(source, "student")))
    guide = tmp_path / "guide-solved.py"
    guide.write_text(solved, "utf-8")
    assert "worth = gamma" in "".join(contents(build(guide, "student")))
