"""The table that is kept in the repository: what the README shows, and what later measurements are compared with."""

from __future__ import annotations

import datetime as dt
import json
import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.benchmarks.measuring import Report, table

ROOT = Path(__file__).resolve().parents[2]
KEPT = Path(__file__).with_name("kept.json")
README = ROOT / "README.md"
_BLOCK = re.compile(r"(<!-- benchmark: (\w+) -->\n).*?(<!-- end of benchmark -->)", re.DOTALL)

Kept = dict[str, Any]


def read_kept(file: Path = KEPT) -> Kept:
    """Return everything that is kept, by the benchmark's name."""
    kept: Kept = json.loads(file.read_text("utf-8")) if file.is_file() else {}
    return kept


def keep(name: str, report: Report, file: Path = KEPT, readme: Path = README) -> None:
    """Put what a report found in the place of what was kept of it, and into the README where that has a place.

    One by one, so that nothing measured is lost if a later part of the benchmark fails.

    Args:
        name: Of the benchmark.
        report: Part of what it found.
        file: What is kept.
        readme: Text with a block between two comments for each benchmark that it shows.
    """
    kept = read_kept(file)
    kept.setdefault(name, {})[report.title] = {
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "commit": _commit(),
        "text": report.to_markdown().splitlines(),
        "ratios": {
            comparison.what: [min(comparison.ratios), comparison.ratio, max(comparison.ratios)]
            for comparison in report.comparisons
        },
    }
    _write(kept, file, readme)


def keep_only(name: str, titles: Sequence[str], file: Path = KEPT, readme: Path = README) -> None:
    """Forget the reports that a benchmark does not make any more, and bring the others into its order."""
    kept = read_kept(file)
    kept[name] = {title: kept[name][title] for title in titles}
    _write(kept, file, readme)


def _write(kept: Kept, file: Path, readme: Path) -> None:
    file.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", "utf-8")
    readme.write_text(shown_in(readme.read_text("utf-8"), kept), "utf-8")


def shown_in(text: str, kept: Mapping[str, Any]) -> str:
    """Return a text with every benchmark's block as it is kept, and empty where nothing is."""

    def fill(block: re.Match[str]) -> str:
        reports = kept.get(block[2], {}).values()
        return block[1] + "".join(f"\n{_shown(report)}\n" for report in reports) + ("\n" if reports else "") + block[3]

    return _BLOCK.sub(fill, text)


def _shown(report: Mapping[str, Any]) -> str:
    heading, *figures = report["text"]
    return "\n".join([heading, "", f"Measured on {report['date']}, commit {report['commit']}.", *figures])


def against_kept(name: str, reports: Sequence[Report], kept: Kept) -> str:
    """Return in words and a table how ratios have changed since they were kept; nothing if none were.

    Ratios, because those of two machines, or of a busy and an idle one, are more alike than seconds are. A change is
    told where the ratios of now and then do not overlap.
    """
    rows, slower = [], []
    for report in reports:
        then = kept.get(name, {}).get(report.title)
        if then is None:
            continue
        for comparison in report.comparisons:
            before = then["ratios"].get(comparison.what)
            if before is None:
                continue
            low, middle, high = before
            verdict = "as before"
            if max(comparison.ratios) < low:
                verdict = "**lower**"
                slower.append(comparison.what)
            elif min(comparison.ratios) > high:
                verdict = "higher"
            at = f"{then['date']}, {then['commit']}"
            rows.append(
                [comparison.what, at, f"{middle:.2f} ({low:.2f}–{high:.2f})", f"{comparison.ratio:.2f}", verdict]
            )
    if not rows:
        return ""
    found = f"Lower than then: {'; '.join(slower)}." if slower else "None is lower than it was."
    return f"### Against what is kept\n\n{table(['', 'kept on', 'ratio', 'now', ''], rows)}\n\n{found}"


def _commit() -> str:
    """Return which commit is measured, and whether anything was changed since but the tables that are kept here."""
    tables = [f":!{path.relative_to(ROOT).as_posix()}" for path in (README, KEPT)]
    try:
        commit = _git("rev-parse", "--short", "HEAD")
        changed = _git("status", "--porcelain", "--untracked-files=no", "--", ".", *tables)
    except (OSError, subprocess.CalledProcessError):  # no git, or no repository
        return "unknown"
    return f"{commit} with changes" if changed else commit


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.strip()
