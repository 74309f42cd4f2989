"""`retroml-edu doctor`: what of this machine fits, and how to mend what does not."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict

from retroml_edu.analysis.diagnostics import diagnose, story
from retroml_edu.cli import doctor_limits, doctor_machine, doctor_packages
from retroml_edu.cli.doctor_finding import Finding, Verdict

Check = Callable[[], Iterable[Finding]]

# A check that breaks is itself a finding; what it needed says how to mend it.
CHECKS: dict[str, tuple[Check, str]] = {
    "Python": (doctor_packages.python, "Make a new environment with Python 3.11 or newer."),
    "Packages": (doctor_packages.packages, "Run 'pip install -e .' in the checkout again."),
    "JupyterLab extensions": (doctor_packages.widget_frontend, "Run 'pip install jupyterlab ipywidgets anywidget'."),
    "Device": (doctor_machine.device, "Install torch again: see 'torch' above."),
    "Cores and memory": (doctor_machine.cores_and_memory, "Install psutil again: see 'psutil' above."),
    "Fast engine": (doctor_machine.fast_engine, "Install numba again: see 'numba' above."),
    "Video": (doctor_machine.video, "Run 'pip install --force-reinstall av': its wheels bring H.264."),
    "Environments": (
        doctor_machine.environments,
        "Run 'pip install --force-reinstall \"gymnasium[classic-control]\" ale-py'.",
    ),
    "Home of runs": (doctor_machine.runs_home, "Choose another folder with the environment variable RETROML_HOME."),
    "Settings": (doctor_machine.settings, "Remove or mend settings.json in the home of runs."),
    "Disk space": (doctor_limits.disk_space, "Choose another folder with the environment variable RETROML_HOME."),
    "Open files": (doctor_limits.open_files, "Restart the terminal."),
    "Shared memory": (doctor_limits.shared_memory, "Start the container with --shm-size=1g."),
    "Chromium (tests only)": (doctor_machine.browser, "Name yours in the environment variable RETROML_CHROMIUM."),
    "PostgreSQL (optional)": (doctor_machine.postgresql, "SQLite is used without it."),
}


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `doctor` to the command line."""
    parser = subparsers.add_parser("doctor", help="check this machine and say how to mend what does not fit")
    parser.add_argument("--json", action="store_true", help="print a list of findings for programs")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print what the checks found; return 1 if one failed, else 0."""
    findings = list(examine())
    if args.json:
        print(json.dumps([asdict(finding) for finding in findings], indent=2))
    elif sys.stdout.isatty():
        _print_table(findings)
    else:
        _print_lines(findings)
    return int(any(finding.verdict is Verdict.FAIL for finding in findings))


def examine(checks: dict[str, tuple[Check, str]] | None = None) -> Iterator[Finding]:
    """Run the checks one by one; none keeps the others from being run."""
    for name, (check, remedy) in (CHECKS if checks is None else checks).items():
        try:
            yield from check()
        except Exception as error:  # noqa: BLE001 - a broken package may raise anything, and that is the finding
            known = diagnose(story(error))
            found = f"{type(error).__name__}: {error}"
            if known is None:
                yield Finding(name, Verdict.FAIL, found, remedy)
            else:
                yield Finding(name, Verdict.FAIL, f"{known.title} ({found})", known.remedy)


def _print_table(findings: Sequence[Finding]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    colours = {Verdict.OK: "green", Verdict.WARN: "yellow", Verdict.FAIL: "red"}
    table = Table("", "Check", "Found", "What to do", box=None, pad_edge=False)
    for each in findings:
        word = f"[{colours[each.verdict]}]{each.verdict.sign} {each.verdict}[/]"
        table.add_row(word, escape(each.check), escape(each.found), escape(each.remedy))
    console = Console(highlight=False)
    console.print(table)
    console.print(escape(_summary(findings)))


def _print_lines(findings: Sequence[Finding]) -> None:
    width = max(len(each.check) for each in findings)
    lines = [f"{each.verdict.sign} {each.verdict:<4}  {each.check:<{width}}  {each.found}" for each in findings]
    for each, line in zip(findings, lines, strict=True):
        # A pipe may speak an old code page, on Windows above all.
        print(line.encode(sys.stdout.encoding or "utf-8", "replace").decode(sys.stdout.encoding or "utf-8"))
        if each.remedy:
            print(f"{'':<8}-> {each.remedy}")
    print(_summary(findings))


def _summary(findings: Sequence[Finding]) -> str:
    failed = sum(each.verdict is Verdict.FAIL for each in findings)
    warned = sum(each.verdict is Verdict.WARN for each in findings)
    if failed:
        return f"{failed} of {len(findings)} checks failed: do what they say, then run 'retroml-edu doctor' again."
    return f"All fits, with {warned} warnings." if warned else "All fits."
