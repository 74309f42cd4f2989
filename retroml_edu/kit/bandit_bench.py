"""The bandit bench: one problem pull by pull, by a strategy or by hand, and many problems at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from retroml_edu.core.errors import LessonError
from retroml_edu.kit.bandit_many import ManyProblems
from retroml_edu.kit.bandit_one import OneProblem
from retroml_edu.kit.bandit_play import GRADIENT, GREEDY, HAND, METHODS, THOMPSON, UCB, Rival, strategy_of
from retroml_edu.kit.controls import Control, Controls, Select, Slider, Switch, Values
from retroml_edu.kit.piece import Piece
from retroml_edu.tabular.bandit_averages import BanditCurves
from retroml_edu.tabular.bandits import Strategy

ONE, MANY = "one problem, pull by pull", "many problems at once"
_SETTINGS: Mapping[str, tuple[Control, ...]] = {
    GREEDY: (
        Slider("epsilon", "ε", 0.1, 0.0, 1.0, 0.01, hint="How often any arm is pulled, whatever its estimate."),
        Slider("start", "Start value Q₁", 0.0, -2.0, 5.0, 0.5, hint="First estimate of every arm: high is optimistic."),
        Slider(
            "step_size",
            "Step size (0: sample mean)",
            0.0,
            0.0,
            1.0,
            0.05,
            hint="Weight of the newest reward; 0 takes 1/n, the mean of all rewards.",
        ),
    ),
    UCB: (Slider("c", "c", 2.0, 0.0, 5.0, 0.05, hint="How much doubt counts; 0 is greedy, once each arm was tried."),),
    THOMPSON: (),
    GRADIENT: (
        Slider("alpha", "Step size α", 0.1, 0.01, 2.0, log=True, hint="How far one reward moves the preferences."),
        Switch("baseline", "Baseline", True, hint="Compare each reward with the mean reward so far."),
    ),
}


class BanditBench(Piece):
    """Bandit strategies under sliders: pull by pull on one problem, or on average over many.

    With one problem a student watches what a strategy knows and why it pulls, or pulls arms themselves, with the true
    means hidden, and then compares with what the strategies earn there. With many problems a curve with its 95 %
    interval answers each slider; a curve that is pinned stays for comparison.

    Args:
        view: ``"one problem, pull by pull"`` or ``"many problems at once"``, or its first word.
        method: Who plays: ``"by hand"``, ``"ε-greedy"``, ``"UCB"``, ``"Thompson sampling"`` or ``"gradient bandit"``.
        seed: Of the problems and of all luck.

    Attributes:
        game: The one problem.
        player: Plays it.
        pinned: Curves that stay, by name.
    """

    def __init__(self, view: str = ONE, *, method: str = GREEDY, seed: int = 1) -> None:
        views = {each.split()[0]: each for each in (ONE, MANY)}
        view = views.get(view, view)
        if view not in (ONE, MANY) or method not in (HAND, *METHODS):
            raise LessonError(f'The bench shows "{ONE}" or "{MANY}", and is played {HAND} or by {", ".join(METHODS)}.')
        seed_hint = "Another seed, another problem; the same again is the same, luck included."
        self.head = Controls(
            Select("view", "View", view, (ONE, MANY)),
            Select("method", "Who plays", method, (HAND, *METHODS)),
            Slider("seed", "Seed", seed, 0, 9_999, 1, hint=seed_hint),
            on_change=self._head_changed,
        )
        self.settings = {name: Controls(*each, on_change=self._setting_changed) for name, each in _SETTINGS.items()}
        self._single = OneProblem(self)
        self._average = ManyProblems(self)
        self._was = dict(self.head.values)
        super().__init__(f"Bandit bench: {view}, {method}", self.head)  # a page may hold several
        self.game, self.player = self._single.game, self._single.player
        with self.problems():
            self._begin()

    @property
    def view(self) -> str:
        """Which of the two is seen."""
        return str(self.head.values["view"])

    @property
    def method(self) -> str:
        """Who plays."""
        return str(self.head.values["method"])

    @property
    def seed(self) -> int:
        """Seed of the problems and of all luck."""
        return int(self.head.values["seed"])

    @property
    def pinned(self) -> dict[str, BanditCurves]:
        """Curves that stay, by name."""
        return {each.name: each.curves for each in self._average.pinned}

    @property
    def curves(self) -> BanditCurves | None:
        """The newest averages; None before there are any."""
        return None if self._average.newest is None else self._average.newest.curves

    def set(self, name: str, value: Any) -> None:
        """Set a control by its name, as a person would: ``bench.set("epsilon", 0.2)``.

        Raises:
            LessonError: If there is no such control now, or it takes no such value.
        """
        own = self.settings.get(self.method)
        below = self._single.controls if self.view == ONE else self._average.controls
        for controls in (self.head, own, below):
            if controls is not None and name in controls.values:
                controls.set(name, value)
                return
        raise LessonError(f'There is no control "{name}" in this view with this strategy.')

    def pull(self, arm: int) -> None:
        """Pull an arm, counted from 1, by hand."""
        with self.lock:
            self._single.pull(arm - 1)

    def reveal(self) -> list[Rival]:
        """Show the true means and how the strategies do on this problem; return the latter."""
        with self.lock:
            return self._single.reveal()

    def pin(self) -> None:
        """Keep the curve that is drawn."""
        with self.lock:
            self._average.pin()

    def wait(self, timeout_s: float = 60.0) -> bool:
        """Wait until the averages are those of all problems; return whether they are."""
        return self._average.wait(timeout_s)

    def strategy(self) -> Strategy | None:
        """Return a new strategy with the values of the sliders; None if only a person plays."""
        if self.method == HAND:
            return None
        return strategy_of(self.method, self.settings[self.method].values)

    def _head_changed(self, values: Values) -> None:
        with self.problems():
            was, self._was = self._was, dict(values)
            if values["seed"] != was["seed"]:
                self._single.new_problem(values["seed"])
                self.game = self._single.game
            self._begin(new_view=values["view"] != was["view"] and values["method"] == was["method"])

    def _setting_changed(self, _values: Values) -> None:
        with self.problems():
            self._begin()

    def _begin(self, new_view: bool = False) -> None:
        own = self.settings.get(self.method)
        part = self._single if self.view == ONE else self._average
        parts = (self.page, self.head, *([own] if own is not None and own.values else []), part.box, self.status)
        if self.box.children != parts:
            self.box.children = parts
        if self.view == MANY:
            self._average.answer()
            return
        self._average.leave()
        if new_view and self._single.plays_as(self.strategy()):
            self._single.draw()
        else:
            self._single.begin()
