"""The bandit bench's view of one problem: what is known of each arm, pull by pull."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from retroml_edu.core.errors import LessonError
from retroml_edu.core.numbers import with_minus
from retroml_edu.kit.bandit_arms import BanditArms
from retroml_edu.kit.bandit_play import HAND, RIVAL_PLAYS, Game, Rival, name_of, rivals, strategy_of
from retroml_edu.kit.controls import Button, Controls, Switch
from retroml_edu.kit.piece import column
from retroml_edu.kit.player import Player
from retroml_edu.kit.plot import Plot, Trace
from retroml_edu.tabular.bandits import Strategy

if TYPE_CHECKING:
    from retroml_edu.kit.bandit_bench import BanditBench

_LENGTH = 1_000


class OneProblem:
    """One problem, pull by pull."""

    def __init__(self, bench: BanditBench) -> None:
        self._bench = bench
        self.game = Game(bench.seed)
        self._told_rivals: list[Rival] = []
        self.arms = BanditArms(self._pulled)
        self.player = Player(self._go, length=_LENGTH, unit="pull", rates=(1, 10, 100), restart=self._restart)
        self.controls = Controls(
            Switch("truth", "Show the true means", bench.method != HAND, hint="Whoever plays does not know them."),
            Button("again", "Start again", hint="The same problem, from the first pull."),
            Button("new", "New problem", hint="The next seed; where you play by hand, its true means are hidden."),
            on_change=lambda _values: self._redraw(),
            on_press=self._press,
        )
        self.compare = Controls(
            Button("compare", "Compare me with the strategies", hint="On this very problem, with as many pulls."),
            on_press=self._press,
        )
        self.plot = Plot("mean reward of a pull", "", height=190)
        self.box = column(self.arms)

    def new_problem(self, seed: int) -> None:
        """Take another problem."""
        self.game = Game(seed)

    def plays_as(self, strategy: Strategy | None) -> bool:
        """Whether that strategy is the one that plays."""
        own = self.game.strategy
        return own is strategy if own is None or strategy is None else name_of(own) == name_of(strategy)

    def begin(self) -> None:
        """Start from the first pull, with the strategy of the sliders."""
        by_hand = self._bench.method == HAND
        if by_hand and self.controls.values["truth"] and self.game.count == 0:
            self.controls.values = {**self.controls.values, "truth": False}
        self.player.begin()

    def pull(self, arm: int) -> None:
        """Pull an arm by hand."""
        if self.game.count >= _LENGTH:
            raise LessonError(f"After {_LENGTH:,} pulls this problem is over: start again.")
        self.game.pull(arm)
        self._told_rivals = []
        self.player.position = self.game.count
        self.draw()

    def reveal(self) -> list[Rival]:
        """Show the truth, and how strategies do on this problem."""
        strategies = [strategy_of(name, controls.values) for name, controls in self._bench.settings.items()]
        self._told_rivals = rivals(self.game, strategies)
        self.controls.values = {**self.controls.values, "truth": True}
        self.draw()
        return self._told_rivals

    def draw(self) -> None:
        """Draw the game as it stands."""
        by_hand = self._bench.method == HAND
        self.arms.show(self.game, self.controls.values["truth"], self._newest())
        self.controls.offer(again=self.game.count > 0)
        self.compare.offer(compare=self.game.count > 0)
        if self._told_rivals:
            best = float(self.game.means.max())
            ends = [end for each in self._told_rivals for end in (each.low, each.high)]
            self.plot.show(
                *_rival_traces(self._told_rivals, self._earned, best),
                xaxis={"range": _with_room([*ends, self._earned, best])},
            )
        parts = (
            self.arms,
            *([self.compare] if by_hand else [self.player]),
            self.controls,
            *([self.plot] if self._told_rivals else []),
        )
        if self.box.children != parts:
            self.box.children = parts
        self._bench.tell(self._told())

    @property
    def _earned(self) -> float:
        return float(np.mean(self.game.paid))

    def _newest(self) -> str:
        game = self.game
        if game.count:
            return with_minus(f"Pull {game.count}: arm {game.taken[-1] + 1}, {game.why}. It paid {game.paid[-1]:.2f}.")
        if self._bench.method == HAND:
            return "Ten arms, means hidden. A pull pays the arm's mean plus noise. Pull one: click, or Tab and Enter."
        return "Nothing is known yet. Press Play, or 1 ▸ for one pull; a click on an arm pulls it by hand."

    def _told(self) -> str:
        game = self.game
        by_hand = self._bench.method == HAND
        if not game.count:
            return ""
        whose = "You" if by_hand else name_of(game.strategy) if game.strategy is not None else ""
        told = f"{whose}: mean reward {self._earned:.2f} after {game.count:,} pull{'s' if game.count > 1 else ''}"
        if self.controls.values["truth"]:
            told += f"; regret so far {game.regret:.1f}"
        if self._told_rivals:
            told += f". You earned more than {_beaten(self._told_rivals)}"
        return with_minus(f"{told}.")

    def _go(self, position: int) -> int:
        with self._bench.problems():
            while self.game.count < position:
                self.game.step()
            self._told_rivals = []
            self.draw()
        return self.game.count

    def _restart(self) -> None:
        with self._bench.problems():
            self.game.begin(self._bench.strategy())
            self._told_rivals = []

    def _pulled(self, arm: int) -> None:
        with self._bench.problems():
            self.pull(arm)

    def _redraw(self) -> None:
        with self._bench.problems():
            self.draw()

    def _press(self, name: str) -> None:
        with self._bench.problems():
            if name == "compare":
                self.reveal()
                return
            self.controls.values = {**self.controls.values, "truth": self._bench.method != HAND}
            if name == "again":
                self.player.begin()
            else:
                self._bench.head.set("seed", (self._bench.seed + 1) % 10_000)


def _beaten(found: list[Rival]) -> str:
    """Return in words how many plays earned less than a person: by the strategies that differ most in it."""
    most, least = (choose(found, key=lambda each: each.beaten) for choose in (max, min))
    if f"{most.beaten:.0%}" == f"{least.beaten:.0%}":
        return f"{most.beaten:.0%} of the {RIVAL_PLAYS} plays by each strategy"
    return (
        f"{most.beaten:.0%} of {RIVAL_PLAYS} plays by {most.name}, and more than {least.beaten:.0%} of those by "
        f"{least.name}"
    )


def _with_room(values: list[float]) -> list[float]:
    """Return an axis on which none of these stands at the edge."""
    low, high = min(values), max(values)
    room = 0.06 * (high - low) or 1.0
    return [low - room, high + room]


def _rival_traces(found: list[Rival], own: float, best: float) -> list[Trace]:
    """Return how strategies do: a point with its range each, and two upright lines: the person's mean and the best."""
    names = [each.name for each in found]
    means = np.array([each.mean for each in found])
    ranges = {
        "type": "data",
        "symmetric": False,
        "array": np.array([each.high for each in found]) - means,
        "arrayminus": means - np.array([each.low for each in found]),
        "color": "$line0",
    }
    points: Trace = {
        "type": "scatter",
        "mode": "markers",
        "name": f"strategies: mean and middle 90 % of {RIVAL_PLAYS} plays",
        "x": means,
        "y": names,
        "error_x": ranges,
        "marker": {"color": "$line0", "size": 9},
    }
    ends = [names[0], names[-1]]
    mine, most = (
        {"type": "scatter", "mode": "lines", "name": name, "x": [at, at], "y": ends, "line": style}
        for name, at, style in (
            (with_minus(f"you: {own:.2f}"), own, {"color": "$line1", "width": 3}),
            (with_minus(f"best arm's mean: {best:.2f}"), best, {"color": "$muted", "width": 2, "dash": "dash"}),
        )
    )
    return [points, mine, most]
