"""Run ids and times."""

from __future__ import annotations

import secrets
import time
import uuid
from datetime import UTC, datetime


def new_run_id() -> str:
    """Return a UUIDv7 (RFC 9562, section 5.7): ids sort by the millisecond they were made in."""
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds & (2**48 - 1)) << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return str(uuid.UUID(int=value))


def is_run_id(text: str) -> bool:
    """Return whether a text has the exact form of a run id; nothing else ever becomes a folder name."""
    try:
        return str(uuid.UUID(text)) == text
    except (ValueError, AttributeError, TypeError):
        return False


def utc_now() -> str:
    """Return the time in UTC as ISO 8601 with milliseconds, such as ``2026-01-31T12:00:00.123Z``."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
