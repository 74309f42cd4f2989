"""Exports of a run: the same bytes for the panel's downloads, for scripts and for the command line."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.errors import StorageError, UnknownNameError, did_you_mean
from retroml_edu.envs import goal_return
from retroml_edu.storage.atomic import write_bytes
from retroml_edu.storage.config_files import config_text
from retroml_edu.storage.exports import export_zip, metrics_csv, metrics_json

YAML_MIME = "application/yaml"
PACKED = 0.15
"""What is left of a log, or of a table that is made of one, in a zip, about; models and videos stay as they are."""

if TYPE_CHECKING:
    from retroml_edu.session.history import Run


@dataclass(frozen=True, slots=True)
class Export:
    """A form in which a run can be taken away.

    Attributes:
        label: What it is, for a button's tooltip.
        suffix: End of the file name.
        mime: Media type.
        make: Returns the file's bytes.
    """

    label: str
    suffix: str
    mime: str
    make: Callable[[Run], bytes]


def _csv(run: Run) -> bytes:
    return metrics_csv(run.folder)


def _json(run: Run) -> bytes:
    return metrics_json(run.folder)


def _png(run: Run) -> bytes:
    from retroml_edu.figures.static import to_png

    return to_png(run.curves(), run.config.algorithm, solved_return=goal_return(run.config.env_id))


def _svg(run: Run) -> bytes:
    from retroml_edu.figures.static import to_svg

    return to_svg(run.curves(), run.config.algorithm, solved_return=goal_return(run.config.env_id))


def _html(run: Run) -> bytes:
    from retroml_edu.figures.page import to_html

    return to_html(run.curves(), run.config.algorithm, solved_return=goal_return(run.config.env_id)).encode("utf-8")


def _yaml(run: Run) -> bytes:
    return config_text(run.config).encode("utf-8")


def _zip(run: Run) -> bytes:
    buffer = io.BytesIO()
    export_zip(run.folder, buffer)
    return buffer.getvalue()


EXPORTS: Mapping[str, Export] = {
    "csv": Export("All metrics and episodes as a table", "metrics.csv", "text/csv", _csv),
    "json": Export("All metrics and episodes as JSON", "metrics.json", "application/json", _json),
    "png": Export("The curves as a picture", "curves.png", "image/png", _png),
    "svg": Export("The curves as a drawing that stays sharp at any size", "curves.svg", "image/svg+xml", _svg),
    "html": Export("The curves as an interactive page", "curves.html", "text/html", _html),
    "yaml": Export("The settings, to edit, send and load again", "settings.yaml", YAML_MIME, _yaml),
    "zip": Export("The whole run: config, metrics, model, videos", "run.zip", "application/zip", _zip),
}


def file_name(run: Run, what: str) -> str:
    """Return a file name that says what it holds, such as ``CartPole-v1_PPO_seed42_run-faeac2_metrics.csv``.

    The end of the run's id tells two runs of one seed apart.
    """
    return file_name_with(run, _export(what).suffix)


def file_name_with(run: Run, suffix: str) -> str:
    """Return a file name that says which run it is of, with an end that says what it holds."""
    return f"{_named_after(run.config)}_run-{run.run_id[-6:]}_{suffix}"


def settings_file_name(config: ExperimentConfig) -> str:
    """Return a name for a file of settings, such as ``CartPole-v1_PPO_seed42_settings.yaml``."""
    return f"{_named_after(config)}_settings.yaml"


def _named_after(config: ExperimentConfig) -> str:
    environment = "".join(letter if letter.isalnum() or letter in "-." else "-" for letter in config.env_id)
    return f"{environment}_{config.algorithm}_seed{config.seed}"


def make_export(run: Run, what: str) -> bytes:
    """Return an export's bytes.

    Raises:
        UnknownNameError: If there is no such export.
    """
    return _export(what).make(run)


def export_bytes(run: Run, what: str) -> int:
    """Return about how large an export is in a zip, before it is made: as large as its sources are when packed.

    Raises:
        UnknownNameError: If there is no such export.
        OSError: If the folder cannot be read.
    """
    if _export(what) is EXPORTS["zip"]:
        return sum(_packed_bytes(file) for _, file in run.folder.kept_files())
    if what not in ("csv", "json"):
        return 0  # they do not grow with the run
    log = run.folder.metrics_log
    return _packed_bytes(log) if log.exists() else 0


def _packed_bytes(file: Path) -> int:
    return round(file.stat().st_size * (PACKED if file.suffix in (".jsonl", ".json", ".csv", ".log") else 1))


def write_export(run: Run, what: str, target: str | Path | None = None) -> Path:
    """Write an export to a file, or under its own name into a folder, and return the path.

    Raises:
        UnknownNameError: If there is no such export.
        StorageError: If the target cannot be written.
    """
    return write_file(make_export(run, what), file_name(run, what), target)


def write_file(content: bytes, name: str, target: str | Path | None) -> Path:
    """Write to a file that a person names, or under a name of its own into a folder, and return the path.

    Args:
        content: Of the file.
        name: Its name, where the target does not give one.
        target: File or folder; the current folder if None.

    Raises:
        StorageError: If the target cannot be written.
    """
    path = Path(target) if target is not None else Path.cwd()
    try:
        if path.is_dir():
            path = path / name
        write_bytes(path, content)
    except (OSError, StorageError) as error:
        reason = getattr(error.__cause__ or error, "strerror", None) or error
        raise StorageError(f'"{path}" cannot be written ({reason}): choose another place.') from None
    return path


def _export(what: str) -> Export:
    if what not in EXPORTS:
        raise UnknownNameError(
            f'There is no export "{what}".{did_you_mean(what, EXPORTS)} There are: {", ".join(EXPORTS)}.'
        )
    return EXPORTS[what]
