"""The bandit bench's view of many problems: averages that answer a slider, and become finer while it rests."""

from __future__ import annotations

import time
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

import numpy as np

from retroml_edu.analysis.intervals import mean_interval
from retroml_edu.core.background import OnDemand, background_thread
from retroml_edu.core.errors import LessonError
from retroml_edu.kit.bandit_play import BLOCK, block_curves, finer, name_of
from retroml_edu.kit.controls import Button, Controls, Select, Slider, Values
from retroml_edu.kit.piece import column
from retroml_edu.kit.plot import Plot, Trace
from retroml_edu.kit.traces import line
from retroml_edu.tabular.bandit_averages import BanditCurves
from retroml_edu.tabular.bandits import Strategy

if TYPE_CHECKING:
    from retroml_edu.kit.bandit_bench import BanditBench

REWARD, OPTIMAL, REGRET = "mean reward", "share of pulls of the best arm", "cumulative regret"
MEASURES = {REWARD: "reward", OPTIMAL: "optimal", REGRET: "regret"}
MOST_PINNED = 5
MOST_PULLS = 4_000_000
"""Of all problems together: what takes about a second."""


@dataclass(eq=False)
class Drawn:
    """A curve that is drawn.

    Attributes:
        strategy: Whose it is.
        coarse: Its first block of problems.
        curves: The finest that there is.
    """

    strategy: Strategy
    coarse: BanditCurves
    curves: BanditCurves

    @property
    def name(self) -> str:
        """Name of the strategy."""
        return name_of(self.strategy)


class ManyProblems:
    """Averages over many problems."""

    def __init__(self, bench: BanditBench) -> None:
        self._bench = bench
        self.controls = Controls(
            Select("measure", "Drawn", OPTIMAL, tuple(MEASURES)),
            Select("pulls", "Pulls", "1,000", ("200", "1,000", "5,000")),
            Slider("problems", "Problems", 2_000, BLOCK, 4_000, BLOCK, hint="More problems, narrower intervals."),
            Button("pin", "Pin this curve", hint="It stays, to compare others with it.", primary=True),
            Button("clear", "Remove pins"),
            on_change=self._changed,
            on_press=self._press,
        )
        self.plot = Plot("pull", height=330)
        self.box = column(self.controls, self.plot)
        self.newest: Drawn | None = None
        self.pinned: list[Drawn] = []
        self._problem = (-1, 0)
        self._was = dict(self.controls.values)
        self._wanted = 0
        self._took_s = 0.0
        self._work = OnDemand(self._refine, "retroml-bandit-averages")
        # Where nothing is compiled yet it takes seconds: while the student still reads.
        background_thread(lambda: import_module("retroml_edu.tabular.bandit_kernels"), "retroml-bandit-kernels").start()

    def answer(self) -> None:
        """Draw the curve of the first problems at once, and that of all of them as soon as it is known."""
        self._wanted += 1
        if self._problem != (self._bench.seed, self._pulls):  # other problems: for what is pinned, too
            self._problem = (self._bench.seed, self._pulls)
            self.pinned = [self._begun(each.strategy) for each in self.pinned]
        strategy = self._bench.strategy()
        began = time.perf_counter()
        self.newest = None if strategy is None else self._begun(strategy)
        self._took_s = time.perf_counter() - began
        self._draw()
        self._work.ask()

    def leave(self) -> None:
        """Compute no further: the averages are not seen, and the line under the bench is the other view's."""
        self._wanted += 1

    def wait(self, timeout_s: float) -> bool:
        """Wait until the curves are those of all problems."""
        return self._work.wait(timeout_s)

    def pin(self) -> None:
        """Keep the curve that is drawn."""
        if self.newest is None:
            raise LessonError("Choose a strategy: there is no curve to keep.")
        others = [each for each in self.pinned if each.name != self.newest.name]
        if len(others) >= MOST_PINNED:
            raise LessonError(f"{MOST_PINNED} curves are pinned. Remove them to pin others.")
        self.pinned = [*others, self.newest]
        self._draw()

    def _begun(self, strategy: Strategy) -> Drawn:
        coarse = block_curves(strategy, self._pulls, self._bench.seed, 0)
        return Drawn(strategy, coarse, coarse)

    @property
    def _pulls(self) -> int:
        return int(self.controls.values["pulls"].replace(",", ""))

    def _changed(self, values: Values) -> None:
        with self._bench.problems():
            was, self._was = self._was, dict(values)
            if {**was, "measure": ""} == {**values, "measure": ""}:
                self._draw()
            else:
                self.answer()

    def _press(self, name: str) -> None:
        with self._bench.problems():
            if name == "pin":
                self.pin()
            else:
                self.pinned = []
                self._draw()

    def _refine(self) -> None:
        try:
            self._make_finer()
        except Exception:  # the thread's edge: it would end, and never answer again
            with self._bench.problems():
                raise

    def _make_finer(self) -> None:
        """Compute what is newest, without the lock; draw it if nobody wants something else by then."""
        with self._bench.lock:
            wanted, drawn = self._wanted, [*([self.newest] if self.newest is not None else []), *self.pinned]
            pulls, seed, problems = self._pulls, self._bench.seed, int(self.controls.values["problems"])
        problems = min(problems, _most_problems(pulls))
        for each in drawn:
            if len(each.curves.reward) == problems:
                continue
            began = time.perf_counter()
            curves = finer(each.strategy, pulls, seed, problems, each.coarse, lambda: wanted == self._wanted)
            with self._bench.lock:
                if curves is None or wanted != self._wanted:
                    return
                each.curves = curves
                if each is self.newest:
                    self._took_s = time.perf_counter() - began
                self._draw()

    def _draw(self) -> None:
        measure = self.controls.values["measure"]
        shown = [(f"{each.name} (pinned)", each.curves) for each in self.pinned]
        if self.newest is not None and self.newest not in self.pinned:
            shown.append((self.newest.name, self.newest.curves))
        traces: list[Trace] = []
        for number, (name, curves) in enumerate(shown):
            values = getattr(curves, MEASURES[measure])
            traces += line(name, curves.pull, *mean_interval(values, axis=0), color=number)
        percent = {"tickformat": ".0%", "range": [0, 1], "autorange": False}
        free = {"tickformat": "", "autorange": True, "rangemode": "tozero" if measure == REGRET else "normal"}
        title = {"title": {"text": measure}}
        self.plot.show(
            *traces,
            xaxis={"range": [0, 1.02 * self._pulls]},
            yaxis={**(percent if measure == OPTIMAL else free), **title},
        )
        self.controls.offer(pin=self.newest is not None, clear=bool(self.pinned))
        self._bench.tell(self._told())

    def _told(self) -> str:
        if self.newest is None:
            return "Choose a strategy: nobody pulls thousands of arms by hand."
        curves = self.newest.curves
        tenth = max(1, len(curves.pull) // 10)
        asked, most = int(self.controls.values["problems"]), _most_problems(self._pulls)
        optimal = curves.optimal[:, -tenth:].mean(axis=1)
        return (
            f"{self.newest.name}, {self._pulls:,} pulls: {REWARD} {_interval(curves.reward.mean(axis=1))}; "
            f"best arm {_interval(100 * optimal, 1)} % of the last tenth; regret {_interval(curves.regret[:, -1], 0)}. "
            f"95 % intervals over {len(curves.reward):,} problems, seed {self._bench.seed}; {self._took_s:.2f} s."
            + (f" With {self._pulls:,} pulls {most:,} problems are the most." if asked > most else "")
        )


def _most_problems(pulls: int) -> int:
    return MOST_PULLS // pulls // BLOCK * BLOCK


def _interval(values: np.ndarray, digits: int = 2) -> str:
    mean, low, high = mean_interval(values)
    return f"{mean:.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"
