"""One tick of the panel and the making of panels, timed inside a real kernel: called there by `cost`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from retroml_edu import ExperimentConfig, Lab
from retroml_edu.core.events import EpisodeEvent, Event, MetricEvent, ProgressEvent
from retroml_edu.envs import goal_return, resolve_config
from retroml_edu.widgets.chart import LiveChart
from retroml_edu.widgets.log import EventLog
from retroml_edu.widgets.run_view import RunView
from retroml_edu.widgets.runbar import RunBar
from retroml_edu.widgets.videos import VideoShelf

GAMES_A_TICK = 20
METRICS = ("train/policy_loss", "train/value_loss", "train/entropy", "train/approx_kl")


def lab_ms(times: int) -> list[float]:
    """Return the milliseconds of making a panel."""
    return [_ms(Lab) for _ in range(times)]


def tick_ms(few: int, many: int, times: int) -> tuple[list[float], list[float]]:
    """Return the milliseconds of a tick after few and after many recorded points, measured in turns."""
    views = [_Playback(few), _Playback(many)]
    turns = [[_ms(view.tick) for view in views] for _ in range(times)]
    return [turn[0] for turn in turns], [turn[1] for turn in turns]


class _Playback:
    """A view of a run that has reported a number of games and updates already."""

    def __init__(self, points: int) -> None:
        config = resolve_config(ExperimentConfig(env_id="CartPole-v1", run_type="long", seed=1))
        self._view = RunView(RunBar(), LiveChart("PPO", goal_return(config.env_id)), EventLog(), VideoShelf())
        self._view.show_run("run", config, Path())
        self._step = 0
        for _ in range(0, points, 1_000):
            self._view.handle(list(self._events(1_000)))
        self.tick()

    def tick(self) -> None:
        """Take what a quarter of a second brings."""
        self._view.handle(list(self._events(GAMES_A_TICK)))

    def _events(self, games: int) -> Iterator[Event]:
        for _ in range(games):
            self._step += 10
            yield EpisodeEvent(self._step, self._step / 5_000, 0, float(self._step % 500), 100)
            yield MetricEvent(self._step, self._step / 5_000, dict.fromkeys(METRICS, 1 / self._step))
        yield ProgressEvent(self._step, self._step / 5_000)


def _ms(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1e3
