"""Looks at what updates measure: how far the policy moves, how undecided it is, whether values are learned."""

from __future__ import annotations

from retroml_edu.analysis.insights.rule import Found, Rule
from retroml_edu.analysis.insights.watched import Watched
from retroml_edu.analysis.insights.windows import Window
from retroml_edu.core.hyperparameters import DQNHyperparameters
from retroml_edu.core.metrics import ENTROPY, LOSS

_BEGINNING = 0.1
"""Part of the steps so far in which a policy that takes far too large steps has committed already."""
_FEW_UPDATES = 5
_UNDECIDED = 0.5
"""Part of the most entropy from which a policy counts as undecided."""


def above(run: Watched, rule: Rule, window: Window) -> Found | None:
    """The median is above the threshold; a single odd update does not move it."""
    return Found(window, window.median, rule.threshold) if window.median > rule.threshold else None


def above_unless_well(run: Watched, rule: Rule, window: Window) -> Found | None:
    """Likewise, while the return is not where it should be."""
    return None if run.does_well else above(run, rule, window)


def below_unless_well(run: Watched, rule: Rule, window: Window) -> Found | None:
    """The median is below the threshold, while the return is not where it should be."""
    if run.does_well or not window.median < rule.threshold:
        return None
    return Found(window, window.median, rule.threshold)


def below_and_level(run: Watched, rule: Rule, window: Window) -> Found | None:
    """The median is below the threshold, and the return neither at its goal nor rising.

    At the most that can be had all returns are alike, and explaining their variance means nothing any more. While the
    return rises the value function has to follow it, and may come later.
    """
    if run.arrived or run.rises or not window.median < rule.threshold:
        return None
    return Found(window, window.median, rule.threshold)


def hardly_moves(run: Watched, rule: Rule, window: Window) -> Found | None:
    """The median is below the threshold while the policy is still undecided, and the return not where it should be.

    A policy that has settled on its actions does not move either, whatever the learning rate is.
    """
    entropy = run.last(ENTROPY, rule.window).median
    if run.most_entropy is not None and not entropy > _UNDECIDED * run.most_entropy:
        return None
    return below_unless_well(run, rule, window)


def undecided_too_little(run: Watched, rule: Rule, window: Window) -> Found | None:
    """The entropy is below a part of the most that there can be, while the return is not where it should be."""
    if run.does_well or run.most_entropy is None or not window.median < rule.threshold * run.most_entropy:
        return None
    return _of_most(run, rule, window, window.median)


def committed_at_once(run: Watched, rule: Rule, window: Window) -> Found | None:
    """The entropy was below a part of the most that there can be after few updates, and the return has not come."""
    begun = window.until(max(_BEGINNING * run.step, float(window.step[:_FEW_UPDATES][-1])))
    if run.does_well or run.most_entropy is None:
        return None
    lowest = float(begun.value.min())
    return _of_most(run, rule, begun, lowest) if lowest < rule.threshold * run.most_entropy else None


def undecided_as_ever(run: Watched, rule: Rule, window: Window) -> Found | None:
    """The entropy has stayed at nearly the most that there can be, and the return where it began."""
    if run.does_well or run.most_entropy is None or not window.median > rule.threshold * run.most_entropy:
        return None
    return _of_most(run, rule, window, window.median)


def exploded(run: Watched, rule: Rule, window: Window) -> Found | None:
    """The loss is many times what it was in the first part of the run, while the return is not where it should be."""
    *_, last = parts = window.parts(4)
    first = parts[0].median
    if run.does_well or not first > 0 or not last.median > rule.threshold * first:
        return None
    return Found(window, last.median / first, rule.threshold)


def warming(run: Watched, rule: Rule, window: Window) -> Found | None:
    """DQN has not begun to learn."""
    settings = run.config.hyperparameters
    if not isinstance(settings, DQNHyperparameters) or run.step >= settings.learning_starts or LOSS in run.curves:
        return None
    return Found(window, run.step, settings.learning_starts, {"total": f"{run.config.total_timesteps:,}"})


def _of_most(run: Watched, rule: Rule, window: Window, measured: float) -> Found:
    most = run.most_entropy or 0.0
    return Found(window, measured, rule.threshold * most, {"share": f"{rule.threshold:.0%}", "most": f"{most:.3g}"})
