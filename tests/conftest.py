"""What holds for every test: no display, one thread for each library, and a home of runs of its own."""

import os
import signal
from pathlib import Path

import pytest

# Read when the libraries are first imported, hence before any fixture. Two tests on two cores must not fight, and
# sums come out the same on every machine.
os.environ.update(MPLBACKEND="agg", SDL_VIDEODRIVER="dummy", OMP_NUM_THREADS="1", MKL_NUM_THREADS="1")
# Workers have tests of their own; elsewhere they would be tried out for seconds, and nothing depends on them.
os.environ["RETROML_WORKERS"] = "0"
# A shell starts what it puts into the background deaf to Ctrl+C, and so would be every process that a test interrupts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _home_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep a test that forgets `home=` from writing into the person's own runs."""
    monkeypatch.setenv("RETROML_HOME", str(tmp_path / "home"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """List what the notebooks of lessons took."""
    from tests.lessons.listing import lines

    listed = list(lines(report for reports in terminalreporter.stats.values() for report in reports))
    if listed:
        terminalreporter.section("notebooks")
        for line in listed:
            terminalreporter.write_line(line)
