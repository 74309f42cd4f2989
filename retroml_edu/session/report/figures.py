"""The figures that tell how a run went."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.curves import CurveData
from retroml_edu.core.metrics import LENGTH, RETURN, RETURN_MEAN, RETURN_WINDOW
from retroml_edu.core.numbers import duration, plain_number
from retroml_edu.session.kept_evaluations import KeptEvaluation
from retroml_edu.session.report.content import Fact

NOTHING = "–"


def key_figures(
    summary: Mapping[str, Any],
    curves: CurveData,
    config: ExperimentConfig,
    tests: Sequence[KeptEvaluation],
    goal: float | None,
) -> list[Fact]:
    """Return them, each with a line of what it means; a dash where there is nothing to tell.

    Args:
        summary: As in summary.json, which may be a stranger's: what it says is checked.
        curves: What was measured.
        config: What was asked for.
        tests: Newest first.
        goal: Return that counts as solved; None where there is none.
    """
    games = curves[RETURN].count
    elapsed_s = _number(summary.get("training_time_s")) or 0.0
    speed = _number(summary.get("steps_per_second"))
    steps = summary.get("steps")
    return [
        Fact("Mean return", _points(curves[RETURN_MEAN].last if games else None), _mean_detail(games, goal)),
        Fact("Best mean", _points(_number(summary.get("return_mean_best"))), f"of {RETURN_WINDOW} games in a row"),
        _test(tests),
        Fact("Games", f"{games:,}", _lengths(curves)),
        Fact("Steps", f"{steps if isinstance(steps, int) else 0:,}", f"of {config.total_timesteps:,}"),
        Fact(
            "Training time",
            duration(elapsed_s) if elapsed_s > 0 else NOTHING,
            f"{speed:,.0f} steps a second" if speed else "",
        ),
    ]


def spread(test: KeptEvaluation) -> str:
    """Return the mean of a test's returns, with the standard deviation of single games where there are several."""
    around = "" if test.return_std is None else f" ± {plain_number(test.return_std)}"
    return f"{plain_number(test.return_mean)}{around}"


def made(test: KeptEvaluation) -> str:
    """Return when a test was made, to the minute."""
    return test.time_utc[:16].replace("T", " ")


def how(test: KeptEvaluation) -> str:
    """Return how a test chose its actions."""
    return "likeliest actions" if test.deterministic else "drawn actions"


def _test(tests: Sequence[KeptEvaluation]) -> Fact:
    if not tests:
        return Fact("Test", NOTHING, "none was played")
    newest = tests[0]
    games = "1 game" if len(newest.episodes) == 1 else f"{len(newest.episodes):,} games"
    return Fact("Test", spread(newest), f"{games}, {how(newest)}")


def _mean_detail(games: int, goal: float | None) -> str:
    counts = f"last {min(games, RETURN_WINDOW)} games" if games else "no game has ended"
    return counts if goal is None else f"{counts}, goal {plain_number(goal)}"


def _lengths(curves: CurveData) -> str:
    last = curves[LENGTH]
    return f"the last one took {last.last:,.0f} steps" if last.count else ""


def _points(value: float | None) -> str:
    return NOTHING if value is None else plain_number(value)


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and abs(value) < 1e300 else None
