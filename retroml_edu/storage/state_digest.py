"""The digest of a whole state: equal for equal runs, whether it was stored or not."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from retroml_edu.core.digest import array_digests, combined_digest
from retroml_edu.core.snapshot import Snapshot
from retroml_edu.storage.json_text import canonical, parse
from retroml_edu.storage.replay_layout import digest_rows

MAX_FACTS_BYTES = 64 * 2**20
TIMING = "timing"
"""A group of facts that differ between equal runs; no digest covers it."""


def state_digest(snapshot: Snapshot) -> str:
    """Return the digest of everything that decides how a run goes on; reads all replay rows.

    The fact named "timing" is left out: it differs between equal runs.

    Raises:
        ValueError: If a fact is no JSON value.
    """
    rows = None if snapshot.replay is None else digest_rows(snapshot.replay)
    return combined_state_digest(
        snapshot.step, parse(facts_bytes(snapshot.facts)), array_digests(snapshot.arrays), rows
    )


def facts_bytes(facts: Mapping[str, Any]) -> bytes:
    """Return facts as the JSON text that stores them.

    Raises:
        ValueError: If they hold something else than JSON values, or are too large.
    """
    data = canonical(facts).encode()
    if len(data) > MAX_FACTS_BYTES:
        raise ValueError(f"its facts have {len(data)} bytes, and {MAX_FACTS_BYTES} are allowed")
    return data


def combined_state_digest(step: int, facts: Mapping[str, Any], digests: Mapping[str, str], rows: str | None) -> str:
    """Return the digest of a state from its parts.

    Args:
        step: Its step.
        facts: As they are read back.
        digests: Of its arrays.
        rows: Of its replay rows, if there are any.
    """
    plain = {name: value for name, value in facts.items() if name != TIMING}
    content = {"step": step, "facts": plain, "arrays": combined_digest(digests), "replay": rows}
    return sha256(canonical(content).encode()).hexdigest()
