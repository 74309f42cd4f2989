"""A claim beside its figure: what is said, what was measured, over how many seeds, and whether it holds."""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import Any

import anywidget
import numpy as np
import traitlets
from IPython.core.getipython import get_ipython
from IPython.display import display as ipython_display

from retroml_edu.classroom.claims import Claim, Measured
from retroml_edu.core.errors import ClaimError, LessonError
from retroml_edu.kit.assets import script
from retroml_edu.kit.piece import Piece
from retroml_edu.kit.progress import Progress

display: Any = ipython_display  # it has no types


class ClaimCard(anywidget.AnyWidget):
    """Shows a claim and what came of it.

    Attributes:
        text: What is claimed.
        verdict: ``holds``, ``does not hold``, ``not contradicted``, ``not judged``.
        facts: Names and values of the row, as pairs.
    """

    _esm = script("dom.js", "claim.js")
    _css = script("claim.css")
    text = traitlets.Unicode().tag(sync=True)
    verdict = traitlets.Unicode().tag(sync=True)
    facts: traitlets.List[tuple[str, str]] = traitlets.List().tag(sync=True)


class Claimed(Piece):
    """A claim that was measured.

    Args:
        measured: What came of it.

    Attributes:
        measured: What came of it: ``mean``, ``low``, ``high``, ``seeds``, ``verdict``.
    """

    def __init__(self, measured: Measured) -> None:
        self.measured = measured
        self.card = ClaimCard(text=measured.text, verdict=measured.verdict, facts=list(facts(measured)))
        super().__init__(f"Claim: {measured.text}", self.card)
        if measured.is_quick:
            few = " That is too few to judge the claim." if measured.verdict == "not judged" else ""
            self.tell(f"A quick look: {measured.seeds} of {measured.of_seeds} seeds.{few}")

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        told = sentence(self.measured)  # which is all there is where the notebook is read without a kernel
        return {**super()._repr_mimebundle_(**kwargs), "text/plain": told, "text/html": f"<p>{html.escape(told)}</p>"}

    def __repr__(self) -> str:
        return sentence(self.measured)


def claimed(lesson: str, claim: Claim, *, quick: bool) -> Claimed:
    """Measure a claim and return it with its figure.

    Args:
        lesson: Which claims it.
        claim: What is claimed.
        quick: Whether a quick look is enough.

    Raises:
        ClaimError: If it does not hold; the card is shown first.
    """
    piece = Claimed(claim.measured(lesson, quick=quick, report=Progress("seeds")))
    if piece.measured.verdict == "does not hold":
        if get_ipython() is not None:
            display(piece)
        raise ClaimError(sentence(piece.measured))
    return piece


def telling(text: str, measure: Callable[[np.random.Generator], float]) -> Callable[[np.random.Generator], float]:
    """Return what measures a claim, which says of which claim it is where it raises.

    That is another mistake than a claim that does not hold: it is told as such.
    """

    def measured(rng: np.random.Generator) -> float:
        try:
            return measure(rng)
        except ClaimError:
            raise
        except Exception as error:
            said = f"{type(error).__name__}: {error}".splitlines()[0].removesuffix(": ")
            raise LessonError(f'The claim "{text}" cannot be measured. What measures it raised {said}') from error

    return measured


def facts(measured: Measured) -> tuple[tuple[str, str], ...]:
    """Return what stands in the row of a claim, as pairs of name and value."""
    told = (
        ("measured", f"{measured.figure}, mean and 95 % interval"),
        ("has to be", measured.bound),
        ("seeds", measured.of_how_many),
    )
    return told if measured.agreeing is None else (*told, ("seeds that agree", f"{measured.agreeing:.0%}"))


def sentence(measured: Measured) -> str:
    """Return a claim and what came of it in a line."""
    return (
        f"{measured.verdict.capitalize()}: {measured.text} Measured {measured.figure} over {measured.of_how_many} "
        f"seeds, and it has to be {measured.bound}."
    )
