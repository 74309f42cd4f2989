"""A question in a lesson: answered by mouse or keyboard, judged at once, and there again after a restart."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from hashlib import sha256
from typing import Any

import anywidget
import numpy as np
import traitlets

from retroml_edu.classroom.answers import Entry, tries_of
from retroml_edu.classroom.quiz import MOST_CHARACTERS, Choice, Feedback, FreeText, Number, Order, Question
from retroml_edu.core.errors import QuizError
from retroml_edu.kit.assets import script
from retroml_edu.kit.piece import Piece
from retroml_edu.kit.text_card import TextCard

KINDS = {Choice: "choice", Number: "number", Order: "order", FreeText: "text"}
RIGHT, WRONG, KEPT, PROBLEM = "right", "wrong", "kept", "problem"
MOST_LABEL = 120
CHECK, KEEP = "Check", "Keep my answer"
STAYS_KEPT = "Your right answer stays kept."
KEPT_FOR_MARKING = "Kept for marking. You can change it until you hand in."

Keep = Callable[[Callable[[Entry | None], Mapping[str, Any]]], Entry]


class QuizCard(anywidget.AnyWidget):
    """Shows a question and takes an answer, which it sends as ``{"action": "answer", "answer": ...}``.

    It is told ``{"kind": "answered"}`` when that was dealt with, whatever came of it.

    Attributes:
        kind: ``choice``, ``number``, ``order`` or ``text``.
        question: What is asked.
        choices: Texts of the options, or of the steps to be put in order.
        several: Whether more than one option is to be chosen.
        start: Numbers of the steps, in the order in which they are shown at first.
        most: Characters that a text may have.
        button: What the button says.
        answer: The last answer, as it was sent; None before the first.
        verdict: ``right``, ``wrong``, ``kept``, ``problem`` (no answer at all), or empty before the first.
        told: What is said of it.
        tries: Answers up to the first right one.
    """

    _esm = script("dom.js", "marked_text.js", "quiz.js")
    _css = script("lesson.css", "quiz.css")
    kind = traitlets.Unicode().tag(sync=True)
    question = traitlets.Unicode().tag(sync=True)
    choices: traitlets.List[str] = traitlets.List(traitlets.Unicode()).tag(sync=True)
    several = traitlets.Bool(False).tag(sync=True)
    start: traitlets.List[int] = traitlets.List(traitlets.Int()).tag(sync=True)
    most = traitlets.Int(MOST_CHARACTERS).tag(sync=True)
    button = traitlets.Unicode(CHECK).tag(sync=True)
    answer = traitlets.Any(None, allow_none=True).tag(sync=True)
    verdict = traitlets.Unicode().tag(sync=True)
    told = traitlets.Unicode().tag(sync=True)
    tries = traitlets.Int(0).tag(sync=True)

    def __init__(self, question: Question, *, judged: bool = True) -> None:
        choices: list[str] = []
        if isinstance(question, Choice):
            choices = [option.text for option in question.options]
        elif isinstance(question, Order):
            choices = list(question.steps)
        super().__init__(
            kind=KINDS.get(type(question), "text"),
            question=question.text,
            choices=choices,
            several=isinstance(question, Choice) and question.takes_several,
            start=mixed(question) if isinstance(question, Order) else [],
            button=CHECK if judged and not isinstance(question, FreeText) else KEEP,
        )


class Asked(Piece):
    """A question that is asked.

    Args:
        question: What is asked.
        keep: Keeps an answer.
        kept: What was kept of it before.
        heading: Stands above it; empty for none.
        judged: Whether it is said at once what is right or wrong; not so where it is graded.

    Attributes:
        question: What is asked.
        feedback: What was said of the last answer; None before the first.
    """

    def __init__(
        self, question: Question, keep: Keep, kept: Entry | None = None, *, heading: str = "", judged: bool = True
    ) -> None:
        self.question = question
        self.feedback: Feedback | None = None
        self._keep = keep
        self._judged = judged
        self.card = QuizCard(question, judged=judged)
        above = [TextCard(heading=heading)] if heading else []
        super().__init__(f"Question: {in_short(question.text)}", *above, self.card)
        if kept is not None:
            with suppress(QuizError):  # the question has changed since
                self._show(kept.get("answer"), self._feedback(kept.get("answer")), tries_of(kept))
        self.card.on_msg(self._hear)

    def answer(self, answer: Any) -> Feedback:
        """Give an answer, as the button does; it is kept.

        Args:
            answer: Number of an option or a list of them, a number or its text, the steps' numbers in order, or a text.

        Returns:
            What is said of it.

        Raises:
            QuizError: If it is no answer to this question.
            LessonError: If it cannot be kept.
        """
        with self.lock:
            feedback = self._feedback(answer)
            self._show(answer, feedback, self.card.tries)
            entry = self._keep(lambda before: self._entry(answer, before))
            with self.card.hold_sync():
                self.card.tries = tries_of(entry)
                if self._judged and feedback.right is False and entry.get("right") is True:
                    self.card.told = f"{feedback.told} {STAYS_KEPT}"
            return feedback

    def _feedback(self, answer: Any) -> Feedback:
        feedback = self.question.judge(answer)
        return feedback if self._judged else Feedback(None, KEPT_FOR_MARKING)

    def _show(self, answer: Any, feedback: Feedback, tries: int) -> None:
        self.feedback = feedback
        with self.card.hold_sync():
            self.card.answer = answer
            self.card.verdict = {True: RIGHT, False: WRONG, None: KEPT}[feedback.right]
            self.card.told = feedback.told
            self.card.tries = tries

    def _entry(self, answer: Any, before: Entry | None) -> Mapping[str, Any]:
        """Return what is kept: the first right answer stays, whatever is tried after it."""
        if before is not None and before.get("right") is True and self._judged:
            return before
        judged = {"right": self.question.judge(answer).right} if self._judged else {}
        shown = {"question": self.question.text, "answer": answer, "shown": _shown(self.question, answer)}
        return {**shown, **judged, "tries": tries_of(before) + 1}

    def _hear(self, _widget: object, message: Mapping[str, Any], _buffers: object) -> None:
        if message.get("action") != "answer":
            return
        with self.problems():
            try:
                self.answer(message.get("answer"))
            except QuizError as error:
                with self.card.hold_sync():
                    self.card.verdict, self.card.told = PROBLEM, str(error)
        self.card.send({"kind": "answered"})


def mixed(question: Order) -> list[int]:
    """Return the steps' numbers in an order that is always the same one, and never the right one."""
    seed = int.from_bytes(sha256(question.name.encode()).digest()[:8])
    order: list[int] = np.random.Generator(np.random.PCG64(seed)).permutation(len(question.steps)).tolist()
    return order if order != sorted(order) else order[::-1]


def in_short(text: str) -> str:
    """Return the beginning of a text, on one line."""
    line = " ".join(text.replace("`", "").split())
    return line if len(line) <= MOST_LABEL else f"{line[:MOST_LABEL]}…"


def _shown(question: Question, answer: Any) -> str:
    """Return an answer in the question's own words, for people who read the file."""
    texts = [option.text for option in question.options] if isinstance(question, Choice) else []
    texts = list(question.steps) if isinstance(question, Order) else texts
    if not texts:
        return str(answer)
    return " | ".join(texts[number] for number in ([answer] if isinstance(answer, int) else answer))
