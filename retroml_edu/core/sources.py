"""What the files of this package say, as a few digits: two states of a checkout have one version."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

PACKAGE = Path(__file__).parents[1]


def sources_digest(patterns: Iterable[str], package: Path = PACKAGE, facts: Iterable[str] = ()) -> str:
    """Return 16 hex digits that differ where files do, or other facts.

    Args:
        patterns: Of files, as `Path.glob` takes them.
        package: The folder that they are in.
        facts: What else decides, each without a line's end.
    """
    digest = hashlib.sha256()
    for fact in facts:
        digest.update(f"{fact}\n".encode())
    for path in sorted(path for pattern in patterns for path in package.glob(pattern)):
        text = path.read_bytes().replace(b"\r\n", b"\n")  # a checkout on Windows is the same code
        digest.update(f"{path.relative_to(package).as_posix()} {len(text)}\n".encode())
        digest.update(text)
    return digest.hexdigest()[:16]
