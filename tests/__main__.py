"""All tests: `python -m tests`, with further arguments for pytest.

Those that drive a browser come first, one after another: a browser takes all cores by itself, and what waits for it
should not wait for others as well. The rest, which hardly uses more than one core, is shared among processes, file by
file. With it go the notebooks, from their first to their last cell: of lessons those with solutions, which are made for
it and are gone afterwards.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.lessons.sources import without_source, write_for_tests

BROWSER = "tests/browser"
SHARED = ("-n", "logical", "--maxprocesses=4", "--dist=loadfile")
"""Four processes have gigabytes of libraries loaded, which a laptop can spare."""
INTERRUPTED, NO_TESTS = 2, 5
"""pytest's exit codes after Ctrl+C, and where no test was chosen, as with ``-k`` for a test of the other half."""


def main(arguments: Sequence[str]) -> int:
    """Run both halves, the second also where the first failed, and return 0 if all chosen tests passed."""
    signal.signal(signal.SIGINT, lambda *_: None)  # pytest hears it as well, and tells what failed so far
    codes = []
    with tempfile.TemporaryDirectory(prefix="retroml-lessons-", ignore_cleanup_errors=True) as lessons:
        write_for_tests(Path(lessons))
        for half in ([BROWSER], [f"--ignore={BROWSER}", *SHARED, "tests", *without_source(), lessons]):
            command = [sys.executable, "-m", "pytest", "--nbval-lax", *half, *arguments]
            codes.append(subprocess.run(command, check=False).returncode)
            if codes[-1] == INTERRUPTED:
                break
    failed = [code for code in codes if code not in (0, NO_TESTS)]
    return failed[0] if failed else min(codes)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
