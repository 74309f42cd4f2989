"""The panel in a real kernel, spoken to as its browser half speaks."""

from __future__ import annotations

import re

from tests.kernel.kernel import Kernel, Widget

TIMEOUT_S = 60.0


class KernelLab:
    """One panel.

    Attributes:
        runbar: Its buttons and how the run stands.
        log: Its events.
        form: The settings of its next run; the preferences are such a form, too.
    """

    def __init__(self, kernel: Kernel, name: str, arguments: str) -> None:
        self._kernel = kernel
        kernel.run(f"from retroml_edu import Lab\n{name} = Lab({arguments})", timeout_s=TIMEOUT_S)
        self.name = name
        self.runbar = self._part("runbar.RunBar")
        self.log = self._part("log.EventLog")
        self.form = kernel.widgets[kernel.run(f"print({name}.panel.form.comm.comm_id)").stdout.strip()]

    def press(self, action: str, *, subshell: str | None = None) -> None:
        """Press a button of the run bar."""
        self._kernel.send(self.runbar, {"action": action}, subshell=subshell)

    def wait_for_state(self, *states: str, timeout_s: float = TIMEOUT_S) -> float:
        """Wait until the run bar shows one of the states, and return the seconds it took."""
        return self._kernel.wait(lambda: self.state in states, f"{states}, not {self.state}", timeout_s)

    def wait_for_steps(self, more_than: int = 0, *, timeout_s: float = TIMEOUT_S) -> int:
        """Wait until the run bar tells more steps than so many, and return how many."""
        self._kernel.wait(lambda: self.step > more_than, f"a step after {more_than}", timeout_s)
        return self.step

    def wait_for_problem(self, text: str, *, timeout_s: float = TIMEOUT_S) -> None:
        """Wait until a sentence under the buttons holds a text."""
        self._kernel.wait(lambda: text in self.problems, f"{text!r} in {self.problems!r}", timeout_s)

    @property
    def state(self) -> str:
        """The run's state."""
        return str(self.runbar.state["state"])

    @property
    def step(self) -> int:
        """Steps that the run bar tells."""
        told = re.match(r"(?:Paused at step )?([\d,]+) ", str(self.runbar.state["progress_text"]))
        return int(told[1].replace(",", "")) if told else 0

    @property
    def problems(self) -> str:
        """The sentences under the buttons."""
        return " ".join(problem["text"] for problem in self.runbar.state["problems"])

    def _part(self, name: str) -> Widget:
        return self._kernel.widget(_anywidget_id=f"retroml_edu.widgets.{name}")
