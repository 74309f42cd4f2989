"""What the page of compared runs shows, as it crosses to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.metrics import RETURN
from retroml_edu.figures.overlay import (
    SIGNS,
    Axis,
    OverlaidRun,
    Overlay,
    color_of,
    metric_label,
    overlay_columns,
    overlay_spec,
    overlay_summary,
    window_label,
)
from retroml_edu.figures.palette import Theme
from retroml_edu.session.compared_settings import cautions, comparable, differing_settings
from retroml_edu.session.comparison import LAST_GAMES, WINDOWS, Measured, metrics_of
from retroml_edu.storage.index import RunRow


@dataclass(frozen=True, slots=True)
class Chosen:
    """A run that is compared.

    Attributes:
        row: What the list of runs says of it; what it said last, if the run was deleted.
        place: Which sign and colour it has.
        measured: What it has measured; None if the run was deleted.
        config: Its settings; None where they cannot be read.
        hidden: Whether its line is not drawn now.
    """

    row: RunRow
    place: int
    measured: Measured | None
    config: ExperimentConfig | None
    hidden: bool

    @property
    def name(self) -> str:
        """What it is called, as in the table of runs."""
        return self.row.name or f"Run {self.row.run_id[-6:]}"


def overlay_of(chosen: Sequence[Chosen], metric: str, window: int, axis: Axis) -> Overlay:
    """Return the chart of the runs that are drawn."""
    runs = tuple(
        OverlaidRun(one.row.run_id, one.name, one.place, line.step, line.seconds, line.value, line.merged)
        for one in chosen
        if not one.hidden and one.measured is not None and (line := one.measured.line) is not None
    )
    return Overlay(metric, window, axis, runs)


def content(chosen: Sequence[Chosen], overlay: Overlay, theme: Theme) -> dict[str, Any]:
    """Return everything that the page shows of the chosen runs, as JSON values and bytes."""
    configs = {one.row.run_id: one.config for one in chosen if one.config is not None}
    columns = overlay_columns(overlay)
    metrics = metrics_of(one.measured for one in chosen if one.measured is not None)
    told = cautions(configs.values())
    same = comparable(configs.values())
    return {
        "runs": [_legend(one, theme) for one in chosen],
        "metrics": [[name, metric_label(name)] for name in _with(metrics or [RETURN], overlay.metric)],
        "windows": [[window, window_label(overlay.metric, window)] for window in WINDOWS],
        "title": overlay.title,
        "figure": overlay_spec(overlay, theme),
        "drawn": [run.run_id for run in overlay.runs],
        "counts": [len(column) for column in columns],
        "points": b"".join(column.tobytes() for column in columns),
        "summary": overlay_summary(overlay, comparable=same) if chosen else "",
        "cautions": [*told, *_still_read(chosen)],
        "warns": not same,
        "problems": _problems(chosen, overlay.metric),
        "differences": [[difference.label, difference.values] for difference in differing_settings(configs)],
        "compared": len(configs),
    }


def file_stem(overlay: Overlay) -> str:
    """Return a file name without its end that says what it holds: ``compare_episode-return_3-runs``."""
    metric = "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in overlay.metric)
    number = len(overlay.runs)
    return f"compare_{metric[:60]}_{number}-run{'' if number == 1 else 's'}"


def _with(names: Sequence[str], name: str) -> list[str]:
    return [*names, *([] if name in names else [name])]


def _legend(one: Chosen, theme: Theme) -> dict[str, Any]:
    row, sign, measured = one.row, SIGNS[one.place], one.measured or Measured()
    return {
        "run_id": row.run_id,
        "name": one.name,
        "env_id": row.env_id,
        "algorithm": row.algorithm,
        "seed": row.seed,
        "state": "deleted" if one.measured is None else str(row.state),
        "steps": row.steps,
        "total_timesteps": row.total_timesteps,
        "return_mean": measured.return_mean,
        "games": min(measured.games, LAST_GAMES),
        "color": color_of(one.place, theme),
        "shape": sign.shape,
        "open": sign.open,
        "sign": sign.words,
        "hidden": one.hidden,
    }


def _still_read(chosen: Sequence[Chosen]) -> list[str]:
    """Return in a sentence which curves end early because their logs are still being read; none where all are whole."""
    behind = {
        one.name: one.measured.read_share
        for one in chosen
        if not one.hidden and one.measured is not None and one.measured.read_share < 1
    }
    if not behind:
        return []
    shares = ", ".join(f"{name} ({_tens(share)} of it so far)" for name, share in behind.items())
    if len(behind) == 1:
        return [f"Still reading the log of {shares}: its curve and its mean are of that part only."]
    return [f"Still reading the logs of {shares}: their curves and means are of those parts only."]


def _tens(share: float) -> str:
    # In tens, rounded down: a screen reader says the sentence again whenever it has changed.
    return f"{10 * int(10 * share)} %" if share >= 0.1 else "less than 10 %"


def _problems(chosen: Sequence[Chosen], metric: str) -> list[str]:
    """Return why chosen runs have no line, in sentences."""
    problems: list[str] = []
    silent: list[str] = []
    for one in chosen:
        if one.measured is None:
            gone = f"{one.name} was deleted, and its curve with it."
            problems.append(f"{gone} Undo in Experiments brings it back; ✕ takes it off this list.")
        elif one.measured.problem:
            problems.append(f"{one.name}: {one.measured.problem}")
        elif one.measured.line is None:
            silent.append(one.name)
    if silent:
        problems.append(f"No value of {metric_label(metric)} so far: {', '.join(silent)}.")
    return problems
