"""The panel: ticks, a finished run opened, the table of runs, measured inside a real kernel and called by `cost`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ipykernel.kernelapp import IPKernelApp
from sqlalchemy import insert

from retroml_edu import ExperimentConfig, Lab, load_run
from retroml_edu.core.curves import curve_points
from retroml_edu.core.events import EpisodeEvent, Event, MetricEvent, ProgressEvent, StateEvent
from retroml_edu.core.ids import new_run_id
from retroml_edu.core.states import RunState
from retroml_edu.envs import resolve_config
from retroml_edu.session.experiments import Experiments
from retroml_edu.session.follower import RunFollower
from retroml_edu.storage.folder import create_run_folder
from retroml_edu.storage.index import RunIndex, RunRow
from retroml_edu.storage.index.schema import RunRecord
from retroml_edu.storage.writer import RunWriter
from retroml_edu.widgets.experiments import ExperimentsTable
from retroml_edu.widgets.run_view import RunView, RunWidgets

GAMES_A_TICK = 20
POINTS_A_GAME = 7
METRICS = ("train/policy_loss", "train/value_loss", "train/entropy", "train/approx_kl")


def lab_ms(times: int) -> list[float]:
    """Return the milliseconds of making a panel."""
    return [_ms(Lab) for _ in range(times)]


def ticks(points: Sequence[int], times: int) -> list[tuple[list[float], list[float]]]:
    """Return the milliseconds and the bytes of ticks after so many recorded points each, measured in turns."""
    views = [_Playback(count) for count in points]
    turns: list[tuple[list[float], list[float]]] = [([], []) for _ in points]
    with _bytes_sent() as sent:
        for _ in range(times):
            for view, (ms, size) in zip(views, turns, strict=True):
                before = sum(sent)
                ms.append(_ms(view.tick))
                size.append(float(sum(sent) - before))
    return turns


def open_run(points: int, times: int) -> tuple[float, list[float], list[float]]:
    """Return the milliseconds of reading a finished run's log once, then those of showing it, and the bytes of each."""
    home = Path("runs")
    home.mkdir(exist_ok=True)
    config = resolve_config(ExperimentConfig(env_id="CartPole-v1", run_type="long", seed=1))
    folder = create_run_folder(home, new_run_id(), config, {})
    writer = RunWriter(folder)
    writer.handle([*_story(0, points // POINTS_A_GAME), StateEvent(RunState.DONE, points)])
    writer.close()
    run = load_run(folder.run_id, home)
    first, shown, size = _ms(run.points), [], []
    panel = Lab(home=home).panel
    with _bytes_sent() as sent:
        for _ in range(times):
            before = sum(sent)
            shown.append(_ms(lambda: panel.show_run(RunFollower(load_run(run.run_id, home), in_columns=True))))
            size.append(float(sum(sent) - before))
    return first, shown, size


def runs_table(runs: int, times: int) -> dict[str, list[float]]:
    """Return the milliseconds of reading a home's runs and sending them to the page, and the bytes of messages."""
    home = Path("table")
    home.mkdir()
    index = RunIndex(home)
    rows = [_ended(home, seed) for seed in range(runs)]
    with index._work() as session:  # one by one they would take minutes
        session.execute(insert(RunRecord), rows)
    index.close()
    table = ExperimentsTable(home, _nothing, _nothing, _nothing, _nothing, nullcontext)
    found: dict[str, list[float]] = {"read_ms": [], "send_ms": [], "bytes": [], "renamed_bytes": []}
    experiments = Experiments(home)
    with _bytes_sent() as sent:
        for _ in range(times):
            found["read_ms"].append(_ms(experiments.rows))
        table._show(experiments.rows())
        for number in range(times):
            sent.clear()
            found["send_ms"].append(_ms(table._send_whole))
            found["bytes"].append(float(sum(sent)))
            sent.clear()
            message = {"action": "rename", "run_ids": [rows[number]["run_id"]], "name": f"renamed {number}"}
            table._handle_custom_msg(message, [])
            while table.busy:  # it is renamed in a thread
                time.sleep(0.001)
            found["renamed_bytes"].append(float(sum(sent)))
            if not any(row.name == message["name"] for row in table.rows):
                raise SystemExit(f"Run {number} was not renamed: its size means nothing.")
    return found


def _ended(home: Path, seed: int) -> dict[str, Any]:
    run_id = new_run_id()
    (home / run_id).mkdir()
    row = RunRow(
        run_id,
        "CartPole-v1",
        "PPO",
        seed,
        name=f"trial {seed}",
        tags=("baseline",),
        steps=10_000,
        total_timesteps=10_000,
        episodes=300,
        return_mean=seed / 7,
        return_best=500.0,
        created_utc="2026-01-31T12:00:00.000Z",
        ended_utc="2026-01-31T12:01:00.000Z",
        training_time_s=12.3,
        path=run_id,
    )
    return asdict(row) | {"state": str(RunState.DONE)}


def _nothing(_: object) -> None:
    """Take what is clicked, and do nothing."""


@contextmanager
def _bytes_sent() -> Iterator[list[int]]:
    """Note the size of each widget message that the kernel sends, envelope and binary parts."""
    session = IPKernelApp.instance().kernel.session
    send, sizes = session.send, []

    def noted(stream: Any, message: Any, *args: Any, buffers: Any = None, **more: Any) -> Any:
        sent = send(stream, message, *args, buffers=buffers, **more)
        if sent and sent["msg_type"].startswith("comm"):
            parts = [*session.serialize(sent), *(buffers or ())]
            sizes.append(sum(memoryview(part).nbytes for part in parts))
        return sent

    session.send = noted
    try:
        yield sizes
    finally:
        session.send = send


class _Playback:
    """A view of a run that has reported a number of games and updates already."""

    def __init__(self, points: int) -> None:
        config = resolve_config(ExperimentConfig(env_id="CartPole-v1", run_type="long", seed=1))
        self._view = RunView(RunWidgets.of(config))
        self._games = points // POINTS_A_GAME
        self._view.show_run("run", config, Path(), recorded=curve_points(_story(0, self._games)))
        self.tick()

    def tick(self) -> None:
        """Take what a quarter of a second brings."""
        # Whatever is due by the clock: each tick draws, as if the page could keep up.
        self._view._next_look_s = 0.0
        self._view.handle([*_story(self._games, GAMES_A_TICK), ProgressEvent(10 * self._games, self._games / 500)])
        self._games += GAMES_A_TICK


def _story(first: int, games: int) -> Iterator[Event]:
    for number in range(first, first + games):
        step, elapsed_s = 10 * (number + 1), number / 500
        yield EpisodeEvent(step, elapsed_s, 0, float(number % 487), 100)
        yield MetricEvent(step, elapsed_s, dict.fromkeys(METRICS, 1 / step))


def _ms(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1e3
