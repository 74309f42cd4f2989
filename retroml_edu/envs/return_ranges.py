"""Between which returns a person draws the curve that they expect, environment by environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from retroml_edu.envs.atari.forms import atari_form
from retroml_edu.envs.names import ATARI_FORMS, registered
from retroml_edu.envs.registry import goal_return


@dataclass(frozen=True, slots=True)
class ReturnRange:
    """Limits of an axis of mean returns; a curve may leave them.

    Attributes:
        low: Lower end, in points.
        high: Upper end, in points.
        known: Whether somebody who knows the environment has chosen them; else they are a guess.
    """

    low: float
    high: float
    known: bool = True


_CLASSIC: Mapping[str, ReturnRange] = {
    "CartPole-v1": ReturnRange(0, 500),  # its rules allow no other
    "MountainCar-v0": ReturnRange(-200, -80),
    "Acrobot-v1": ReturnRange(-500, -50),
    "LunarLander-v3": ReturnRange(-400, 300),
    "BipedalWalker-v3": ReturnRange(-200, 350),
}
_ATARI: Mapping[str, ReturnRange] = {
    "Pong": ReturnRange(-21, 21),  # its rules allow no other
    "Boxing": ReturnRange(-100, 100),  # likewise
    "Freeway": ReturnRange(0, 35),
    "Breakout": ReturnRange(0, 400),
    "SpaceInvaders": ReturnRange(0, 2_000),
    "MsPacman": ReturnRange(0, 3_000),
    "Seaquest": ReturnRange(0, 6_000),
    "Qbert": ReturnRange(0, 12_000),
    "BeamRider": ReturnRange(0, 8_000),
}
_LESSONS: Mapping[str, ReturnRange] = {"Breakout": ReturnRange(0, 200), "SpaceInvaders": ReturnRange(0, 1_000)}
"""Lessons are too short for more."""
_STANDARD = {form.format(game): span for game, span in _ATARI.items() for form in ATARI_FORMS}


def return_range(env_id: str) -> ReturnRange:
    """Return the limits of an axis of mean returns: what is possible, or what runs of the usual length come to.

    They are round numbers for drawing, and the unit in which a prediction is scored, not facts about a game. For an
    environment that is not listed they are a guess from its goal.

    Raises:
        UnknownNameError: If no environment goes by this id.
        EnvironmentUnusableError: If it cannot be made.
    """
    listed = _CLASSIC.get(env_id) or _STANDARD.get(env_id)
    if listed is not None:
        return listed
    form = atari_form(registered(env_id))
    if form is not None and form.game in _ATARI:
        return _LESSONS.get(form.game, _ATARI[form.game])
    return _guess(goal_return(env_id))


def _guess(goal: float | None) -> ReturnRange:
    if goal is None or goal == 0:
        return ReturnRange(-100, 100, known=False)
    return ReturnRange(0, 1.25 * goal, known=False) if goal > 0 else ReturnRange(5 * goal, 0, known=False)
