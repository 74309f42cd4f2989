"""What a run is exported as: metrics.csv, metrics.json, summary.json and the folder as a zip."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import IO, Any, BinaryIO

from retroml_edu.core.events import Event
from retroml_edu.core.metrics import METRICS
from retroml_edu.storage.atomic import atomic_file, write_bytes, write_json
from retroml_edu.storage.folder import RunFolder
from retroml_edu.storage.json_text import to_line
from retroml_edu.storage.reader import read_events
from retroml_edu.storage.summary import completed, created_utc, summarise
from retroml_edu.storage.tables import LEADING_COLUMNS, metric_columns, table_rows

__all__ = [
    "csv_text",
    "export_zip",
    "metrics_csv",
    "metrics_json",
    "summarise",
    "write_metrics_csv",
    "write_metrics_json",
    "write_summary",
]

_PACKED_ALREADY = (".mp4", ".zip", ".jpg", ".png", ".npz", ".z")
_COPY_BYTES = 2**20


def csv_text(text: str) -> str:
    """Return a text cell that no spreadsheet takes for a formula."""
    return "'" + text if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def metrics_csv(folder: RunFolder, events: Iterable[Event] | None = None) -> bytes:
    """Return all metrics and episodes as CSV, one row an event in the order in which they happened.

    Columns: those of `LEADING_COLUMNS`, then metrics by their catalogue names; empty where a row has none.
    """
    rows = list(table_rows(_events(folder, events)))
    names = metric_columns(rows)
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow([*LEADING_COLUMNS, *map(csv_text, names)])
    for row in rows:
        leading = (csv_text(row.kind), row.step, _cell(row.elapsed_s), "" if row.env_index is None else row.env_index)
        table.writerow((*leading, *(_cell(row.values.get(name)) for name in names)))
    return text.getvalue().encode()


def metrics_json(folder: RunFolder, events: Iterable[Event] | None = None) -> bytes:
    """Return the same table as JSON: ``columns`` explains each column, ``data`` holds one list a column.

    Cells without a value are null.
    """
    rows = list(table_rows(_events(folder, events)))
    names = metric_columns(rows)
    data: dict[str, list[Any]] = {
        "kind": [row.kind for row in rows],
        "step": [row.step for row in rows],
        "elapsed_s": [row.elapsed_s for row in rows],
        "env_index": [row.env_index for row in rows],
        **{name: [row.values.get(name) for row in rows] for name in names},
    }
    columns = [{"name": name, "unit": unit, "meaning": text} for name, (unit, text) in LEADING_COLUMNS.items()]
    columns += [_explained(name) for name in names]
    content = {"format_version": 1, "run_id": folder.run_id, "columns": columns, "data": data}
    return (to_line(content) + "\n").encode()


def write_metrics_csv(folder: RunFolder, events: Iterable[Event] | None = None) -> None:
    """Write metrics.csv.

    Args:
        folder: Run folder.
        events: Its events, where they have been read already.

    Raises:
        StorageError: If it cannot be written.
    """
    write_bytes(folder.metrics_csv, metrics_csv(folder, events))


def write_metrics_json(folder: RunFolder, events: Iterable[Event] | None = None) -> None:
    """Write metrics.json; as `write_metrics_csv`."""
    write_bytes(folder.metrics_json, metrics_json(folder, events))


def write_summary(folder: RunFolder, extra: Mapping[str, Any], events: Iterable[Event] | None = None) -> dict[str, Any]:
    """Write summary.json and return it.

    Args:
        folder: Run folder.
        extra: Facts that the run itself knows better than its events do, such as ``training_time_s``.
        events: Its events, where they have been read already.

    Raises:
        StorageError: If it cannot be written.
    """
    summary = completed(summarise(folder, events), extra)
    write_json(folder.summary_file, summary)
    return summary


def export_zip(folder: RunFolder, target: Path | BinaryIO) -> None:
    """Write a run folder as a zip: equal folders give equal bytes.

    What only a running run needs is left out. Files are copied piece by piece.

    Args:
        folder: Run folder.
        target: File to make, or an open one.

    Raises:
        StorageError: If the target cannot be written.
    """
    if isinstance(target, Path):
        with atomic_file(target) as file:
            _zip(folder, file, leave_out=target)
    else:
        _zip(folder, target)


def _zip(folder: RunFolder, target: IO[bytes], leave_out: Path | None = None) -> None:
    with zipfile.ZipFile(target, "w") as archive:
        for name, file in folder.kept_files():
            if leave_out is not None and leave_out.exists() and file.samefile(leave_out):
                continue
            with file.open("rb") as source:
                entry = zipfile.ZipInfo(f"{folder.run_id}/{name}", _zip_date(folder))
                entry.external_attr = 0o600 << 16
                packed = file.suffix in _PACKED_ALREADY
                entry.compress_type = zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED
                # A log may grow meanwhile: what it held at first is taken, and the entry's form chosen by that.
                entry.file_size = left = file.stat().st_size
                with archive.open(entry, "w") as packer:
                    while left > 0 and (piece := source.read(min(left, _COPY_BYTES))):
                        packer.write(piece)
                        left -= len(piece)


def _zip_date(folder: RunFolder) -> tuple[int, int, int, int, int, int]:
    # The run's own beginning, for every file: the files' dates differ from machine to machine.
    text = created_utc(folder.run_id)
    made = datetime.fromisoformat(text) if text else None
    if made is None or not 1980 <= made.year < 2108:
        return (1980, 1, 1, 0, 0, 0)
    return (made.year, made.month, made.day, made.hour, made.minute, made.second)


def _events(folder: RunFolder, events: Iterable[Event] | None) -> Iterable[Event]:
    return read_events(folder) if events is None else events


def _cell(value: float | None) -> str | float:
    return "" if value is None or value != value else value  # noqa: PLR0124 - NaN is the value unlike itself


def _explained(name: str) -> dict[str, str]:
    metric = METRICS.get(name)
    if metric is None:
        return {"name": name, "unit": "", "meaning": ""}
    return {
        "name": name,
        "label": metric.label,
        "unit": metric.unit,
        "meaning": metric.meaning,
        "better": metric.better,
    }
