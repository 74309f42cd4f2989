"""Fixtures of the tests that need a real kernel."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kernel.kernel import Kernel, running_kernel


@pytest.fixture
def kernel(tmp_path: Path) -> Iterator[Kernel]:
    """A fresh kernel; runs go to ``tmp_path / "runs"``."""
    with running_kernel(tmp_path) as kernel:
        yield kernel
