"""Measure all claims of all lessons with all their seeds: ``python -m tests.lessons.claims [NAME ...]``.

Writes ``lessons/claims.md`` to be read and ``lessons/claims.json`` with a digest of what the figures depend on: the
code of the lesson, not its prose, and the modules that it measures with. A test compares it.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any

from retroml_edu.classroom.claims import Measured, recording
from retroml_edu.cli.lesson import chosen
from retroml_edu.core.errors import ClaimError, UnknownNameError
from retroml_edu.core.sources import sources_digest
from tests.lessons.sources import BUDGET, LESSONS, ROOT, code_cells

JSON, TABLE = ROOT / "lessons" / "claims.json", ROOT / "lessons" / "claims.md"
MODULES, TABULAR = ("classroom/claims.py", "analysis/intervals.py"), "tabular/*.py"
"""Of the package: what figures of all lessons depend on, and those of lessons that take something from tabular."""
Kept = Mapping[str, Mapping[str, Any]]
"""By lesson: ``digest``, and ``claims`` with what came of each."""
_HEAD = """# Claims of the lessons

What the lessons say of figures, measured: mean over seeds with its 95 % interval. A claim holds if the whole interval
is within the bound. *Agree*: the share of seeds whose own figure is, where the bound has one side; one with two says
how large a mean is, near which no single seed has to be. Made by `make claims`; not edited by hand.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, write what came of it, and return how many claims do not hold."""
    parser = argparse.ArgumentParser(prog="python -m tests.lessons.claims", description="Measure what lessons claim.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="lessons, by name or number; all, if left out")
    names = parser.parse_args(arguments).names
    try:
        sources = [source for source in chosen(ROOT / "lessons", names) if source in LESSONS]
    except UnknownNameError as error:
        parser.error(str(error))
    known = {source.stem for source in LESSONS}
    kept = {name: told for name, told in read().items() if name in known}
    digests = {source: digest(source) for source in sources}  # before: somebody may write on meanwhile
    before, failed = TABLE.read_bytes() if TABLE.is_file() else b"", 0
    began = time.monotonic()
    for source, found in measured(sources):
        claims = [{key: value for key, value in asdict(each).items() if key != "lesson"} for each in found]
        kept[source.stem] = {"digest": digests[source], "claims": claims}
        write(kept)  # at once: the next may take long
        for each in found:
            print(f"{source.stem}: {each.verdict}: {each.text} {each.figure}, {each.bound}", flush=True)
            failed += each.verdict != "holds"
    news = "is unchanged" if TABLE.read_bytes() == before else "is new"
    print(f"{len(sources)} lessons in {time.monotonic() - began:.0f} s: {TABLE.relative_to(ROOT)} {news}.")
    return failed


def measured(sources: Sequence[Path]) -> Iterator[tuple[Path, list[Measured]]]:
    """Yield what came of the claims of lessons, each in a process of its own, so that none changes another's figures.

    Raises:
        RuntimeError: If a cell fails otherwise than by a claim that does not hold.
    """
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(4, os.cpu_count() or 1), mp_context=spawn, max_tasks_per_child=1) as pool:
        runs = {pool.submit(_measure, source): source for source in sources}
        for run in as_completed(runs):
            yield runs[run], run.result()


def _measure(source: Path) -> list[Measured]:
    """Run all code of a lesson with its solutions, in a folder of its own, and return what came of its claims."""
    with tempfile.TemporaryDirectory(prefix="retroml-claims-", ignore_cleanup_errors=True) as place:
        os.environ.pop(BUDGET, None)
        os.environ.update({"RETROML_HOME": str(Path(place, "runs")), "IPYTHONDIR": place, "MPLBACKEND": "agg"})
        os.environ.update({"SDL_VIDEODRIVER": "dummy", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"})
        os.chdir(place)
        with recording() as heard, contextlib.redirect_stdout(io.StringIO()):
            _run(source)
        os.chdir(ROOT)
        return list(heard)


def _run(source: Path) -> None:
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    # Magics and top-level await work as in a notebook.
    shell: Any = InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))
    shell.showtraceback = lambda *_args, **_kwargs: None
    for number, cell in enumerate(code_cells(source)):
        ran = shell.run_cell(cell.source, silent=True)
        error = ran.error_before_exec or ran.error_in_exec
        if error is not None and not isinstance(error, ClaimError):
            raise RuntimeError(f"{source.name}, code cell {number}: {type(error).__name__}: {error}")


def digest(source: Path) -> str:
    """Return what differs where the figures of a lesson's claims may differ."""
    code = "\n\n".join(cell.source for cell in code_cells(source))
    modules = (*MODULES, TABULAR) if "retroml_edu.tabular" in code else MODULES
    return sources_digest(modules, facts=[sha256(code.encode()).hexdigest()])


def read() -> Kept:
    """Return what is kept; nothing, if nothing is yet."""
    kept: Kept = json.loads(JSON.read_text("utf-8")) if JSON.is_file() else {}
    return kept


def write(kept: Kept) -> None:
    """Keep what was measured, for tests and for readers."""
    JSON.write_text(f"{json.dumps(kept, indent=1, sort_keys=True, ensure_ascii=False)}\n", "utf-8", newline="\n")
    TABLE.write_text(to_markdown(kept), "utf-8", newline="\n")


def to_markdown(kept: Kept) -> str:
    """Return the table as a person reads it."""
    lines = [
        "| lesson | claim | measured | has to be | seeds | agree | verdict |",
        "|---|---|---|---|---:|---:|---|",
    ]
    for name, told in sorted(kept.items()):
        for claim in told["claims"]:
            each = Measured(lesson=name, **claim)
            agree = "" if each.agreeing is None else f"{each.agreeing:.0%}"
            cells = (name, each.text, each.figure, each.bound, each.of_how_many, agree, each.verdict)
            lines.append(f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |")
    return "\n".join([_HEAD, *lines, ""])


if __name__ == "__main__":
    sys.exit(main())
