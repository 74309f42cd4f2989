"""The chart in plain words, for screen readers and footnotes."""

from __future__ import annotations

import numpy as np

from retroml_edu.core.curves import Curve, CurveData
from retroml_edu.core.hyperparameters import AlgorithmName
from retroml_edu.core.metrics import RETURN, RETURN_MEAN, RETURN_WINDOW, metric
from retroml_edu.core.numbers import plain_number
from retroml_edu.figures.layout import PANELS, points_per_band_step


def text_summary(data: CurveData, algorithm: AlgorithmName) -> str:
    """Return what the chart shows, in two or three sentences of plain text.

    The cost is bounded by the points a curve keeps, so it can be asked for at every tick.
    """
    returns, means = data[RETURN], data[RETURN_MEAN]
    if not returns.count:
        return "No episode has finished yet."
    window = min(returns.count, RETURN_WINDOW)
    episodes = f"{returns.count:,} episodes" if returns.count > 1 else "1 episode"
    best = int(np.argmax(means.high))
    now = plain_number(means.last)
    at = "at" if means.points_per_bucket == 1 else "near"
    sentences = [
        f"After {_last_step(data):,} steps and {episodes}, the mean return of the last {window} is {now}.",
        f"Best mean so far: {plain_number(float(means.high[best]))} {at} step {int(means.step[best]):,}.",
        _trend(returns),
    ]
    latest = [
        f"{metric(panel.metric).label.lower()} {plain_number(data[panel.metric].last)}"
        for panel in PANELS[algorithm][1:]
        if data[panel.metric].count
    ]
    if latest:
        sentences.append(f"Latest values: {', '.join(latest)}.")
    return " ".join(sentences)


def what_is_drawn(data: CurveData) -> str:
    """Return the footnote of a chart: what its marks stand for and what it cannot prove."""
    merged = points_per_band_step(data[RETURN])
    single = f"band: lowest to highest of {merged:,} episodes each" if merged > 1 else "dots: single episodes"
    return (
        f"1 seed; {single}; line: mean of the last {RETURN_WINDOW} episodes, fewer at the start. "
        "One seed allows no conclusion about the algorithm."
    )


def short_number(value: float) -> str:
    """Return a number for a tick label: 0.25, 400, 12.5k, 3M."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:g}{letter}"
    return f"{value:g}"


def _trend(returns: Curve) -> str:
    """Compare the first with the last third of the run, by three standard errors of their difference."""
    third = len(returns.value) // 3
    if third < 5:
        return "It is too early to speak of a trend."
    first, last = returns.value[:third], returns.value[-third:]
    rise = float(last.mean() - first.mean())
    noise = 3 * float(np.sqrt((first.var() + last.var()) / third))
    if abs(rise) <= noise:
        return "Returns have stayed about level over the run."
    return f"Returns have {'risen' if rise > 0 else 'fallen'} over the run."


def _last_step(data: CurveData) -> int:
    return max(int(curve.step[-1]) for curve in data.curves.values() if len(curve.step))
