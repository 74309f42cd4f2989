"""What came of trying a student's function: how many cases it got right, or what is wrong and what to think about."""

from __future__ import annotations

import html
from typing import Any

import anywidget
import traitlets

from retroml_edu.classroom.exercise import Exercise, Tried
from retroml_edu.core.errors import LessonError
from retroml_edu.kit.assets import script
from retroml_edu.kit.piece import Piece


class OpenExercise(LessonError):  # noqa: N818 - it is no mistake: the student is not there yet
    """An exercise that is not solved yet: the notebook stops here, with what to do instead of a traceback.

    In IPython the card above tells what is wrong, so a line is enough; elsewhere the error tells it all.

    Attributes:
        tried: What came of trying the function.
    """

    def __init__(self, exercise: Exercise, tried: Tried) -> None:
        self.tried = tried
        self._name = exercise.name
        told, *rest = told_of(exercise.name, tried)
        super().__init__("\n".join([f"Open exercise: {told}", *rest]))

    def _render_traceback_(self) -> list[str]:
        """Return what IPython shows: no line of the cell is wrong."""
        return [f"The lesson stops here until `{self._name}` is right: see the card above."]


def told_of(name: str, tried: Tried) -> list[str]:
    """Return what came of trying a function, in lines."""
    if tried.is_right:
        return [f"`{name}` is right. It passes {'its one case' if tried.cases == 1 else f'all {tried.cases} cases'}."]
    hint = f"{'Hint' if tried.is_written else 'To do'}: {tried.hint}"
    return [tried.told or name, *([hint] if tried.hint else [])]


class ExerciseCard(anywidget.AnyWidget):
    """Shows what came of trying a function.

    Attributes:
        name: Of the function.
        passed: Cases that it got right, up to the first that it did not.
        cases: Cases that there are.
        told: What is wrong with the first that failed; empty if none did.
        hint: What to think about.
        written: Whether there is anything to be tried yet.
    """

    _esm = script("dom.js", "words.js", "marked_text.js", "exercise.js")
    _css = script("lesson.css")
    name = traitlets.Unicode().tag(sync=True)
    passed = traitlets.Int(0).tag(sync=True)
    cases = traitlets.Int(0).tag(sync=True)
    told = traitlets.Unicode().tag(sync=True)
    hint = traitlets.Unicode().tag(sync=True)
    written = traitlets.Bool(True).tag(sync=True)


class Checked(Piece):
    """A function that was tried out.

    Args:
        exercise: What it was tried on.
        tried: What came of it.

    Attributes:
        tried: What came of it.
    """

    def __init__(self, exercise: Exercise, tried: Tried) -> None:
        self.tried = tried
        self.card = ExerciseCard(
            name=exercise.name,
            passed=tried.passed,
            cases=tried.cases,
            told=tried.told,
            hint=tried.hint,
            written=tried.is_written,
        )
        super().__init__(f"Exercise: {exercise.name}", self.card)

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        lines = told_of(self.card.name, self.tried)  # which is all there is where the notebook is read without a kernel
        paragraphs = "".join(f"<p>{html.escape(each)}</p>" for each in lines)
        return {**super()._repr_mimebundle_(**kwargs), "text/plain": "\n".join(lines), "text/html": paragraphs}
