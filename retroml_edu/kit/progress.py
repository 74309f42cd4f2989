"""How far long work in a cell is, and how long it still takes."""

from __future__ import annotations

import html
import time
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from IPython.core.getipython import get_ipython
from IPython.display import display as ipython_display

display: Any = ipython_display  # it has no types
PATIENCE_S = 2.0
"""What takes longer says how far it is."""
_TICK_S = 0.5
_Item = TypeVar("_Item")


def tracked(items: Sequence[_Item], unit: str = "runs") -> Iterator[_Item]:
    """Give one item after the other. If all take more than two seconds, the cell shows a bar with the time left.

    Args:
        items: What a loop goes through, such as ``range(40)``.
        unit: What they are, in the plural, as it stands behind their number.

    Example:
        >>> returns = [learn(np.random.default_rng(run)) for run in tracked(range(40))]
    """
    progress = Progress(unit)
    try:
        for done, item in enumerate(items):
            yield item
            progress(done + 1, len(items))
    finally:
        progress.end()


class Progress:
    """Shows in the cell how far long work is, and takes it away at the end.

    Args:
        unit: What is counted, in the plural.
    """

    def __init__(self, unit: str) -> None:
        self._unit = unit
        self._began = self._said = time.monotonic()
        self._handle: Any = None

    def __call__(self, done: int, of: int) -> None:
        """Hear how much is done, and of how much."""
        now = time.monotonic()
        if done == of:
            self.end()
        elif now - self._began > PATIENCE_S and now - self._said > _TICK_S:
            left = (now - self._began) / done * (of - done)
            self._said = now
            text = f"Measuring: {done:,} of {of:,} {self._unit}, about {left:.0f} s left"
            counts = f'value="{done}" max="{of}" aria-label="Measuring"'
            self._show(text, f'<progress {counts} style="vertical-align: middle"></progress> {html.escape(text)}')

    def end(self) -> None:
        """Show it no longer."""
        if self._handle is not None:
            self._show("", "")
            self._handle = None

    def _show(self, text: str, markup: str) -> None:
        bundle = {"text/plain": text, "text/html": markup}
        if self._handle is not None:
            self._handle.update(bundle, raw=True)
        elif get_ipython() is not None:
            self._handle = display(bundle, raw=True, display_id=True)
