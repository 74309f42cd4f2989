"""What the panel mends in the kernel that it runs in."""

from __future__ import annotations

from typing import Any


def keep_shell_answering() -> None:
    """Let ipykernel 7.2 and 7.3 send replies through the stream on which they wait for requests.

    They send them past it, on the socket itself, which can swallow the sign that a request has arrived. A kernel that
    is as busy as one that trains then stops hearing clicks and cells for good. ipykernel has mended it the same way
    since (https://github.com/ipython/ipykernel/issues/1554 and pull request 1529); the releases that have the mend hold
    clicks back while a cell runs, so they are no way out.

    Nothing happens outside such a kernel.
    """
    from IPython.core.getipython import get_ipython

    kernel: Any = getattr(get_ipython(), "kernel", None)
    stream = getattr(kernel, "shell_stream", None)
    manager: Any = getattr(getattr(kernel, "shell_channel_thread", None), "manager", None)
    known = manager is not None and stream is not None and hasattr(manager, "_shell_socket")
    if known and manager._shell_socket is getattr(stream, "socket", None):
        manager._shell_socket = stream
