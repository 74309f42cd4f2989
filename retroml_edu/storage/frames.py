"""A run's events as tables."""

from __future__ import annotations

from typing import Any

import pandas as pd

from retroml_edu.core.events import EpisodeEvent, MetricEvent
from retroml_edu.core.metrics import LENGTH, RETURN, RETURN_MEAN, RETURN_WINDOW
from retroml_edu.core.series import MovingMean
from retroml_edu.storage.folder import RunFolder
from retroml_edu.storage.reader import read_events
from retroml_edu.storage.tables import metric_columns


def metrics_frame(folder: RunFolder) -> pd.DataFrame:
    """Return what the updates measured, one row each.

    Columns: ``step``, ``elapsed_s`` (seconds), then the metrics that occur, in the order of the catalogue.
    """
    rows = [event for event in read_events(folder) if isinstance(event, MetricEvent)]
    columns: dict[str, Any] = {
        "step": pd.Series([row.step for row in rows], dtype="int64"),
        "elapsed_s": pd.Series([row.elapsed_s for row in rows], dtype="float64"),
    }
    nan = float("nan")
    for name in metric_columns(rows):
        columns[name] = pd.Series([row.values.get(name, nan) for row in rows], dtype="float64")
    return pd.DataFrame(columns)


def episodes_frame(folder: RunFolder) -> pd.DataFrame:
    """Return the episodes, one row each.

    Columns: ``step``, ``elapsed_s`` (seconds), ``env_index``, ``episode/return``, ``episode/length`` and
    ``episode/return_mean``, the mean over the newest `RETURN_WINDOW` episodes.
    """
    rows = [event for event in read_events(folder) if isinstance(event, EpisodeEvent)]
    mean = MovingMean(RETURN_WINDOW)
    return pd.DataFrame(
        {
            "step": pd.Series([row.step for row in rows], dtype="int64"),
            "elapsed_s": pd.Series([row.elapsed_s for row in rows], dtype="float64"),
            "env_index": pd.Series([row.env_index for row in rows], dtype="int64"),
            RETURN: pd.Series([row.episode_return for row in rows], dtype="float64"),
            LENGTH: pd.Series([row.length for row in rows], dtype="int64"),
            RETURN_MEAN: pd.Series([mean.add(row.episode_return) for row in rows], dtype="float64"),
        }
    )
