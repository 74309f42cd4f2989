"""Looks at the return: has it risen, is it level, how much does it scatter, do evaluations agree?"""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot, isnan, sqrt

from retroml_edu.analysis.insights.rule import Found, Rule
from retroml_edu.analysis.insights.watched import SIGNIFICANT, EvaluationPoint, Watched
from retroml_edu.analysis.insights.windows import LEAST_VALUES, Window, rise
from retroml_edu.core.metrics import RETURN
from retroml_edu.core.numbers import plain_number

COLLAPSE = 0.75
"""Part of what the return had risen whose loss is a collapse."""
_PARTS = 4
_STRETCHES = 6
"""Of a run before its newest quarter, so that each is an eighth of the run."""
_LEVEL = 0.1
"""Part of the way by which a return may still move that counts as level."""


def converged(run: Watched, rule: Rule, window: Window) -> Found | None:
    """Risen, level since, and at the goal."""
    if run.goal is None or not window.mean >= run.goal:
        return None
    return _level(run, rule, window, f", at or above the goal of {plain_number(run.goal)}")


def converged_without_goal(run: Watched, rule: Rule, window: Window) -> Found | None:
    """Risen and level since, where nothing tells how much further it could rise."""
    return _level(run, rule, window, "") if run.goal is None else None


def levelled_off(run: Watched, rule: Rule, window: Window) -> Found | None:
    """Risen and level since, but below the goal."""
    between = _LEVEL <= run.progress <= rule.threshold  # below, it is stuck
    if not run.risen or run.goal is None or not between or not _moved(run, window) <= _LEVEL:
        return None
    details = {
        "mean": plain_number(window.mean),
        "changed": plain_number(_moved(run, window) * _reach(run)),
        "goal": plain_number(run.goal),
        "began": plain_number(run.start.mean),
    }
    return Found(window, run.progress, rule.threshold, details)


def stuck(run: Watched, rule: Rule, window: Window) -> Found | None:
    """Hardly above where it began: not by a part of the way to the goal; without a goal, not beyond chance.

    Nor was it above that before: what has risen and fallen back is no standstill.
    """
    fall = _fall(run, window)
    if fall is not None and fall.lost >= COLLAPSE * fall.rose:
        return None
    climb, error = rise(run.start, window)
    if isnan(run.progress):
        threshold, which = SIGNIFICANT * error, "three standard errors"
        below = (run.goal is None or window.mean < run.goal) and climb <= threshold
    else:
        threshold, which = rule.threshold * run.way, f"{rule.threshold:.0%} of the way to the goal"
        below = climb + 2 * error <= threshold
    return Found(window, climb, threshold, {"began": plain_number(run.start.mean), "which": which}) if below else None


def collapsed(run: Watched, rule: Rule, window: Window) -> Found | None:
    """Risen, and fallen back by most of that."""
    fall = _fall(run, window)
    if fall is None or fall.lost < rule.threshold * fall.rose:
        return None
    details = {
        "now": plain_number(window.mean),
        "began": plain_number(run.start.mean),
        "best": plain_number(fall.top.mean),
        "when": f"{fall.top.last_step:,}",
        "part": f"{rule.threshold:.0%}",
    }
    return Found(window, fall.lost, rule.threshold * fall.rose, details)


def variance_fell(run: Watched, rule: Rule, window: Window) -> Found | None:
    """The variance of games is a fraction of what it was in an earlier part of the run, and the return no lower."""
    *earlier, last = window.parts(_PARTS)
    widest = max(earlier, key=lambda part: part.spread)
    if not run.risen or not widest.spread > 0:
        return None
    fell = 1 - (last.spread / widest.spread) ** 2
    lost, error = rise(last, max(earlier, key=lambda part: part.mean))
    if not fell >= rule.threshold or lost > SIGNIFICANT * error:
        return None
    details = {
        "before": plain_number(widest.spread),
        "now": plain_number(last.spread),
        "together": str(last.together),
    }
    return Found(window.since(widest.first_step - 1), 100 * fell, 100 * rule.threshold, details)


def evaluation_falling(run: Watched, rule: Rule, window: Window) -> Found | None:
    """Between the best evaluation and the newest one, the training return rose and the evaluation fell."""
    if len(run.evaluations) < 2:
        return None
    *earlier, newest = run.evaluations
    best = max(earlier, key=lambda point: point.return_mean)
    if best.step >= newest.step:
        return None
    between = window.since(best.step).until(newest.step)
    before, after = between.parts(2)
    climb, error = rise(before, after)
    fall = best.return_mean - newest.return_mean
    noise = hypot(_error(best), _error(newest))
    if between.points < rule.least or not climb > SIGNIFICANT * error or not fall > rule.threshold * noise:
        return None
    details = {
        "climb": plain_number(climb),
        "best": plain_number(best.return_mean),
        "newest": plain_number(newest.return_mean),
        "errors": f"{rule.threshold:g}",
    }
    return Found(between, fall, rule.threshold * noise, details)


def few_seeds(run: Watched, rule: Rule, window: Window) -> Found | None:
    """Fewer seeds than a conclusion needs."""
    seeds = len(run.seeds)
    return Found(window, seeds, rule.threshold) if seeds < rule.threshold else None


def _level(run: Watched, rule: Rule, window: Window, goal: str) -> Found | None:
    moved = _moved(run, window)
    if not (run.risen and moved <= rule.threshold):
        return None
    details = {"mean": plain_number(window.mean), "goal": goal, "part": f"{rule.threshold:.0%}"}
    return Found(window, moved * _reach(run), rule.threshold * _reach(run), details)


@dataclass(frozen=True, slots=True)
class _Fall:
    """How many points the return had risen up to its best stretch, and has lost since."""

    top: Window
    rose: float
    lost: float


def _fall(run: Watched, window: Window) -> _Fall | None:
    """Return how far the return has fallen since its best stretch; None if it never rose, or did not fall.

    Both are beyond chance, and the rise is no small part of the way to the goal.
    """
    earlier = run.last(RETURN, 1.0).until(window.first_step - 1).parts(_STRETCHES)
    top = max((part for part in earlier if len(part.value) >= LEAST_VALUES), key=lambda part: part.mean, default=None)
    if top is None:
        return None
    rose, chance = rise(run.start, top)
    lost, noise = rise(window, top)
    least = 0.0 if isnan(run.progress) else _LEVEL * run.way
    if not (rose > max(SIGNIFICANT * chance, least) and lost > SIGNIFICANT * noise):
        return None
    return _Fall(top, rose, lost)


def _moved(run: Watched, window: Window) -> float:
    """Return by which part of the way the return may have moved within a window, two standard errors included.

    A curve counts as level only where that is shown: noise makes this value larger, never smaller.
    """
    change, error = rise(*window.parts(2))
    reach = _reach(run)
    return (abs(change) + 2 * error) / reach if reach > 0 else float("nan")


def _reach(run: Watched) -> float:
    """Return the points by which the return has risen, or has to rise to its goal if that is more."""
    return max(abs(run.way), abs(run.recent.mean - run.start.mean))


def _error(point: EvaluationPoint) -> float:
    return point.return_std / sqrt(max(point.episodes, 1))
