"""The newest episodes as bars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from statistics import fmean, stdev
from typing import Any

from retroml_edu.core.recent import SHOWN_EPISODES, Episode, RecentEpisodes
from retroml_edu.widgets.assets import script
from retroml_edu.widgets.streamed import Streamed
from retroml_edu.widgets.words import episodes, score


class EpisodeBars(Streamed):
    """One bar a game, the newest on the right; games that ended since the last time are sent, no others.

    Threads: safe.
    """

    _esm = script("dom.js", "words.js", "card.js", "streamed.js", "episode_bars.js")

    def __init__(self, **kwargs: Any) -> None:
        self._shown: list[Episode] = []
        super().__init__(**kwargs)

    def begin(self) -> None:
        """Forget all games, for a new run."""
        with self._writing:
            self._shown = []
            self._send_whole()

    def show(self, recent: RecentEpisodes) -> None:
        """Show the newest games."""
        with self._writing:
            last = self._shown[-1].number if self._shown else 0
            self._shown = recent.newest
            new = [episode for episode in self._shown if episode.number > last]
            if new:
                self._send_change({"episodes": _columns(new), "summary": summary(self._shown)})

    def _content(self) -> tuple[Mapping[str, Any], Sequence[bytes]]:
        content = {"episodes": _columns(self._shown), "summary": summary(self._shown), "capacity": SHOWN_EPISODES}
        return content, []


def summary(newest: Sequence[Episode]) -> str:
    """Return what the bars show, in a sentence for who does not see them."""
    if not newest:
        return "No episode has ended yet."
    returns = [episode.episode_return for episode in newest if isfinite(episode.episode_return)]
    if not returns:
        return f"Last {episodes(len(newest))}: no return is a number."
    lowest, highest = score(min(returns)), score(max(returns))
    mean = f"mean {score(fmean(returns))}"
    if len(returns) == 1:
        return f"The first episode: return {highest}."
    spread = f"standard deviation {score(stdev(returns))}"
    return f"Last {episodes(len(returns))}: returns from {lowest} to {highest}, {mean}, {spread}."


def _columns(shown: Sequence[Episode]) -> list[tuple[int, float | None, int]]:
    """Return what crosses to the page; JSON has no infinite numbers."""
    return [
        (episode.number, episode.episode_return if isfinite(episode.episode_return) else None, episode.length)
        for episode in shown
    ]
