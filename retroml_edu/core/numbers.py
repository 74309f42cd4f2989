"""Numbers as people read them."""

from __future__ import annotations

import math
import re


def plain_number(value: float) -> str:
    """Return a value with three significant digits, and every digit before the point."""
    return f"{value:,.0f}" if abs(value) >= 999.5 else f"{value:.3g}"


def with_minus(text: str) -> str:
    """Return a text whose numbers have a minus sign, ``−2.5``; a hyphen in a name stays one."""
    return re.sub(r"-(?=\d)", "−", text)


def duration(seconds: float) -> str:
    """Return a time such as ``8 s``, ``3 min 20 s`` or ``2 h 5 min``."""
    if not math.isfinite(seconds):
        return "unknown time"
    whole = max(1, math.ceil(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600:,} h {whole % 3600 // 60} min"
