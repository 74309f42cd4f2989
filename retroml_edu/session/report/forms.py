"""The forms of a report, and where one is written."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from retroml_edu.core.errors import UnknownNameError, did_you_mean
from retroml_edu.session.export import Export, file_name_with, write_file
from retroml_edu.session.report.as_html import as_html
from retroml_edu.session.report.as_json import as_json
from retroml_edu.session.report.as_text import as_text
from retroml_edu.session.report.build import build

if TYPE_CHECKING:
    from retroml_edu.session.history import Run


def _html(run: Run) -> bytes:
    return as_html(build(run)).encode("utf-8")


def _json(run: Run) -> bytes:
    return as_json(build(run)).encode("utf-8")


def _text(run: Run) -> bytes:
    return as_text(build(run)).encode("utf-8")


REPORTS: Mapping[str, Export] = {
    "html": Export("The report as a page that opens anywhere and prints well", "report.html", "text/html", _html),
    "json": Export("The report for programs", "report.json", "application/json", _json),
    "text": Export("The report as plain text", "report.txt", "text/plain", _text),
}
_BY_SUFFIX = {".html": "html", ".htm": "html", ".json": "json", ".txt": "text"}


def make_report(run: Run, form: str) -> bytes:
    """Return a report's bytes, of a run that goes on or has ended in any way.

    Raises:
        UnknownNameError: If there is no such form.
        ConfigError: If the run's config cannot be read.
    """
    return _form(form).make(run)


def report_name(run: Run, form: str) -> str:
    """Return a file name such as ``CartPole-v1_PPO_seed42_run-faeac2_report.html``."""
    return file_name_with(run, _form(form).suffix)


def write_report(run: Run, form: str = "", target: str | Path | None = None) -> Path:
    """Write a report to a file, or under its own name into a folder, and return the path.

    Args:
        run: The run.
        form: ``html``, ``json`` or ``text``; as the target's name says if left out, else ``html``.
        target: File or folder; the current folder if left out.

    Raises:
        UnknownNameError: If there is no such form.
        ConfigError: If the run's config cannot be read.
        StorageError: If the target cannot be written.
    """
    form = form or _BY_SUFFIX.get(Path(target or "").suffix.lower(), "html")
    return write_file(make_report(run, form), report_name(run, form), target)


def _form(name: str) -> Export:
    if name not in REPORTS:
        raise UnknownNameError(
            f'There is no report as "{name}".{did_you_mean(name, REPORTS)} There are: {", ".join(REPORTS)}.'
        )
    return REPORTS[name]
