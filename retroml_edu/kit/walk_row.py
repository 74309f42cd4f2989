"""The walk as it is seen: states in a row, the walker on them, and above each state what it is held to be worth."""

from __future__ import annotations

from typing import Any

import anywidget
import traitlets

from retroml_edu.kit.assets import script
from retroml_edu.kit.walk_replay import Replay


class WalkRow(anywidget.AnyWidget):
    """Draws a `Replay`: its states, the walker, the learners' values beside the exact ones, and what moved.

    Attributes:
        walk: What stays as long as the world does: names of states, rewards of the ends, exact values.
        now: What changes with a move.
    """

    _esm = script("dom.js", "svg.js", "walk_row.js")
    _css = script("walk_row.css")
    walk: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    now: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)

    def show(self, replay: Replay, *, live: bool = True) -> None:
        """Draw what is now.

        Args:
            replay: What is watched.
            live: Whether a screen reader is told; not while it plays by itself.
        """
        left, right = replay.world.reward.min(), replay.world.reward.max()
        low, high = min(float(left), 0.0), max(float(right), 0.0)
        walk = {
            "names": replay.names[1:-1],
            "ends": [float(replay.world.reward[1, 0, 0]), float(replay.world.reward[-2, 0, 1])],
            "exact": [round(float(value), 4) for value in replay.exact[1:-1]],
            "low": low,
            "high": high if high > low else low + 1.0,
        }
        told = replay.told()
        now = {
            "place": replay.path[-1],
            "visits": [replay.path.count(state) for state in range(len(replay.names))],
            "learners": [
                {
                    "name": each.name,
                    "values": [round(float(value), 4) for value in each.values[1:-1]],
                    "moved": [[up.state, round(up.before, 4), up.target] for up in each.updates],
                    "error": round(error, 4),
                    "told": said,
                }
                for each, error, said in zip(replay.learners, replay.errors(), told[1:], strict=True)
            ],
            "told": told[0],
            "live": live,
        }
        with self.hold_sync():
            self.walk, self.now = walk, now
