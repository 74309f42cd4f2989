"""The trained model on disk: safetensors and JSON, nothing that could run code."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from retroml_edu.core.errors import StorageError
from retroml_edu.core.weights import PolicyWeights
from retroml_edu.storage.atomic import cannot_write, write_bytes, write_json
from retroml_edu.storage.folder import RunFolder
from retroml_edu.storage.json_text import read_json_object
from retroml_edu.storage.paths import read_unlinked, unlinked
from retroml_edu.storage.tensors import from_safetensors, to_safetensors

MODEL_FORMAT_VERSION = 1
MAX_MODEL_BYTES = 2**30
_WEIGHTS = "weights.safetensors"
NORMALIZATION = "normalization.safetensors"
_DESCRIPTION = "model.json"


def save_model(folder: RunFolder, weights: PolicyWeights, description: Mapping[str, Any]) -> None:
    """Write ``model/``: weights, normalisation statistics if there are any, and model.json.

    Args:
        folder: Run folder.
        weights: What is saved.
        description: JSON facts by which the policy can be built again; step and format version are added.

    Raises:
        StorageError: If it cannot be written.
    """
    place = unlinked(folder.path, folder.model_dir.name)
    try:
        place.mkdir(exist_ok=True)
        if not weights.normalization:
            (place / NORMALIZATION).unlink(missing_ok=True)
    except OSError as error:
        raise cannot_write(place, error) from error
    write_bytes(place / _WEIGHTS, to_safetensors(weights.arrays))
    if weights.normalization:
        write_bytes(place / NORMALIZATION, to_safetensors(weights.normalization))
    facts = {**description, "format_version": MODEL_FORMAT_VERSION, "step": weights.step}
    write_json(place / _DESCRIPTION, facts)


def load_model(folder: RunFolder) -> tuple[PolicyWeights, dict[str, Any]]:
    """Read ``model/`` back; arrays are in memory of their own.

    Returns:
        The weights, and what model.json says.

    Raises:
        StorageError: If there is no model, or it is damaged, too large or of another format version.
    """
    place = folder.model_dir
    if not (place / _DESCRIPTION).exists():
        raise StorageError(f"The run {folder.run_id} has no model: it is written when training ends or is stopped.")
    try:
        description = read_json_object(unlinked(folder.path, f"{place.name}/{_DESCRIPTION}"))
    except (OSError, ValueError) as error:
        raise _damaged(place / _DESCRIPTION, error) from None
    version, step = description.get("format_version"), description.get("step")
    if version != MODEL_FORMAT_VERSION:
        raise StorageError(
            f"{place / _DESCRIPTION} has format version {version}, and this retroml_edu reads version "
            f"{MODEL_FORMAT_VERSION}: use the version that wrote it."
        )
    if type(step) is not int or step < 0:
        raise _damaged(place / _DESCRIPTION, "it names no step")
    normalization = _read_arrays(folder, NORMALIZATION) if (place / NORMALIZATION).exists() else {}
    return PolicyWeights(step, _read_arrays(folder, _WEIGHTS), normalization), description


def _read_arrays(folder: RunFolder, name: str) -> dict[str, np.ndarray]:
    place = folder.model_dir
    try:
        return from_safetensors(read_unlinked(folder.path, f"{place.name}/{name}", MAX_MODEL_BYTES))
    except ValueError as error:
        raise _damaged(place / name, error) from None


def _damaged(file: Path, reason: object) -> StorageError:
    return StorageError(f"{file} cannot be read: {reason}. Restore it from a copy of the run, or train again.")
