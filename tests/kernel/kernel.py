"""A real ipykernel, spoken to as JupyterLab speaks to it: cells, widget messages, subshells."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager

from tests.kernel.kernelspec import KERNEL_NAME, kernel_environment, write_kernelspec

TIMEOUT_S = 30.0
START_TIMEOUT_S = 60.0


@dataclass
class Execution:
    """What one cell has sent so far.

    Attributes:
        outputs: Contents of its ``stream``, ``display_data``, ``execute_result`` and ``error`` messages.
        done: Whether the kernel has said that it is idle again.
    """

    outputs: list[dict[str, Any]] = field(default_factory=list)
    done: bool = False

    @property
    def result(self) -> str | None:
        """The plain text of the cell's last value."""
        values = [o["data"].get("text/plain") for o in self.outputs if "execution_count" in o]
        return values[-1] if values else None

    @property
    def stdout(self) -> str:
        """Everything that the cell printed."""
        return "".join(o["text"] for o in self.outputs if o.get("name") == "stdout")

    @property
    def error(self) -> str | None:
        """``Name: message`` of the exception that ended the cell."""
        return next((f"{o['ename']}: {o['evalue']}" for o in self.outputs if "ename" in o), None)


@dataclass
class Widget:
    """The browser's side of one widget: its state as told by the kernel.

    Attributes:
        comm_id: Address of its messages, equal to ``widget.model_id`` in the kernel.
        state: Synchronised traits by name.
        messages: Custom messages from the kernel as (content, buffers).
    """

    comm_id: str
    state: dict[str, Any]
    messages: list[tuple[dict[str, Any], list[bytes]]] = field(default_factory=list)


class Kernel:
    """A kernel and the only client of it.

    Messages are read while something is waited for, in the calling thread: a test decides what it waits for
    and until when, and nothing is read behind its back.
    """

    def __init__(self, client: BlockingKernelClient) -> None:
        self._client = client
        self._executions: dict[str, Execution] = {}
        self.widgets: dict[str, Widget] = {}

    def run(self, code: str, *, subshell: str | None = None, timeout_s: float = TIMEOUT_S) -> Execution:
        """Execute a cell, wait for its end, and fail with the cell's own error where it has one."""
        execution = self.start(code, subshell=subshell)
        self.wait(lambda: execution.done, "the end of the cell", timeout_s)
        if execution.error is not None:
            raise AssertionError(f"the cell failed with {execution.error}\n{code}")
        return execution

    def start(self, code: str, *, subshell: str | None = None) -> Execution:
        """Execute a cell without waiting for it."""
        content = {"code": code, "silent": False, "store_history": True, "allow_stdin": False}
        execution = Execution()
        self._executions[self._send("execute_request", content, subshell)] = execution
        return execution

    def wait(self, condition: Callable[[], bool], what: str, timeout_s: float = TIMEOUT_S) -> float:
        """Read the kernel's messages until a condition holds.

        Args:
            condition: Looked at before the first message and after each.
            what: What is waited for, named by the error.
            timeout_s: Deadline in seconds.

        Returns:
            Seconds waited.

        Raises:
            TimeoutError: If the condition does not hold before the deadline.
        """
        began = time.perf_counter()
        while not condition():
            left = max(0.0, began + timeout_s - time.perf_counter())
            try:
                self._handle(self._client.get_iopub_msg(timeout=left))
            except Empty:
                raise TimeoutError(f"waited {timeout_s:g} s in vain for {what}") from None
        return time.perf_counter() - began

    def create_subshell(self) -> str:
        """Open a subshell, as JupyterLab does for widget messages, and return its id."""
        client = self._client
        request = client.session.msg("create_subshell_request", {})
        client.control_channel.send(request)
        while True:
            reply = client.get_control_msg(timeout=TIMEOUT_S)
            if reply["parent_header"].get("msg_id") == request["header"]["msg_id"]:
                return str(reply["content"]["subshell_id"])

    def widget(self, **state: Any) -> Widget:
        """Return the newest widget whose state has the given values, such as ``description="Train"``.

        Raises:
            LookupError: If the kernel has opened no such widget.
        """
        for widget in reversed(self.widgets.values()):
            if state.items() <= {k: widget.state[k] for k in state if k in widget.state}.items():
                return widget
        raise LookupError(f"no widget with {state} among {len(self.widgets)}")

    def click(self, widget: Widget, *, subshell: str | None = None) -> None:
        """Press a Button."""
        self.send(widget, {"event": "click"}, subshell=subshell)

    def set(self, widget: Widget, *, subshell: str | None = None, **state: Any) -> None:
        """Change traits as a person at the widget would; the kernel echoes nothing of its own to these."""
        widget.state.update(state)
        data = {"method": "update", "state": state, "buffer_paths": []}
        self._send("comm_msg", {"comm_id": widget.comm_id, "data": data}, subshell)

    def send(
        self,
        widget: Widget,
        content: dict[str, Any],
        *,
        buffers: Sequence[bytes] = (),
        subshell: str | None = None,
    ) -> None:
        """Send a custom message, as ``model.send`` does in a widget's JavaScript."""
        data = {"method": "custom", "content": content}
        self._send("comm_msg", {"comm_id": widget.comm_id, "data": data}, subshell, buffers)

    def latency_s(self, code: str = "1+1", *, subshell: str | None = None) -> float:
        """Return the seconds from sending a cell to its end."""
        began = time.perf_counter()
        self.run(code, subshell=subshell)
        return time.perf_counter() - began

    def _send(self, kind: str, content: dict[str, Any], subshell: str | None, buffers: Sequence[bytes] = ()) -> str:
        message = self._client.session.msg(kind, content)
        if subshell is not None:
            message["header"]["subshell_id"] = subshell
        if buffers:
            message["buffers"] = list(buffers)
        self._client.shell_channel.send(message)
        return str(message["header"]["msg_id"])

    def _handle(self, message: dict[str, Any]) -> None:
        content = message["content"]
        execution = self._executions.get(message["parent_header"].get("msg_id", ""))
        match message["msg_type"]:
            case "comm_open" if content["target_name"] == "jupyter.widget":
                widget = Widget(content["comm_id"], {})
                self.widgets[widget.comm_id] = widget
                _merge(widget, content["data"], message["buffers"])
            case "comm_msg" if content["comm_id"] in self.widgets:
                _receive(self.widgets[content["comm_id"]], content["data"], message["buffers"])
            case "comm_close":
                self.widgets.pop(content["comm_id"], None)
            case "status" if execution is not None and content["execution_state"] == "idle":
                execution.done = True
            case "stream" | "display_data" | "execute_result" | "error" if execution is not None:
                execution.outputs.append(content)


def _receive(widget: Widget, data: dict[str, Any], buffers: Sequence[memoryview]) -> None:
    match data["method"]:
        case "update":
            _merge(widget, data, buffers)
        case "custom":
            widget.messages.append((data["content"], [bytes(b) for b in buffers]))


def _merge(widget: Widget, data: dict[str, Any], buffers: Sequence[memoryview]) -> None:
    """Take over a state whose binary values travel apart, each with the path of its place."""
    widget.state.update(data["state"])
    for path, buffer in zip(data.get("buffer_paths", []), buffers, strict=True):
        place = widget.state
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = bytes(buffer)


@contextmanager
def running_kernel(folder: Path) -> Iterator[Kernel]:
    """Start a kernel of the running interpreter and end it afterwards.

    Args:
        folder: A temporary folder for its kernelspec, its IPython profile and its runs.

    Yields:
        The kernel, ready for its first cell.
    """
    kernels = folder / "kernels"
    write_kernelspec(kernels)
    specs = KernelSpecManager(kernel_dirs=[str(kernels)], ensure_native_kernel=False)
    manager = KernelManager(
        kernel_name=KERNEL_NAME,
        kernel_spec_manager=specs,
        connection_file=str(folder / "connection.json"),
    )
    manager.start_kernel(env=kernel_environment(folder), cwd=str(folder))
    client = manager.client()
    try:
        client.start_channels()
        client.wait_for_ready(timeout=START_TIMEOUT_S)
        yield Kernel(client)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.cleanup_resources()
