"""Learners side by side: the same world, the same settings, another update."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from retroml_edu.core.errors import LessonError, UnknownNameError, did_you_mean
from retroml_edu.core.numbers import with_minus
from retroml_edu.kit.controls import Controls, Select, Slider, Switch, Values
from retroml_edu.kit.grid_board import GridBoard
from retroml_edu.kit.piece import Piece, column, row
from retroml_edu.kit.player import Player
from retroml_edu.kit.plot import Plot
from retroml_edu.kit.text_card import TextCard
from retroml_edu.kit.traces import line, thinned
from retroml_edu.kit.watched_learner import WINDOW, GreedyWay, WatchedLearner
from retroml_edu.tabular.control import METHODS, MethodName
from retroml_edu.tabular.gridworld import GridWorld, cliff
from retroml_edu.tabular.mdp import greedy_policy

MOST_LEARNERS = 3
MOST_POINTS = 500
"""Of a line of the chart."""
MOST_MARKS = 10
"""Changes of settings that the chart shows."""
STEP, EPISODE = "step", "episode"
FOUR, BEST = "four values a field", "best value, arrow"
_SIGNS = {"epsilon": "ε", "alpha": "α", "gamma": "γ"}


class SideBySide(Piece):
    """Watch two learners, or three, in the same grid world: where they go, what they hold of it, what they earn.

    Press Play, and turn ε, α or γ while they learn: what changes acts from the next step on, and the chart marks it.
    The line with arrows is the newest way of each, the dotted line the way that it would go without exploring. Methods,
    seed and slip are set under the chart; a change there begins anew.

    Args:
        *methods: Two or three of "SARSA", "Q-learning", "expected SARSA", "double Q-learning"; the first two if left
            out.
        world: Where they act; the cliff of Sutton and Barto (2018), example 6.6, if left out.
        alpha: Step size to begin with.
        epsilon: How often they take any action, to begin with.
        gamma: Discount to begin with.
        seed: Of all draws; the learners have the same.
        label: What it is called, where it is not seen.

    Attributes:
        learners: What acts, one for each method.
        boards: Their boards.
        controls: Their settings ("epsilon", "alpha", "gamma"), what is shown ("show", "greedy"), what the player counts
            ("by").
        setup: What begins anew: methods ("method1" and so on), "seed", "slip".
        player: Lets them act: ``piece.player.go(100)``.
        plot: Return by episode.

    Raises:
        LessonError: If there are fewer than two methods, or more than three.
        UnknownNameError: If there is no such method.
        TabularError: If a setting lies outside its bounds.

    Threads: safe.
    """

    def __init__(
        self,
        *methods: MethodName,
        world: GridWorld | None = None,
        alpha: float = 0.5,
        epsilon: float = 0.1,
        gamma: float = 1.0,
        seed: int = 0,
        label: str = "Learners side by side",
    ) -> None:
        methods = methods or ("SARSA", "Q-learning")
        if not 2 <= len(methods) <= MOST_LEARNERS:
            raise LessonError(f"Two or three learners stand side by side, not {len(methods)}.")
        for name in methods:
            if name not in METHODS:
                raise UnknownNameError(f"There is no method {name!r}." + did_you_mean(name, METHODS))
        self.world = cliff() if world is None else world
        self._marks: list[tuple[int, str, float]] = []
        self.controls = _settings(alpha, epsilon, gamma, self._turned)
        self.setup = Controls(
            *(Select(f"method{n}", _place(n, len(methods)), each, list(METHODS)) for n, each in enumerate(methods, 1)),
            Slider("slip", "Slip", self.world.slip, 0.0, 0.5, 0.05, hint="Probability that a move goes to one side."),
            Slider(
                "seed", "Seed", seed, 0, max(99, seed), hint="Another seed, other luck. Both learners have the same."
            ),
            on_change=self._set_up,
        )
        self._settings = dict(self.controls.values)
        self.player = Player(self._go, unit=EPISODE, rates=(1, 5, 25, 100), restart=self._begin)
        self.cards = [TextCard() for _ in methods]
        self.boards = [GridBoard(self.world, label=name) for name in methods]
        self.plot = Plot("episode", f"return, mean of {WINDOW}", height=200)
        self._begin()
        parts = [column(card, board) for card, board in zip(self.cards, self.boards, strict=True)]
        super().__init__(label, self.controls, self.player, row(*parts), self.plot, self.setup)
        self._draw()

    @property
    def methods(self) -> list[MethodName]:
        """How the learners learn, from left to right."""
        return [learner.method for learner in self.learners]

    def go(self, count: int, by: str = EPISODE) -> None:
        """Let the learners act.

        Args:
            count: How many steps or episodes.
            by: "step" or "episode".
        """
        with self.lock:
            self.controls.set("by", by)
            self.player.go(count)

    # -- what a person changes ---------------------------------------------------------------------------------------

    def _turned(self, values: Values) -> None:
        with self.problems():
            for name in _SIGNS:
                if values[name] != self._settings[name]:
                    self._mark(name, values[name])
                    for learner in self.learners:
                        setattr(learner.learner, name, float(values[name]))
            if values["by"] != self._settings["by"]:
                self.player.unit, self.player.position = values["by"], self._count(values["by"])
            self._settings = dict(values)
            self._draw()

    def _mark(self, name: str, value: float) -> None:
        """Remember a changed setting; while a slider is drawn along, only where it came to stand."""
        episode = max(learner.n_episodes for learner in self.learners)
        if episode:
            self._marks = [mark for mark in self._marks if mark[:2] != (episode, name)]
            self._marks = [*self._marks, (episode, name, value)][-MOST_MARKS:]
            self.tell(f"{_SIGNS[name]} = {value:g} from episode {episode + 1:,} on.")

    def _set_up(self, _values: Values) -> None:
        with self.problems():
            self.player.begin()

    def _begin(self) -> None:
        """Make the learners anew, who know nothing."""
        setup = self.setup.values
        self.world = replace(self.world, slip=float(setup["slip"]))
        given = {name: float(self.controls.values[name]) for name in _SIGNS}
        names = [setup[f"method{number}"] for number in range(1, len(self.boards) + 1)]
        self.learners = [WatchedLearner(self.world, name, seed=int(setup["seed"]), **given) for name in names]
        self._marks = []
        for board, name in zip(self.boards, names, strict=True):
            board.label = f"{name}: what it knows of the board"

    # -- what is shown -----------------------------------------------------------------------------------------------

    def _count(self, unit: str) -> int:
        return max(each.steps if unit == STEP else each.n_episodes for each in self.learners)

    def _go(self, position: int) -> int:
        by = self.controls.values["by"]
        with self.problems():
            more = position - self._count(by)
            for learner in self.learners if more > 0 else ():
                if by == STEP:
                    learner.go(more)
                else:
                    learner.play(more)
            if position == 0:
                self.tell("Nothing is learned yet: all values are 0.")
            self._draw()
        return self._count(by)

    def _draw(self) -> None:
        tables = [learner.action_values for learner in self.learners]
        limits = (_lowest(tables), 0.0 if max(table.max() for table in tables) <= 0 else float(np.max(tables)))
        four, greedy = self.controls.values["show"] == FOUR, self.controls.values["greedy"]
        for learner, board, card, table in zip(self.learners, self.boards, self.cards, tables, strict=True):
            plan = learner.greedy_way()
            board.show(
                values=None if four else table.max(axis=1),
                policy=None if four else greedy_policy(table),
                action_values=table if four else None,
                path=learner.way(),
                plan=plan.states if greedy and plan.arrives else None,
                agent=learner.state,
                limits=limits,
            )
            with card.hold_sync():
                card.heading, card.sentences = learner.method, told(learner, plan)
        self._draw_chart()

    def _draw_chart(self) -> None:
        traces: list[dict[str, Any]] = []
        heights = []
        for color, learner in enumerate(self.learners):
            x, y = learner.curve()
            if len(x):
                drawn = thinned(len(x), MOST_POINTS)
                x, y = x[drawn], y[drawn]
                traces += line(learner.method, x, y, color=color)
                heights.append(y[len(y) // 10 :])
        low, high = _range(heights)
        marks = [(at, f"{_SIGNS[name]} = {value:g}") for at, name, value in self._marks]
        line_style = {"color": "$muted", "width": 1, "dash": "dot"}
        shapes = [
            {"type": "line", "x0": at, "x1": at, "yref": "paper", "y0": 0, "y1": 1, "line": line_style}
            for at, _ in marks
        ]
        notes = [
            {"x": at, "y": 0, "yref": "paper", "text": text, "showarrow": False, "xanchor": "left", "yanchor": "bottom"}
            for at, text in marks
        ]
        last = max(20, *(learner.n_episodes for learner in self.learners))
        self.plot.show(
            *traces,
            xaxis={"range": [0, last]},
            yaxis={"range": [low, high]},
            shapes=shapes,
            annotations=notes,
        )


def told(learner: WatchedLearner, plan: GreedyWay) -> list[str]:
    """Return in sentences how a learner fares: its newest episode, its newest fifty, what it would do now."""
    episodes = learner.episodes
    count = learner.n_episodes
    newest = "No episode has ended yet."
    if count:
        newest = f"Episode {count:,}: return {_signed(episodes.returns[-1])} in {_steps(int(episodes.steps[-1]))}."
    window = min(count, WINDOW)
    mean = f"The mean return of the last {WINDOW} stands here from episode 2 on."
    if window > 1:
        falls = int(episodes.falls[-window:].sum())
        mean = f"Last {window}: mean return {_signed(episodes.returns[-window:].mean(), 1)}, {_times(falls)}."
    return [newest, mean, _told_plan(plan, knows=bool(learner.action_values.any()))]


def _told_plan(plan: GreedyWay, *, knows: bool) -> str:
    if not knows:
        return "Without exploring: it knows nothing yet."
    if not plan.arrives:
        return "Without exploring: it would go in circles."
    falls = f", {_times(plan.falls)}" if plan.falls else ""
    return f"Without exploring: {_steps(plan.steps)} to the goal{falls}."


def _steps(count: int) -> str:
    return f"{count:,} step" if count == 1 else f"{count:,} steps"


def _times(falls: int) -> str:
    return {0: "no fall", 1: "1 fall"}.get(falls, f"{falls:,} falls")


def _signed(value: float, digits: int = 0) -> str:
    return with_minus(f"{value:,.{digits}f}")


def _place(number: int, count: int) -> str:
    return ("Left", "Right")[number - 1] if count == 2 else ("Left", "Middle", "Right")[number - 1]


def _settings(alpha: float, epsilon: float, gamma: float, on_change: Any) -> Controls:
    return Controls(
        Slider("epsilon", "Exploring ε", float(epsilon), 0.0, 1.0, 0.01, hint="How often they take any action."),
        Slider("alpha", "Step size α", float(alpha), 0.0, 1.0, 0.01, hint="How far one step moves a value."),
        Slider("gamma", "Discount γ", float(gamma), 0.0, 1.0, 0.01, hint="What a reward one step later is worth."),
        Select("show", "On the boards", FOUR, (FOUR, BEST), hint="The agent's action values, as they are now."),
        Switch("greedy", "Greedy way", True, hint="Dotted: the way that the best actions lead now."),
        Select("by", "Play by", EPISODE, (EPISODE, STEP), hint="What Play and the buttons beside it count."),
        on_change=on_change,
    )


def _lowest(tables: Sequence[np.ndarray]) -> float:
    """Return where colours are strongest: at the worst field, in steps, so that they do not flicker.

    What a fall costs is not looked at: beside it all other fields would look alike.
    """
    worst = min(float(table.max(axis=1).min()) for table in tables)
    grain = 5.0 if worst < -5 else 1.0
    return min(-1.0, grain * float(np.floor(worst / grain)))


def _range(heights: Sequence[np.ndarray]) -> tuple[float, float]:
    """Return what the upright axis shows: what was earned after the first tries, in steps of ten."""
    if not heights:
        return -100.0, 0.0
    every = np.concatenate(heights)
    low, high = np.quantile(every, 0.02), every.max()
    grain = 10.0 if high - low > 5 else 1.0
    return grain * float(np.floor(low / grain)) - grain, grain * float(np.ceil(high / grain)) + grain / 2
