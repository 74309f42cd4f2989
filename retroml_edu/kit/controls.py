"""A row of labelled controls for what a person may change in a lesson's widget."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import anywidget
import traitlets

from retroml_edu.core.errors import LessonError
from retroml_edu.kit.assets import script


@dataclass(frozen=True, slots=True)
class Slider:
    """A number, by a slider and a box to type in.

    Attributes:
        name: Under which its value is found.
        label: What stands over it.
        value: At the beginning; an int stays one.
        low: Lowest.
        high: Highest.
        step: Distance of neighbouring values on a linear scale; a hundredth of the range, made round, if left out.
        log: Whether the scale is logarithmic; then `low` is above 0.
        hint: What it does, in a sentence; the tooltip.
        unit: What it is counted in.
    """

    name: str
    label: str
    value: float
    low: float
    high: float
    step: float | None = None
    log: bool = False
    hint: str = ""
    unit: str = ""

    def __post_init__(self) -> None:
        if not self.low <= self.value <= self.high or not self.low < self.high or (self.log and self.low <= 0):
            raise LessonError(f'The slider "{self.name}" needs low <= value <= high, and low > 0 with log=True.')

    def taken(self, value: Any) -> float:
        """Return a value that a page has sent, within bounds."""
        if isinstance(value, bool) or not isinstance(value, int | float) or not self.low <= value <= self.high:
            raise LessonError(f"{self.label} goes from {self.low:g} to {self.high:g}.")
        return round(value) if self.is_whole else float(value)

    @property
    def is_whole(self) -> bool:
        """Whether its values are whole numbers."""
        return isinstance(self.value, int) and isinstance(self.low, int) and isinstance(self.high, int)


@dataclass(frozen=True, slots=True)
class Select:
    """One of some texts.

    Attributes:
        name: Under which its value is found.
        label: What stands over it.
        value: At the beginning.
        options: All there are.
        hint: What it does, in a sentence; the tooltip.
    """

    name: str
    label: str
    value: str
    options: Sequence[str]
    hint: str = ""

    def __post_init__(self) -> None:
        if self.value not in self.options:
            raise LessonError(f'The choice "{self.name}" begins with {self.value!r}, which is none of its options.')

    def taken(self, value: Any) -> str:
        """Return a value that a page has sent, if it is an option."""
        if value not in self.options:
            raise LessonError(f"{self.label} is one of {', '.join(self.options)}.")
        return str(value)


@dataclass(frozen=True, slots=True)
class Switch:
    """Something that is on or off.

    Attributes:
        name: Under which its value is found.
        label: What stands beside it.
        value: At the beginning.
        hint: What it does, in a sentence; the tooltip.
    """

    name: str
    label: str
    value: bool
    hint: str = ""

    def taken(self, value: Any) -> bool:
        """Return a value that a page has sent."""
        return bool(value)


@dataclass(frozen=True, slots=True)
class Button:
    """Something to press.

    Attributes:
        name: Told to `on_press`.
        label: What stands on it.
        hint: What it does, in a sentence; the tooltip.
        primary: Whether it is the one to begin with.
    """

    name: str
    label: str
    hint: str = ""
    primary: bool = False


Control = Slider | Select | Switch | Button
Values = dict[str, Any]


class Controls(anywidget.AnyWidget):
    """Sliders, choices, switches and buttons in a row that wraps.

    While a slider is drawn along, the page sends its newest values as soon as the last ones were dealt with: a slow
    `on_change` skips values, and none pile up.

    Args:
        controls: From left to right.
        on_change: Told all values when a person has changed one.
        on_press: Told the name of a button.

    Attributes:
        values: By name; written by the person, from code by `set`.
        lock: Held from where the values are read to where `on_change` has dealt with the new ones, and during
            `on_press`; a `Piece` gives its own.
    """

    _esm = script("elements.js", "slider.js", "controls.js")
    _css = script("controls.css")
    spec: traitlets.List[Any] = traitlets.List().tag(sync=True)
    values: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    unavailable: traitlets.List[str] = traitlets.List(traitlets.Unicode()).tag(sync=True)

    def __init__(
        self,
        *controls: Control,
        on_change: Callable[[Values], object] | None = None,
        on_press: Callable[[str], object] | None = None,
    ) -> None:
        self._controls = {control.name: control for control in controls}
        if len(self._controls) < len(controls):
            raise LessonError("Two controls have the same name.")
        self.on_change, self.on_press = on_change, on_press
        self.lock = threading.RLock()
        values = {name: each.value for name, each in self._controls.items() if not isinstance(each, Button)}
        super().__init__(spec=[_field(control) for control in controls], values=values)
        self.on_msg(self._hear)

    def set(self, name: str, value: Any) -> None:
        """Change a value from code; `on_change` is told, as if a person had done it.

        Raises:
            LessonError: If there is no such control, or it takes no such value.
        """
        self._change({name: value})

    def press(self, name: str) -> None:
        """Press a button from code.

        Raises:
            LessonError: If there is no such button.
        """
        if not isinstance(self._controls.get(name), Button):
            raise LessonError(f"There is no button {name!r}.")
        if self.on_press is not None:
            with self.lock:
                self.on_press(name)

    def offer(self, **available: bool) -> None:
        """Say which controls mean something now; the others are greyed out."""
        with self.lock:
            off = set(self.unavailable) - {name for name, on in available.items() if on}
            self.unavailable = sorted(off | {name for name, on in available.items() if not on})

    def _change(self, values: Mapping[str, Any]) -> None:
        """Take some values beside those that are, and tell of it."""
        with self.lock:
            self._take({**self.values, **values})
            if self.on_change is not None:
                self.on_change(dict(self.values))

    def _take(self, values: Mapping[str, Any]) -> None:
        taken = {}
        for name, value in values.items():
            control = self._controls.get(name)
            if control is None or isinstance(control, Button):
                raise LessonError(f"There is no control {name!r}.")
            taken[name] = control.taken(value)
        self.values = taken

    def _hear(self, _widget: object, message: Mapping[str, Any], _buffers: object) -> None:
        try:
            if message.get("action") == "press":
                self.press(str(message.get("name")))
            elif message.get("action") == "change":
                self._change(message.get("values", {}))
        finally:
            self.send({"kind": "done", "number": message.get("number")})


def _field(control: Control) -> dict[str, Any]:
    field = {"kind": type(control).__name__.lower(), **asdict(control)}
    if isinstance(control, Slider):
        field |= {"integer": control.is_whole, "scale": "log" if control.log else "linear", "grain": control.step}
    return field
