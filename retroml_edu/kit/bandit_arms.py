"""The arms of a bandit in the page: what is known of each, drawn above a button that pulls it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import isfinite
from typing import Any

import anywidget
import traitlets

from retroml_edu.core.numbers import with_minus
from retroml_edu.kit.assets import script
from retroml_edu.kit.bandit_play import Arm, Game
from retroml_edu.tabular.bandits import GradientBandit, ThompsonSampling

_LOW, _HIGH = -4.0, 4.0
_TAILS = 2.7
"""Standard deviations that the outline of a distribution reaches, and a little room."""


class BanditArms(anywidget.AnyWidget):
    """A column an arm: estimate, bound, belief or probability, the newest reward, and the truth where it is shown.

    Args:
        on_pull: Told the number of an arm, from 0, that a person pulls.

    Attributes:
        state: What is drawn; written by `show`.
    """

    _esm = script("dom.js", "svg.js", "words.js", "bandit_arms.js")
    _css = script("bandit_arms.css")
    state: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)

    def __init__(self, on_pull: Callable[[int], object]) -> None:
        self._on_pull = on_pull
        super().__init__()
        self.on_msg(self._hear)

    def show(self, game: Game, truth: bool, told: str) -> None:
        """Draw a game as it stands.

        Args:
            game: What is played.
            truth: Whether the true means are shown.
            told: What happened last, in words.
        """
        arms = game.arms()
        kind = "estimate"
        if isinstance(game.strategy, GradientBandit):
            kind = "preference"
        elif isinstance(game.strategy, ThompsonSampling):
            kind = "belief"
        reach = [
            (each.estimate, max(1.5, _TAILS * (each.spread or 0.0)))
            for each in arms
            if each.estimate is not None and kind != "preference"
        ]
        reach += [(mean, _TAILS) for mean in game.means.tolist()] if truth else []
        best = int(game.means.argmax())
        self.state = {
            "arms": [_column(number, each, kind, truth, number == best) for number, each in enumerate(arms)],
            "now": game.taken[-1] if game.taken else -1,
            "paid": game.paid[-1] if game.paid else None,
            "low": min([_LOW, *(value - room for value, room in reach)]),
            "high": max([_HIGH, *(value + room for value, room in reach)]),
            "truth": truth,
            "kind": kind,
            "told": told,
            "best": best if truth else -1,
        }

    def _hear(self, _widget: object, message: Mapping[str, Any], _buffers: object) -> None:
        try:
            match message:
                case {"action": "pull", "arm": int(arm)}:
                    self._on_pull(arm)
        finally:
            self.send({"kind": "done"})


def _column(number: int, arm: Arm, kind: str, truth: bool, best: bool) -> dict[str, Any]:
    value = "–" if arm.estimate is None else with_minus(f"{arm.estimate:.2f}")
    said = [f"Pull arm {number + 1}: {kind} {value}, {arm.pulls} pulls so far"]
    if arm.upper is not None:
        said.append(f"upper bound {arm.upper:.2f}" if isfinite(arm.upper) else "not tried yet")
    if arm.spread is not None:
        said.append(f"standard deviation {arm.spread:.2f}")
    if arm.chance is not None:
        said.append(f"probability {arm.chance:.0%}")
    if truth:
        said.append(f"true mean {arm.mean:.2f}" + (", the best" if best else ""))
    return {
        "pulls": arm.pulls,
        "estimate": arm.estimate,
        "value": value,
        "upper": "inf" if arm.upper is not None and not isfinite(arm.upper) else arm.upper,
        "spread": arm.spread,
        "drawn": arm.drawn,
        "chance": arm.chance,
        "mean": arm.mean if truth else 0.0,  # a page that is not to show the truth is not told it
        "said": ", ".join(said),
    }
