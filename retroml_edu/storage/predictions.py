"""prediction.json: what a person expected of a run, written once, before anything of it was known."""

from __future__ import annotations

import threading
from contextlib import suppress

from retroml_edu.core.errors import PredictionError, StorageError
from retroml_edu.core.ids import utc_now
from retroml_edu.core.prediction import Prediction
from retroml_edu.storage.atomic import write_json
from retroml_edu.storage.folder import RunFolder
from retroml_edu.storage.json_text import parse
from retroml_edu.storage.paths import read_unlinked, unlinked

FORMAT_VERSION = 1
MAX_BYTES = 2**16
_WRITING = threading.Lock()


def write_prediction(folder: RunFolder, prediction: Prediction) -> None:
    """Write down what a person expects of a run.

    Raises:
        PredictionError: If there is one already: who has seen the run may not change what they expected of it.
        StorageError: If it cannot be written.
    """
    file = unlinked(folder.path, folder.prediction_file.name)
    with _WRITING:
        if file.exists():
            raise PredictionError(f"{file} is there already, and a prediction is made once: start another run.")
        write_json(file, {"format_version": FORMAT_VERSION, "time_utc": utc_now(), **prediction.model_dump()})


def read_prediction(folder: RunFolder) -> Prediction | None:
    """Return what was expected of a run; None where nothing was, or nothing that can be read.

    The folder may be a stranger's: no link is followed, and nothing is read beyond its bound.
    """
    with suppress(StorageError, ValueError):
        data = parse(read_unlinked(folder.path, folder.prediction_file.name, MAX_BYTES), max_depth=2)
        if isinstance(data, dict) and data.get("format_version") == FORMAT_VERSION:
            return Prediction.of(data)
    return None
