"""A workbench for planning: a grid world to rebuild, its values sweep by sweep, and how soon two methods settle."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from retroml_edu.kit.controls import Controls, Select, Slider, Switch, Values
from retroml_edu.kit.grid_board import GridBoard
from retroml_edu.kit.grid_plan import MOST_SWEEPS, PLANS, THETA, Plan, PlanName, best_actions, make_plan
from retroml_edu.kit.piece import Piece, column, row
from retroml_edu.kit.player import Player
from retroml_edu.kit.plot import Plot
from retroml_edu.kit.traces import line
from retroml_edu.tabular.gridworld import GridWorld
from retroml_edu.tabular.outcomes import Outcomes

UNITS = SWEEPS, BACKUPS = "sweeps", "backups"
_ROOM = (".........", ".........", "S........", "..#...#..", ".........")


def two_goals() -> GridWorld:
    """Return a board with a small goal near the start, a larger one farther off, and pits beside the way to it."""
    pits = dict.fromkeys([(3, 3), (3, 4), (3, 5)], -1.0)
    return GridWorld(_ROOM, goals={(4, 1): 0.3, (2, 8): 1.0, **pits}, slip=0.2)


class GridLab(Piece):
    """Plan in a grid world that you build: watch values spread sweep by sweep, and arrows turn until they are best.

    Paint walls, goals and pits with the tools over the board; set discount, slip and step reward; press Play, or go
    sweep by sweep, back too. The chart shows by how much values still change, for value iteration and for policy
    iteration on the same board. What is changed counts at once, also while it plays.

    Args:
        world: The board to begin with; `two_goals` if left out.
        gamma: The discount to begin with.
        method: One of "value iteration", "policy iteration", "evaluation of the random policy".
        label: What it is called, where it is not seen.

    Attributes:
        board: The board; its `edit` is what a person does by hand.
        controls: Discount ("gamma"), slip, step reward, method, what is shown and counted.
        player: Goes through the sweeps: ``lab.player.go(10)``.
        plot: The residual by sweep.

    Threads: safe.
    """

    def __init__(
        self,
        world: GridWorld | None = None,
        *,
        gamma: float = 0.9,
        method: PlanName = "value iteration",
        label: str = "Grid world",
    ) -> None:
        world = two_goals() if world is None else world
        lowest, highest = min(-2.0, world.step_reward), max(0.5, world.step_reward)
        self.controls = Controls(
            Select("method", "Method", method, PLANS, hint="How values are found."),
            Slider("gamma", "Discount γ", float(gamma), 0.0, 1.0, 0.01, hint="What a reward one step later is worth."),
            Slider("slip", "Slip", world.slip, 0.0, 0.8, 0.05, hint="Probability that a move goes to one side."),
            Slider("step", "Step reward", world.step_reward, lowest, highest, 0.01, hint="Reward of every other move."),
            Switch("four", "Value of each direction", False, hint="Four values a field instead of the largest."),
            Switch("way", "Way from the start", False, hint="Where the arrows lead if no move slips."),
            Select("over", "Chart over", SWEEPS, UNITS, hint="A backup is one value of a state and an action."),
            on_change=self._turned,
        )
        self.board = GridBoard(world, editable=True, on_edit=self._edited, label=label)
        self.player = Player(self._show, length=0, unit="sweep", rates=(1, 5, 20), back=True)
        self.plot = Plot(
            "sweep", "largest change of a value", height=380, yaxis={"type": "log", "exponentformat": "power"}
        )
        self._plans: dict[PlanName, Plan] = {}
        shown = row(self.board, column(self.plot))
        super().__init__(label, self.controls, self.player, shown)
        page, *parts, status = self.box.children
        self.box.children = (page, *parts[:-1], status, shown)  # what is told of a sweep stands over the board
        with self.problems():
            self._plan()

    @property
    def world(self) -> GridWorld:
        """The world as board and controls have it."""
        values = self.controls.values
        return replace(self.board.world, slip=float(values["slip"]), step_reward=float(values["step"]))

    @property
    def plan(self) -> Plan:
        """All sweeps of the chosen method."""
        return self._plans[self.controls.values["method"]]

    @property
    def plans(self) -> dict[PlanName, Plan]:
        """The sweeps of all methods that the chart shows, by name."""
        return dict(self._plans)

    @property
    def values(self) -> np.ndarray:
        """Values of the states after the shown sweep, shape (states,)."""
        values: np.ndarray = self.plan.values[self.player.position]
        return values

    # -- what a person changes ---------------------------------------------------------------------------------------

    def _turned(self, values: Values) -> None:
        with self.problems():
            drawing = {"four", "over", "way"}
            if all(self._planned.get(name) == value for name, value in values.items() if name not in drawing):
                self._show(self.player.position)
            else:
                self._plan()

    def _edited(self, _world: GridWorld) -> None:
        with self.problems():
            self._plan()

    def _plan(self) -> None:
        """Plan anew and show the same sweep as before, or the last one if that was shown."""
        values = self.controls.values
        at_end = bool(self._plans) and self.player.position == self.player.length
        self._planned = dict(values)
        gamma, chosen = float(values["gamma"]), values["method"]
        self._outcomes = self.world.outcomes()
        self._mdp = mdp = self._outcomes.mdp()
        best = best_actions(mdp, gamma)
        names = [name for name in PLANS[:2] if name != chosen]
        self._plans = {name: make_plan(mdp, gamma, name, best) for name in (chosen, *names)}
        sweeps = self.plan.sweeps
        self.player.length = sweeps
        self.player.position = sweeps if at_end else min(self.player.position, sweeps)
        self._show(self.player.position)

    # -- what is shown -----------------------------------------------------------------------------------------------

    def _show(self, position: int) -> int:
        with self.lock:
            plan, four = self.plan, bool(self.controls.values["four"])
            position = min(position, plan.sweeps)  # an edit from another thread may have left fewer
            values = plan.values[position]
            backups = self._mdp.action_values(values, float(self.controls.values["gamma"]))
            self.board.show(
                values=values,
                policy=plan.policies[position],
                action_values=backups if four else None,
                backups=backups,
                path=way(self._outcomes, plan.policies[position]) if self.controls.values["way"] else None,
                limits=(min(0.0, float(plan.values.min())), max(0.0, float(plan.values.max()))),
            )
            self.plot.show(*self._traces(position), xaxis={"title": {"text": self._unit}})
            self.tell(told(plan, position))
            return position

    @property
    def _unit(self) -> str:
        return "sweep" if self.controls.values["over"] == SWEEPS else "backups (values of a state and an action)"

    def _traces(self, position: int) -> list[dict[str, Any]]:
        traces: list[dict[str, Any]] = []
        for color, name in enumerate(PLANS):
            plan = self._plans.get(name)
            if plan is None:
                continue
            x = self._along(plan)
            y = np.maximum(plan.residuals, THETA / 10)  # of no change at all there is no logarithm
            short = name.removeprefix("evaluation of the ")  # a legend of two rows, not of five
            unit = "sweeps" if self.controls.values["over"] == SWEEPS else "backups"
            traces += line(f"{short}: {x[-1]:,} {unit}", x, y, color=color)
            if plan.improved:
                at = np.array(plan.improved)
                marker = {"color": f"$line{color}", "size": 9, "symbol": "diamond"}
                points = {"type": "scatter", "mode": "markers", "name": "policy improved", "marker": marker}
                traces.append({**points, "x": x[at], "y": y[at]})
        here = {"color": "$text", "width": 1.5, "dash": "dot"}
        ends = np.array([THETA / 10, max(float(np.nanmax(plan.residuals)) for plan in self._plans.values())])
        at_now = np.full(2, self._along(self.plan)[position], dtype=float)
        traces.append(
            {"type": "scatter", "mode": "lines", "name": "sweep on the board", "x": at_now, "y": ends, "line": here}
        )
        return traces

    def _along(self, plan: Plan) -> np.ndarray:
        x: np.ndarray = np.arange(plan.sweeps + 1) if self.controls.values["over"] == SWEEPS else plan.backups
        return x


def way(world: Outcomes, policy: np.ndarray) -> list[int]:
    """Return the states from the start along a policy's first arrows, each move as it is meant, until one comes again.

    It ends where all actions are as good: nothing leads on from there. Where that is the start, there is no way.

    Args:
        world: Whose first outcome of an action is the one that is meant.
        policy: Shape (states, actions).
    """
    state, passed = world.start, [world.start]
    while not world.terminal[state] and np.ptp(policy[state]) > 0:
        state = int(world.following[state, policy[state].argmax(), 0])
        if state in passed:
            break
        passed.append(state)
    return passed if len(passed) > 1 else []


def told(plan: Plan, position: int) -> str:
    """Return in words how far a plan has come after a sweep."""
    if position == 0:
        return "Before the first sweep: all values are 0. An arrow shows what pays at once, nothing more."
    parts = [f"Sweep {position:,} of {plan.sweeps:,}: largest change {_small(plan.residuals[position])}."]
    wrong, since = int(plan.wrong[position]), plan.best_since
    if plan.name == "policy iteration":
        policies = 1 + sum(number < position for number in plan.improved)
        parts.append(f"Values of policy {policies:,} of {len(plan.improved) + 1:,}.")
        if position in plan.improved:
            parts.append("They had settled: the arrows are now greedy for them.")
    elif plan.name != "value iteration":
        parts.append("Values are those of going any way by chance; the arrows are greedy for them.")
    if wrong:
        parts.append(f"In {wrong:,} {'state' if wrong == 1 else 'states'} an arrow is not yet a best one.")
    elif since is not None and since <= position:
        parts.append(f"The arrows have been best ones since sweep {since:,}.")
    else:
        parts.append("The arrows are best ones, but not for good.")
    if position == plan.sweeps:
        parts.append("Values have settled." if plan.ended else f"Values still change: after {MOST_SWEEPS:,} it stops.")
    return " ".join(parts)


def _small(change: float) -> str:
    return f"{change:.2g}" if change >= 1e-4 else f"{change:.0e}" if change > 0 else "0"
