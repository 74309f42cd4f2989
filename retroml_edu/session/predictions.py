"""How well the runs of a home were foreseen."""

from __future__ import annotations

from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from retroml_edu.analysis.prediction import Calibration, PredictionScore, calibration, score_prediction
from retroml_edu.core.curves import CurveData
from retroml_edu.core.errors import RetroMLError
from retroml_edu.core.metrics import RETURN_MEAN
from retroml_edu.core.prediction import Prediction
from retroml_edu.session.history import Run
from retroml_edu.storage.folder import RunFolder, list_run_folders

NEWEST_RUNS = 500
"""How many of the newest runs are looked at."""
MOST_PREDICTIONS = 20
"""How many of the newest predictions count: what somebody thought a year ago says little of them now."""


def score_run(prediction: Prediction, data: CurveData) -> PredictionScore | None:
    """Return what came of a prediction by a run's curves; None while there is nothing to compare."""
    curve = data[RETURN_MEAN]
    return score_prediction(prediction, curve.step, curve.value)


def calibration_of(home: Path) -> Calibration | None:
    """Return how well the newest predictions of a home were calibrated; None without any.

    It looks into many folders and reads some curves: for a thread of its own.

    Raises:
        StorageError: If the home cannot be read.
    """
    scores: list[PredictionScore] = []
    for folder in list_run_folders(home)[:NEWEST_RUNS]:
        score = _score_of(folder) if folder.prediction_file.is_file() else None
        if score is not None:
            scores.append(score)
        if len(scores) == MOST_PREDICTIONS:
            break
    return calibration(scores)


def _score_of(folder: RunFolder) -> PredictionScore | None:
    with suppress(RetroMLError, OSError):
        if Run(folder).state.is_final:
            return _kept_score(folder, folder.metrics_log.stat().st_size)
    return None


@lru_cache(maxsize=1_000)
def _kept_score(folder: RunFolder, _size_bytes: int) -> PredictionScore | None:
    # The size tells a run that was resumed from itself: its log has grown.
    run = Run(folder)
    prediction = run.prediction
    return None if prediction is None else score_run(prediction, run.curves())
