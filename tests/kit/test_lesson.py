"""A lesson from code: what is asked, answered, predicted, checked, drawn and handed in, and that it is there again."""

from __future__ import annotations

import csv
import functools
import hashlib
import io
import json
import subprocess
import sys
import textwrap
import zipfile

import numpy as np
import pytest

from retroml_edu.classroom.exercise import IDEA
from retroml_edu.core.errors import LessonError, QuizError, UnknownNameError
from retroml_edu.core.numbers import plain_number
from retroml_edu.kit import (
    Case,
    Choice,
    Exercise,
    FreeText,
    Graded,
    Lesson,
    Line,
    Number,
    OpenExercise,
    Option,
    Order,
)
from retroml_edu.kit.figure import LessonFigure
from retroml_edu.kit.prediction_piece import NOTHING_DRAWN
from retroml_edu.kit.quiz_card import mixed

ONE = Choice("one", "What is `Q`?", (Option("a return", "It is an estimate."), Option("an estimate", "Yes.", True)))
SEVERAL = Choice(
    "several", "Which are even?", (Option("2", "Two.", True), Option("3", "Odd."), Option("4", "Four.", True))
)
NUMBER = Number("number", "Mean of 2 and 4?", 3.0, hint="Add and halve.", instead={6: "That is the sum."})
ORDER = Order("order", "Sort.", ("choose", "pull", "learn"), told="That is it.", hint="What is known?")
TEXT = FreeText("text", "Why?", {"recent|new": "What of old rewards?"})
UPDATE = Exercise(
    "update",
    (Case({"estimate": 1.0, "reward": 2.0}, 1.5, "Half of the way."), Case({"estimate": 0.0, "reward": 0.0}, 0.0)),
)


def step_of(rng):
    step = int(rng.integers(2, 9))
    return f"Write `move(reward)`: {step} times the reward.", Exercise("move", (Case({"reward": 1.0}, float(step)),))


class Mine:
    QUESTIONS = (ONE, SEVERAL, NUMBER, ORDER, TEXT)
    EXERCISES = (UPDATE,)
    GRADED = (
        Graded("mean", lambda rng: Number("mean", f"Mean of 2 and {rng.integers(1_000)}?", 2.0)),
        Graded("move", step_of),
    )


@pytest.fixture
def lesson(tmp_path):
    return Lesson("99-mine", material=Mine, folder=tmp_path)


def restarted(lesson, variant=""):
    """The lesson after the kernel was restarted."""
    return Lesson(lesson.name, variant, material=Mine, folder=lesson.folder)


def update(estimate, reward):
    return estimate + 0.5 * (reward - estimate)


# -- questions -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "wrong", "told", "right"),
    [
        ("one", 0, "It is an estimate.", 1),
        ("several", [0, 1], "Odd.", [0, 2]),
        ("number", "6", "That is the sum.", "3,0"),
        ("order", [0, 2, 1], 'The first 1 are right; "learn" is not the next. What is known?', [0, 1, 2]),
    ],
)
def test_an_answer_of_each_kind_is_judged_kept_and_there_again(lesson, page_of, name, wrong, told, right):
    asked = lesson.ask(name)
    page = page_of(asked.card)
    page.tell(action="answer", answer=wrong)
    assert (asked.card.verdict, asked.card.told, asked.card.tries) == ("wrong", told, 1)
    page.tell(action="answer", answer=right)
    assert (asked.card.verdict, asked.card.tries) == ("right", 2)
    assert page.heard == [{"kind": "answered"}] * 2
    page.tell(action="answer", answer=wrong)
    assert (asked.card.verdict, asked.card.tries) == ("wrong", 2), "tried once more, and the right one stays kept"
    assert asked.card.told == f"{told} Your right answer stays kept."
    card = restarted(lesson).ask(name).card
    assert (card.answer, card.verdict, card.tries) == (right, "right", 2)


def test_a_text_is_kept_whatever_it_says(lesson):
    asked = lesson.ask("text")
    assert asked.answer("Because it is just like that.").told == "What of old rewards?"
    assert (asked.card.verdict, asked.card.button) == ("kept", "Keep my answer")
    card = restarted(lesson).ask("text").card
    assert (card.answer, card.told) == ("Because it is just like that.", "What of old rewards?")


@pytest.mark.parametrize(
    ("name", "answer"),
    [("one", []), ("one", [0, 1]), ("one", 7), ("one", None), ("several", []), ("number", ""), ("number", "a lot"),
     ("number", {"a": 1}), ("order", [0]), ("order", "abc"), ("text", "too short"), ("text", 5)],
)  # fmt: skip
def test_what_is_no_answer_is_told_and_not_kept(lesson, page_of, name, answer):
    asked = lesson.ask(name)
    page = page_of(asked.card)
    page.tell(action="answer", answer=answer)
    assert asked.card.verdict == "problem"
    assert asked.card.told
    assert page.heard == [{"kind": "answered"}]
    assert asked.status.problem == ""
    assert not lesson.answers.file.exists()
    with pytest.raises(QuizError):
        asked.answer(answer)


def test_the_page_is_not_told_what_is_right(lesson):
    for name in ("one", "several", "number", "order"):
        state = json.dumps(lesson.ask(name).card.get_state(), default=str)
        for secret in ("It is an estimate.", "Odd.", "That is the sum.", "Add and halve.", "What is known?"):
            assert secret not in state.split('"_esm"')[0]


def test_steps_are_mixed_and_always_the_same_way():
    orders = [mixed(Order(f"order-{number}", "Sort.", ("a", "b"))) for number in range(20)]
    assert orders == [[1, 0]] * 20, "never the right one"
    assert mixed(ORDER) == mixed(ORDER)
    assert sorted(mixed(ORDER)) == [0, 1, 2]


def test_an_answer_that_cannot_be_kept_is_judged_and_the_reason_told(lesson, page_of):
    asked = lesson.ask("one")
    lesson.answers.file = lesson.folder / "gone" / "a.json"
    page_of(asked.card).tell(action="answer", answer=1)
    assert asked.card.verdict == "right"
    assert "cannot be kept" in asked.status.problem


def test_a_question_that_has_changed_forgets_an_answer_that_fits_no_longer(lesson):
    lesson.ask("several").answer([0, 2])
    fewer = Choice("several", "Which?", (Option("a", "", True), Option("b", "")))
    card = restarted(lesson).ask(fewer).card
    assert (card.answer, card.verdict) == (None, "")


def test_an_unknown_question_is_told_with_the_closest(lesson):
    with pytest.raises(UnknownNameError, match='Did you mean "number"'):
        lesson.ask("nummer")


def test_a_sheet_that_was_put_aside_is_told_of_once(lesson):
    lesson.answers.file.write_text("torn", "utf-8")
    assert "set-aside-1" in lesson.ask("one").status.text
    assert lesson.ask("several").status.text == ""


# -- predictions -----------------------------------------------------------------------------------------------------

ASKED = {"question": "What will it do?", "x_end": 1.0, "x_unit": "of ε", "y_name": "reward", "low": 0, "high": 1.5}
X = np.linspace(0, 1, 50)


def test_a_prediction_is_kept_compared_and_then_locked(lesson):
    before = lesson.predict("curve", **ASKED)
    assert lesson.compare("curve", X, X).said == []
    assert "draw it above" in lesson.compare("curve", X, X).text.sentences[0]
    before.draw(np.linspace(0, 1, 11), 0.1)
    kept = restarted(lesson).predict("curve", **ASKED)
    assert kept.canvas.values == pytest.approx(np.linspace(0, 1, 11))
    assert not kept.canvas.locked

    after = lesson.compare("curve", X, X)
    assert after.said[0] == "On average your curve was 0 % of the axis away from what came."
    assert after.canvas.locked
    assert after.canvas.y_title == "reward"
    assert len(after.canvas.actual["x"]) == 50
    with pytest.raises(LessonError, match="can no longer be changed"):
        before.draw([0] * 11)
    assert restarted(lesson).predict("curve", **ASKED).canvas.locked
    assert "before you saw" in restarted(lesson).predict("curve", **ASKED).status.text

    # Drawn in another tab that knows nothing of it: what was compared stays.
    kept.canvas.values = [1.0] * 11
    assert kept.canvas.locked
    assert kept.canvas.values == pytest.approx(np.linspace(0, 1, 11))
    assert kept.status.problem == ""


def test_a_prediction_over_other_axes_is_begun_anew(lesson):
    lesson.predict("curve", **ASKED).draw([0.5] * 11)
    assert not restarted(lesson).predict("curve", **ASKED | {"x_end": 2.0}).canvas.drawn


def test_numbers_that_are_none_are_left_out(lesson):
    lesson.predict("curve", **ASKED).draw([0.5] * 11)
    y = np.where(X < 0.5, np.nan, X)
    compared = lesson.compare("curve", [*X, 3.0], [*y, 9.0])
    assert np.isfinite(compared.canvas.actual["y"]).all()
    assert max(compared.canvas.actual["x"]) <= 1
    assert compared.said


@pytest.mark.parametrize(("x", "y"), [([0, 1], [0, 1, 2]), ([], []), ([[0, 1]], [[0, 1]]), ([1, 0], [0, 1])])
def test_what_makes_no_curve_is_refused(lesson, x, y):
    with pytest.raises(LessonError):
        lesson.compare("curve", x, y)


@pytest.mark.parametrize(
    "strange", [{"values": ["a"] * 11}, {"within": -1}, {"low": None}, {"claimed": 2}, {"x_end": 0}, {"high": 10**400}]
)
def test_a_prediction_that_was_changed_by_hand_is_none(lesson, strange):
    lesson.predict("curve", **ASKED).draw([0.5] * 11)
    sheet = json.loads(lesson.answers.file.read_text("utf-8"))
    sheet["predictions"]["curve"] |= strange
    lesson.answers.file.write_text(json.dumps(sheet), "utf-8")
    assert not restarted(lesson).predict("curve", **ASKED).canvas.drawn
    assert lesson.compare("curve", X, X).said == []


def test_what_lies_beside_the_axis_of_a_prediction_is_counted_in_something_else(lesson):
    asked = lesson.predict("curve", **ASKED)
    for drawn in (False, True):
        with pytest.raises(LessonError, match='"curve" goes from 0 to 1 of ε, and x from 100 to 200: give x in of ε'):
            lesson.compare("curve", [100, 200], [0, 1])
        asked.draw([0.5] * 11) if not drawn else None
    with pytest.raises(LessonError, match="goes from 0 to 1 of ε"):
        restarted(lesson).compare("curve", [100, 200], [0, 1])  # the axis is kept with the curve
    assert not asked.canvas.locked


def test_what_lies_beyond_the_axes_of_a_prediction_is_told(lesson):
    lesson.predict("curve", **ASKED).draw([0.5] * 11)
    assert not any("axis from" in said or "goes on" in said for said in lesson.compare("curve", X, X).said)
    along, upright = lesson.compare("curve", 2 * X, 4 * X).said[-2:]
    assert along == "What came goes on to 2 of ε. Your curve ends at 1: only that far they are compared."
    assert upright.startswith(f"What came goes from 0 to {plain_number(4 * X[24])}, and the axis from 0 to 1.5:")


def test_a_curve_on_axes_that_the_lesson_no_longer_has_is_not_compared(lesson):
    lesson.predict("curve", **ASKED).draw([0.5] * 11)
    later = restarted(lesson)
    later.predict("curve", **ASKED | {"x_end": 2.0})
    assert later.compare("curve", X, X).text.sentences == [NOTHING_DRAWN]


# -- exercises -------------------------------------------------------------------------------------------------------


def test_a_right_function_passes_and_its_source_is_kept(lesson):
    checked = lesson.check(update)
    assert checked.tried.is_right
    assert (checked.card.passed, checked.card.cases, checked.card.told) == (2, 2, "")
    entry = lesson.answers.entry("exercises", "update")
    assert (entry["right"], entry["passed"], entry["tries"]) == (True, 2, 1)
    assert entry["source"] == "def update(estimate, reward):\n    return estimate + 0.5 * (reward - estimate)\n"


def text_of(piece):
    return piece._repr_mimebundle_()["text/plain"]


@pytest.fixture
def seen(monkeypatch):
    """What is displayed above an error."""
    pieces = []
    monkeypatch.setattr("retroml_edu.kit.lesson._display", pieces.append)
    return pieces


def test_an_open_exercise_ends_the_cell_with_what_is_wrong_and_from_the_second_attempt_on_with_the_hint(lesson, seen):
    hints = []
    for _ in range(3):
        with pytest.raises(OpenExercise) as ended:
            lesson.check(lambda estimate, reward: reward, "update")
        assert ended.value._render_traceback_() == [
            "The lesson stops here until `update` is right: see the card above."
        ]
        told, hint = text_of(seen[-1]).splitlines()
        assert told == "`update(estimate=1, reward=2)` returned 2; 1.5 is expected."
        assert str(ended.value) == f"Open exercise: {told}\n{hint}"  # where there is no card, the error says it all
        hints.append(hint)
    assert hints == [f"Hint: {IDEA}", *["Hint: Half of the way."] * 2]
    entry = lesson.answers.entry("exercises", "update")
    assert (entry["right"], entry["tries"]) == (False, 3)
    assert (seen[-1].card.written, seen[-1].card.told, seen[-1].card.hint) == (True, told, "Half of the way.")


def test_a_function_as_it_was_given_is_no_attempt_and_gives_nothing_away(lesson, seen):
    def update(estimate, reward):
        raise NotImplementedError  # your lines here

    with pytest.raises(OpenExercise) as ended:
        lesson.check(update)
    assert ended.value._render_traceback_() == ["The lesson stops here until `update` is right: see the card above."]
    told, what_to_do = text_of(seen[0]).splitlines()
    assert told == "`update` is not written yet."
    assert what_to_do.startswith("To do: Write your own lines in place of `raise NotImplementedError`")
    assert not seen[0].card.written
    assert lesson.answers.entry("exercises", "update") is None
    with pytest.raises(OpenExercise, match=IDEA[:20]):
        lesson.check(lambda estimate, reward: reward, "update")


def test_a_card_is_read_without_a_kernel_too(lesson):
    assert text_of(lesson.check(update)) == "`update` is right. It passes all 2 cases."


def test_what_was_right_once_stays_kept(lesson):
    lesson.check(update)
    with pytest.raises(OpenExercise):
        lesson.check(lambda estimate, reward: reward, "update")
    entry = lesson.answers.entry("exercises", "update")
    assert (entry["right"], entry["tries"]) == (True, 2)
    assert "0.5 *" in entry["source"]


@pytest.mark.parametrize("function", [None, 5, "update"])
def test_what_is_no_function_is_told_how_to_give_one(lesson, function):
    with pytest.raises(LessonError, match=r"without brackets, as in lesson.check\(update\)"):
        lesson.check(function)


def test_an_error_that_says_very_much_is_cut(lesson):
    def loud(estimate, reward):
        raise ValueError("x" * 1_000_000)

    with pytest.raises(OpenExercise) as ended:
        lesson.check(loud, "update")
    assert len(str(ended.value)) < 2_000


SCRIPT = """
    from retroml_edu.kit import Lesson, Exercise, Case
    class Mine: EXERCISES = (Exercise("double", (Case({"x": 1}, 2, "Twice."),)),)
    def double(x): return x
    Lesson("99-mine", material=Mine).check(double)
    print("went on")
"""


@pytest.mark.parametrize("shell", [["-m", "IPython", "--quick", "--no-banner", "--colors=NoColor", "-c"], ["-c"]])
def test_in_ipython_there_is_no_traceback_and_in_python_the_last_lines_say_it(tmp_path, shell):
    done = subprocess.run(
        [sys.executable, *shell, textwrap.dedent(SCRIPT)], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    lines = (done.stdout + done.stderr).strip().splitlines()
    assert done.returncode == 1
    told = lines[-3:-1] if "IPython" in shell else lines[-2:]
    assert "`double(x=1)` returned 1; 2 is expected." in told[0]
    assert told[1] == f"Hint: {IDEA}"
    assert ("The lesson stops here until `double` is right" in lines[-1]) == ("IPython" in shell)
    assert "went on" not in lines
    if "IPython" in shell:
        assert not any("Traceback" in line or "File " in line for line in lines)


def test_a_mistake_of_a_student_is_a_line_and_no_traceback(tmp_path):
    code = "from retroml_edu.kit import Line; Line('regret', [1, 2], [1])"
    shell = [sys.executable, "-m", "IPython", "--quick", "--no-banner", "--colors=NoColor", "-c", code]
    done = subprocess.run(shell, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.stdout + done.stderr).strip() == (
        'LessonError: The line "regret": y has the shape (1,), and x (2,): give one number for each of x.'
    )


# -- graded tasks ----------------------------------------------------------------------------------------------------


def test_a_graded_question_is_kept_with_its_variant_and_not_judged(lesson):
    mine, other = restarted(lesson, " S1 "), restarted(lesson, "s2")
    asked = mine.graded("mean")
    assert asked.status.text == 'Variant "s1".'
    assert asked.card.question != other.graded("mean").card.question
    assert asked.answer("17").right is None
    assert asked.card.told.startswith("Kept for marking.")
    entry = lesson.answers.entry("graded", "mean@s1")
    assert (entry["task"], entry["variant"], entry["answer"]) == ("mean", "s1", "17")
    assert "right" not in entry
    assert len(entry["task_digest"]) == 16
    asked.answer("18")
    assert restarted(lesson, "s1").graded("mean").card.answer == "18"
    assert restarted(lesson, "s2").graded("mean").card.answer is None


def test_without_a_variant_it_is_for_practice(lesson):
    assert 'begin with: lesson = Lesson("99-mine", variant="your number")' in lesson.graded("mean").status.text


def test_a_graded_function_is_checked_against_the_variants_own_cases(lesson):
    mine = restarted(lesson, "s1")
    text = mine.graded("move").box.children[1].sentences[0]
    step = int(text.split(": ")[1].split()[0])
    assert mine.graded("move", lambda reward: step * reward).tried.is_right
    with pytest.raises(OpenExercise):
        mine.graded("move", lambda reward: (step + 1) * reward)
    assert lesson.answers.entry("graded", "move@s1")["right"] is True


@pytest.mark.parametrize("variant", [None, "", "  ", "practice"])
def test_no_variant_is_practice(lesson, variant):
    assert restarted(lesson, variant).variant == ""
    assert "For practice." in restarted(lesson, variant).graded("mean").status.text
    assert restarted(lesson, 1234567).variant == "1234567"


# -- names that are taken --------------------------------------------------------------------------------------------


def test_two_questions_of_one_name_do_not_overwrite_each_other(lesson):
    lesson.ask("number").answer(3)
    lesson.ask(Number("number", "Mean of 2 and 4?", 3.0, hint="Add and halve.", instead={6: "That is the sum."}))
    with pytest.raises(LessonError, match='another question "number" in this notebook: give each its own name'):
        lesson.ask(Number("number", "Mean of 2 and 6?", 4.0))
    assert restarted(lesson).ask(Number("number", "Mean of 2 and 6?", 4.0)), "changed, and run from the top"


def test_two_predictions_of_one_name_do_not_overwrite_each_other(lesson):
    lesson.predict("curve", **ASKED)
    lesson.predict("curve", **ASKED)
    for other in ({"x_end": 2.0}, {"question": "What else?"}):
        with pytest.raises(LessonError, match='another prediction "curve" in this notebook'):
            lesson.predict("curve", **ASKED | other)


def test_two_graded_tasks_of_one_name_do_not_overwrite_each_other(lesson):
    lesson.graded("mean")
    lesson.graded(Graded("mean", Mine.GRADED[0].make))
    with pytest.raises(LessonError, match='another graded task "mean" in this notebook'):
        lesson.graded(Graded("mean", lambda rng: Number("mean", "Mean of 2 and 2?", 2.0)))


@pytest.mark.parametrize("question", [3, None, Number])
def test_what_is_no_question_is_told(lesson, question):
    with pytest.raises(LessonError, match=r"takes a question or the name of one, and this is (a|None)"):
        lesson.ask(question)


# -- the source of functions -----------------------------------------------------------------------------------------


def test_a_function_whose_code_is_nowhere_is_told_in_the_card_and_in_the_list(lesson):
    namespace = {}
    exec("answer = lambda estimate, reward: estimate + 0.5 * (reward - estimate)", namespace)
    checked = lesson.check(namespace["answer"], "update")
    assert checked.status.text.startswith("! Its code cannot be found, and will not be in what you hand in: write the")
    assert "Without the code of your function, which could not be found: update." in lesson.export().missing.sentences
    assert lesson.check(update).status.text == ""
    assert not any("Without" in each for each in lesson.export().missing.sentences)


def test_a_function_that_something_wraps_is_kept_with_its_code(lesson):
    class Answer:
        def __call__(self, estimate, reward):
            return update(estimate, reward)

    lesson.check(functools.partial(update), "update")
    assert lesson.answers.entry("exercises", "update")["source"].startswith("def update(estimate, reward):")
    lesson.check(Answer(), "update")
    assert "return update(estimate, reward)" in lesson.answers.entry("exercises", "update")["source"]


CELLS = """
    from IPython.core.interactiveshell import InteractiveShell
    shell = InteractiveShell.instance()
    for cell in (
        "from retroml_edu.kit import *\\nimport functools, numba\\n"
        "def make(rng): return 'f?', Exercise('f', (Case({'x': 1}, 2),))\\n"
        "class Mine: GRADED = tuple(Graded(name, make) for name in ('plain', 'timed', 'same', 'compiled', 'lambda'))\\n"
        "lesson = Lesson('99-mine', material=Mine)",
        "def f(x):\\n    return 2 * x\\nlesson.graded('plain', f)",
        "%%time\\ndef g(x):\\n    return x\\nlesson.graded('timed', g)",
        "%%time\\n@functools.lru_cache\\ndef g(x):\\n    return x + 0\\nlesson.graded('same', g)",
        "%%time\\ndef g(x):\\n    return x + 3",
        "lesson.graded('same', g)",
        "@numba.njit\\ndef h(x):\\n    return 2 * x\\nlesson.graded('compiled', h)",
        "lesson.graded('lambda', lambda x: x)",
    ):
        shell.run_cell(cell, store_history=True)
"""


def test_a_function_of_a_notebook_is_kept_with_its_code_wherever_it_was_written(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(CELLS)], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    kept = json.loads((tmp_path / "99-mine.answers.json").read_text("utf-8"))["graded"]
    assert {key.partition("@")[0]: entry["source"] for key, entry in kept.items()} == {
        "plain": "def f(x):\n    return 2 * x\n",
        "timed": "def g(x):\n    return x\n",
        "same": "def g(x):\n    return x + 3\n",
        "compiled": "@numba.njit\ndef h(x):\n    return 2 * x\n",
        "lambda": "lesson.graded('lambda', lambda x: x)\n",
    }, done.stdout + done.stderr


# -- figures ---------------------------------------------------------------------------------------------------------


def test_a_line_of_runs_has_the_interval_of_their_mean():
    runs = np.random.default_rng(0).normal(3, 1, (400, 5))
    line = Line.of_runs("ε = 0.1", range(5), runs)
    np.testing.assert_allclose(line.y, runs.mean(axis=0))
    np.testing.assert_allclose(line.high - line.y, 1.966 * runs.std(axis=0, ddof=1) / 20, rtol=1e-3)
    np.testing.assert_allclose(line.y - line.low, line.high - line.y)


def test_a_line_of_what_is_true_of_runs_stays_a_share():
    line = Line.of_runs("arrived", range(3), np.array([[True, False, True], [True, False, False]] * 10))
    np.testing.assert_allclose(line.y, [1, 0, 0.5])
    np.testing.assert_allclose(line.low, [0.839, 0, 0.299], atol=1e-3)
    np.testing.assert_allclose(line.high, [1, 0.161, 0.701], atol=1e-3)


@pytest.mark.parametrize(
    "columns",
    [
        {"x": [1, 2], "y": [1]},
        {"x": [], "y": []},
        {"x": [[1]], "y": [[1]]},
        {"x": [1], "y": [1], "low": [0]},
        {"x": [1], "y": [1], "low": [0, 0], "high": [1]},
    ],
)
def test_a_line_whose_columns_do_not_fit_together_is_refused_by_name(columns):
    with pytest.raises(LessonError, match='The line "a"'):
        Line("a", **columns)


@pytest.mark.parametrize("runs", [[[1, 2]], [1, 2], [[1, 2, 3], [1, 2, 3]]])
def test_runs_that_make_no_line_are_refused_by_name(runs):
    with pytest.raises(LessonError, match='The line "a" is made of runs of the shape'):
        Line.of_runs("a", [1, 2], runs)


def test_a_figure_is_drawn_and_saved_as_numbers_and_picture(lesson, page_of):
    lines = (Line("=greedy", [0, 1], [1, 2]), Line("ε", [0, 1], [3, 4], [2, 3], [4, 5]))
    figure = lesson.figure("mean-regret", *lines, x="pulls", y="regret", title="Regret")
    assert [trace.get("name") for trace in figure.plot.traces] == ["=greedy", None, "ε"]
    rows = list(csv.reader(io.StringIO(figure.csv().decode())))
    assert rows[:2] == [["line", "pulls", "regret", "low", "high"], ["'=greedy", "0.0", "1.0", "", ""]]
    assert rows[-1] == ["ε", "1.0", "4.0", "3.0", "5.0"]
    page = page_of(figure.buttons)
    page.tell(action="file", what="png", token="a")
    page.tell(action="file", what="csv", token="b")
    page.tell(action="file", what="exe", token="c")
    assert [(message["token"], message["name"]) for message in page.heard] == [
        ("a", "mean-regret.png"),
        ("b", "mean-regret.csv"),
    ]
    assert page.buffers[0][0].startswith(b"\x89PNG")
    assert page.buffers[1][0] == figure.csv()


def test_a_button_whose_file_cannot_be_made_is_answered_too_or_it_would_wait_for_ever(lesson, page_of, monkeypatch):
    figure = lesson.figure("regret", Line("a", [0, 1], [1, 2]))
    monkeypatch.setattr(figure, "png", lambda: 1 / 0)
    page = page_of(figure.buttons)
    page.tell(action="file", what="png", token="a")
    assert page.heard == [{"kind": "failed", "token": "a"}]
    assert "ZeroDivisionError" in figure.status.problem


def test_a_cut_axis_cuts_no_numbers(lesson):
    figure = lesson.figure("cut", Line("a", [0, 1], [-5, -500]), y="return", y_range=(-60, 0))
    assert figure.plot.figure["layout"]["yaxis"]["range"] == [-60, 0]
    assert figure.plot.traces[0]["y"].tolist() == [-5, -500]
    assert "a,1.0,-500.0,," in figure.csv().decode()
    assert figure.png() != lesson.figure("whole", *figure.lines, y="return").png()


@pytest.mark.parametrize("name", ["../regret", "Regret", "", "a b", "con", "nul", "com1", "a" * 81, 3, None])
def test_a_figures_name_is_a_file_name_on_every_system(lesson, name):
    with pytest.raises(LessonError, match="no name for a figure"):
        lesson.figure(name, Line("a", [1], [1]))
    with pytest.raises(LessonError, match="no name for a figure"):
        LessonFigure(name, [Line("a", [1], [1])], "x", "y")
    lesson.export().write()  # nothing of it stands in the way of what is handed in


def test_a_figure_that_begins_with_its_line_is_told_that_a_name_comes_first(lesson):
    with pytest.raises(LessonError, match="write small letters, digits and dashes first"):
        lesson.figure(Line("a", [1], [1]))


def test_a_figure_without_lines_is_refused(lesson):
    with pytest.raises(LessonError, match="has no lines"):
        lesson.figure("a")


# -- the rest --------------------------------------------------------------------------------------------------------


def test_the_budget_is_the_quick_one_where_it_is_asked_for(lesson, monkeypatch):
    monkeypatch.delenv("RETROML_BUDGET", raising=False)
    assert lesson.budget(2_000, quick=200) == 2_000
    monkeypatch.setenv("RETROML_BUDGET", "quick")
    assert lesson.budget(2_000, quick=200) == 200


@pytest.mark.parametrize("name", ["", "../x", "01 bandits", "A", "x" * 81])
def test_a_name_that_is_none_is_refused(name):
    with pytest.raises(LessonError, match="is no name for a lesson"):
        Lesson(name)


def test_answers_lie_beside_the_notebook(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    lesson = Lesson("99-mine", material=Mine)
    monkeypatch.chdir("/")
    lesson.ask("one").answer(1)
    assert (tmp_path / "99-mine.answers.json").is_file()


def test_the_bundle_holds_what_was_listed_and_its_manifest_is_true(lesson, page_of):
    lesson.ask("one").answer(1)
    lesson.check(update)
    lesson.figure("regret", Line("a", [0, 1], [1, 2]))
    export = lesson.export()
    assert export.text.sentences[0] == "1 answer to questions: one"
    assert export.text.sentences[2] == "1 exercise, 1 solved, with the code of your functions: update"
    assert export.missing.sentences == [
        "Questions not answered yet: several, number, order, text.",
        "Graded tasks not done yet: mean, move.",
        'Graded tasks count with your variant: Lesson("99-mine", variant="your number").',
    ]
    assert not export.path.exists()
    page = page_of(export.buttons)
    page.tell(action="file", what="zip", token="t")
    assert page.heard[0]["name"] == "99-mine-bundle.zip"
    assert page.buffers[0][0] == export.path.read_bytes()
    with zipfile.ZipFile(export.path) as bundle:
        files = {name: bundle.read(name) for name in bundle.namelist()}
    manifest = json.loads(files.pop("manifest.json"))
    assert sorted(files) == ["answers.json", "exercises/update.py", "figures/regret.csv", "figures/regret.png"]
    assert (manifest["lesson"], manifest["variant"], manifest["format_version"]) == ("99-mine", "", 1)
    assert manifest["files"] == {
        name: {"sha256": hashlib.sha256(data).hexdigest(), "size_bytes": len(data)} for name, data in files.items()
    }
    assert json.loads(files["answers.json"]) == json.loads(lesson.answers.file.read_text("utf-8"))


def test_no_name_leaves_the_bundle(lesson):
    for number, name in enumerate(["../../evil", "/etc/passwd", "C:\\x", "...", "a@b", "a b", "a?b"]):
        lesson.answers.keep("exercises", name, lambda _before, n=number: {"source": f"print({n})"})
    with zipfile.ZipFile(lesson.export().write()) as bundle:
        names = [name for name in bundle.namelist() if name.startswith("exercises/")]
    assert sorted(names) == [
        "exercises/C-x.py", "exercises/a-b-2.py", "exercises/a-b-3.py", "exercises/a-b.py", "exercises/etc-passwd.py",
        "exercises/evil.py", "exercises/unnamed.py",
    ]  # fmt: skip


def test_a_bundle_that_cannot_be_written_is_told_with_the_way_out(lesson, page_of):
    export = lesson.export()
    export.path.mkdir()
    (export.path / "in-the-way").touch()
    page_of(export.buttons).tell(action="file", what="zip", token="t")
    assert "cannot be written" in export.status.problem
