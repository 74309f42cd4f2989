"""How the random walks of a lesson are chosen: which walk, rewards of its ends, and what is said of each number."""

from __future__ import annotations

from dataclasses import replace

from retroml_edu.kit.controls import Select
from retroml_edu.kit.walk_errors import WALKS, Walk

ALPHA_HINT = "How far a value moves towards its target, as a part of the way."
N_HINT = "How many rewards n-step TD waits for before it moves a value."
DECAY_HINT = "How far back TD(λ) passes an error on: 0 is TD(0), 1 is close to Monte Carlo."


def walk_choice(states: int) -> Select:
    """Return the choice between the two walks of the book.

    Args:
        states: Between the ends of the one to begin with.

    Raises:
        LessonError: If there is none of so many states.
    """
    return Select("walk", "Walk", f"{states} states", tuple(WALKS), "How many states lie between the two ends.")


def walk_with(name: str, left: float | None, right: float) -> Walk:
    """Return a walk with ends of one's own; a left end that is left out is the book's."""
    walk = WALKS[name]
    return replace(walk, left=walk.left if left is None else left, right=right)
