"""A board of fields that shows a grid world and what is known of it, and that a person can rebuild by hand."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import anywidget
import numpy as np
import traitlets

from retroml_edu.core.errors import RetroMLError, TabularError
from retroml_edu.kit.assets import script
from retroml_edu.tabular.gridworld import FREE, GOAL, REWARD, START, WALL, GridWorld, Place

SIGNS = (WALL, START, FREE, GOAL, REWARD)
MOST_UNDONE = 200
"""Strokes that can be taken back."""
MOST_REWARD = 1_000_000
"""Of a field: sums of larger ones soon are no numbers that a page can draw."""


class GridBoard(anywidget.AnyWidget):
    """Draws a `tabular.GridWorld`: walls, start, goals and rewards, values, arrows, the way that was gone.

    With `editable=True` a student picks a tool and clicks or drags over fields, or goes from field to field with the
    arrow keys and sets one with Enter. Each edit makes a new `world`; one that would leave none is refused in words.

    The page sends ``{"action": "paint" | "undo" | "reset", ...}``.

    Args:
        world: What is drawn.
        editable: Whether a person can change it.
        on_edit: Told the new world after each edit, whether by hand, by `edit` or by `undo`.
        label: What the board is called, where it is not seen.

    Attributes:
        board: What the fields are; written by code.
        shown: What is known of them; written by code.
        said: Why the last edit was refused; empty if it was not. Written by code.
        undoable: How many edits can be taken back; written by code.
        heard: Number of the page's last message that was dealt with; written by code.
        lock: Keeps callbacks of the page and code apart; held while `on_edit` is told. A `Piece` gives its own.

    Threads: safe.
    """

    _esm = script("dom.js", "svg.js", "grid_words.js", "grid_field.js", "grid_tools.js", "grid_board.js")
    _css = script("grid_board.css")
    board: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    shown: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    editable = traitlets.Bool(False).tag(sync=True)
    label = traitlets.Unicode("Grid world").tag(sync=True)
    said = traitlets.Unicode("").tag(sync=True)
    undoable = traitlets.Int(0).tag(sync=True)
    heard = traitlets.Int(0).tag(sync=True)

    def __init__(
        self,
        world: GridWorld,
        *,
        editable: bool = False,
        on_edit: Callable[[GridWorld], object] | None = None,
        label: str = "",
    ) -> None:
        self._world = self._first = world
        self._earlier: list[GridWorld] = []
        self._stroke: object = None
        self.on_edit = on_edit
        self.lock = threading.RLock()
        super().__init__(board=_drawn(world), editable=editable, label=label or "Grid world")
        self.on_msg(self._hear)

    @property
    def world(self) -> GridWorld:
        """What is drawn; a new one is drawn at once, without values, and its edits begin anew."""
        return self._world

    @world.setter
    def world(self, world: GridWorld) -> None:
        with self.lock, self.hold_sync():
            self._first, self._earlier = world, []
            self._put(world)

    def show(
        self,
        values: np.ndarray | None = None,
        policy: np.ndarray | None = None,
        action_values: np.ndarray | None = None,
        path: Iterable[int] | None = None,
        agent: int | None = None,
        *,
        backups: np.ndarray | None = None,
        plan: Iterable[int] | None = None,
        limits: tuple[float, float] | None = None,
    ) -> None:
        """Show what is known of the fields; what is left out is taken away.

        Args:
            values: Shape (states,): colour and number of each field.
            policy: Shape (states, actions): an arrow for each action it takes, as long as it is likely.
            action_values: Shape (states, actions): four triangles a field.
            path: States that were passed through, in order: a line.
            agent: State in which somebody stands.
            backups: Shape (states, actions): what each action is worth, said of a field that somebody points at.
            plan: States that would be passed through, in order: a dotted line.
            limits: Values of the faintest and the strongest colour, so that it does not change while values grow; the
                lowest and highest of what is shown, if left out.

        Raises:
            TabularError: If a shape is not that of the board's states.
        """
        with self.lock:
            states = len(self._world.fields)
            wanted = {"values": (values, (states,)), "policy": (policy, (states, 4))}
            wanted |= {"action_values": (action_values, (states, 4)), "backups": (backups, (states, 4))}
            shown: dict[str, Any] = {}
            for name, (array, shape) in wanted.items():
                if array is not None:
                    if np.shape(array) != shape:
                        raise TabularError(f"{name} of this board have the shape {shape}, not {np.shape(array)}.")
                    shown[name] = np.asarray(array, dtype=np.float32).tobytes()
            ways = {name: [int(state) for state in way or ()] for name, way in (("path", path), ("plan", plan))}
            if not all(0 <= state < states for state in (*ways["path"], *ways["plan"], agent or 0)):
                raise TabularError(f"States of this board have the numbers 0 to {states - 1}.")
            shown |= {name: way for name, way in ways.items() if way}
            if agent is not None:
                shown["agent"] = int(agent)
            if limits is not None:
                shown["limits"] = [float(limit) for limit in limits]
            self.shown = shown

    def __repr__(self) -> str:
        return f"GridBoard({self.label!r}, {self._world.height} x {self._world.width})"

    def edit(self, places: Iterable[Place], sign: str, reward: float = 0.0) -> None:
        """Change fields from code, as a person does by hand; one `undo` takes it back.

        Args:
            places: Row and column of each.
            sign: What they become, as in `GridWorld.edited`.
            reward: For entering one, with ``G`` and ``R``.

        Raises:
            TabularError: If the world would be none; nothing is changed then.
        """
        with self.lock, self.hold_sync():
            self._change(_edited(self._world, places, sign, reward), keep=True)

    def undo(self) -> None:
        """Take the last edit back, if there is one."""
        with self.lock, self.hold_sync():
            if self._earlier:
                self._change(self._earlier.pop(), keep=False)

    def reset(self) -> None:
        """Go back to the world as it was before all edits."""
        with self.lock, self.hold_sync():
            if self._world != self._first:
                self._change(self._first, keep=True)

    def _change(self, world: GridWorld, *, keep: bool) -> None:
        """Show another world and tell of it; fields and what is known of them reach the page at once."""
        if world != self._world:
            if keep:
                self._earlier = [*self._earlier, self._world][-MOST_UNDONE:]
            self._put(world)
            if self.on_edit is not None:
                self.on_edit(world)

    def _put(self, world: GridWorld) -> None:
        self._world = world
        self.said, self.shown, self.board, self.undoable = "", {}, _drawn(world), len(self._earlier)

    def _hear(self, _widget: object, message: Mapping[str, Any], _buffers: object) -> None:
        with self.lock, self.hold_sync():
            try:
                if self.editable:
                    self._obey(message)
            except RetroMLError as error:
                self.said = str(error)
            finally:
                self.heard = int(message.get("number", 0))

    def _obey(self, message: Mapping[str, Any]) -> None:
        self.said = ""
        if message["action"] == "undo":
            self.undo()
        elif message["action"] == "reset":
            self.reset()
        elif message["action"] == "paint":
            places = [(int(row), int(column)) for row, column in message["places"]]
            self._paint(places, str(message["sign"]), float(message.get("reward") or 0.0), message.get("stroke"))

    def _paint(self, places: Iterable[Place], sign: str, reward: float, stroke: object) -> None:
        """Change what can be changed of some fields; what is refused stays, and is told."""
        world, refused = self._world, ""
        for place in places:
            try:
                world = _edited(world, [place], sign, reward)
            except TabularError as error:
                refused = refused or str(error)
        if world != self._world:
            # A stroke over many fields arrives in several messages, and is taken back as one.
            goes_on, self._stroke = stroke == self._stroke, stroke
            self._change(world, keep=not goes_on)
        self.said = refused


def _edited(world: GridWorld, places: Iterable[Place], sign: str, reward: float) -> GridWorld:
    if not abs(reward) <= MOST_REWARD:
        raise TabularError(f"A reward is a number from -{MOST_REWARD:,} to {MOST_REWARD:,}.")
    for place in places:
        if place == world.start and sign != START:
            raise TabularError("Episodes start here. Set the start on another field first.")
        world = world.edited(place, sign, reward)
    if all(place in world.goals for place in world.fields):
        raise TabularError("One field has to stay free: with walls and goals alone there is nowhere to start.")
    return world


def _drawn(world: GridWorld) -> dict[str, Any]:
    return {
        "rows": list(world.board),
        "goals": [[*place, reward] for place, reward in world.goals.items()],
        "rewards": [[*place, reward] for place, reward in world.rewards.items()],
        "falls": [list(place) for place in sorted(world.falls)],
        "step_reward": world.step_reward,
    }
