"""How far presets came, as ``python -m tests.campaigns presets --keep`` found."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from statistics import fmean
from typing import Any

RETURNS = Path(__file__).with_name("preset_returns.json")
WINDOW = 20
"""Last episodes of a run, whose mean return counts."""


def measured_returns(env_id: str, algorithm: str, name: str, settings: Mapping[str, Any]) -> tuple[float, ...]:
    """Return the mean return at the end of runs with a preset, one a seed; empty where nobody has measured it.

    Args:
        env_id: Gymnasium id.
        algorithm: Name of the algorithm.
        name: Name of the preset.
        settings: What it sets, as JSON values. What was measured with others before they were changed does not count.
    """
    kept = kept_returns().get((env_id, algorithm, name))
    return tuple(kept["returns"]) if kept is not None and kept["settings"] == settings else ()


def measured_sentence(returns: tuple[float, ...]) -> str:
    """Return what was measured, a sentence; empty where nothing was."""
    if not returns:
        return ""
    return (
        f"The last {WINDOW} episodes of such a run had a mean return of {fmean(returns):.0f} over {len(returns)} "
        f"seeds, from {min(returns):.0f} to {max(returns):.0f}."
    )


@cache
def kept_returns() -> dict[tuple[str, str, str], dict[str, Any]]:
    """Return all rows of the file, by environment, algorithm and preset."""
    rows = json.loads(RETURNS.read_text("utf-8"))["presets"]
    return {(row["env_id"], row["algorithm"], row["preset"]): row for row in rows}
