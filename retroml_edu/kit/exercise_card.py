"""What came of trying a student's function: how many cases it got right, or what is wrong and what to think about."""

from __future__ import annotations

import anywidget
import traitlets

from retroml_edu.classroom.exercise import Exercise, Tried
from retroml_edu.core.errors import LessonError
from retroml_edu.kit.assets import script
from retroml_edu.kit.piece import Piece


class OpenExercise(LessonError):  # noqa: N818 - it is no mistake: the student is not there yet
    """An exercise that is not solved yet: the notebook stops here, with what to do instead of a traceback.

    Attributes:
        tried: What came of trying the function.
    """

    def __init__(self, exercise: Exercise, tried: Tried) -> None:
        self.tried = tried
        lines = [f"Open exercise: {tried.told or exercise.name}", *([f"Hint: {tried.hint}"] if tried.hint else [])]
        super().__init__("\n".join(lines))

    def _render_traceback_(self) -> list[str]:
        """Return what IPython shows: no line of the cell is wrong."""
        return str(self).splitlines()


class ExerciseCard(anywidget.AnyWidget):
    """Shows what came of trying a function.

    Attributes:
        name: Of the function.
        passed: Cases that it got right, up to the first that it did not.
        cases: Cases that there are.
        told: What is wrong with the first that failed; empty if none did.
        hint: What to think about.
    """

    _esm = script("dom.js", "words.js", "marked_text.js", "exercise.js")
    _css = script("lesson.css")
    name = traitlets.Unicode().tag(sync=True)
    passed = traitlets.Int(0).tag(sync=True)
    cases = traitlets.Int(0).tag(sync=True)
    told = traitlets.Unicode().tag(sync=True)
    hint = traitlets.Unicode().tag(sync=True)


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
            name=exercise.name, passed=tried.passed, cases=tried.cases, told=tried.told, hint=tried.hint
        )
        super().__init__(f"Exercise: {exercise.name}", self.card)
