"""The machine of a run in words, from environment.json, which may be a stranger's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from retroml_edu.core.errors import StorageError
from retroml_edu.session.report.content import Fact
from retroml_edu.storage.folder import RunFolder
from retroml_edu.storage.json_text import MAX_JSON_BYTES, parse
from retroml_edu.storage.paths import read_unlinked

_PACKAGES = ("retroml-edu", "torch", "numba", "stable-baselines3", "gymnasium", "ale-py", "numpy")
_MOST = 200
"""Characters of one value."""


def read_facts(folder: RunFolder) -> dict[str, Any]:
    """Return environment.json; nothing if it cannot be read."""
    try:
        facts = parse(read_unlinked(folder.path, folder.environment_file.name, MAX_JSON_BYTES))
    except (StorageError, ValueError):
        return {}
    return facts if isinstance(facts, dict) else {}


def machine_facts(facts: Mapping[str, Any]) -> list[Fact]:
    """Return what is worth knowing when runs are compared; what is not known is left out."""
    return [Fact(label, shown) for label, value in _rows(facts) if (shown := _words(value))]


def _rows(facts: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    cpu, system, packages = _part(facts, "cpu"), _part(facts, "os"), _part(facts, "packages")
    memory = facts.get("memory_bytes")
    yield "Processor", cpu.get("model")
    yield "Cores", cpu.get("usable_threads")
    yield "Memory", f"{memory / 2**30:.0f} GB" if isinstance(memory, int) and 0 <= memory < 2**63 else None
    yield "GPU", facts.get("gpu") or "none used"
    yield "System", " ".join(str(system[name]) for name in ("name", "release", "machine") if system.get(name))
    yield "Python", facts.get("python")
    for name in _PACKAGES:
        yield name, packages.get(name)
    yield "Engine", facts.get("engine")
    yield "Trained on", facts.get("device")
    yield "Threads", facts.get("torch_threads")
    yield "Precision", facts.get("precision")
    yield "Reproducible", facts.get("determinism")


def _part(facts: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = facts.get(name)
    return part if isinstance(part, Mapping) else {}


def _words(value: Any) -> str:
    if value is None or isinstance(value, dict | list):
        return ""
    text = str(value)[:_MOST]
    return text if text.isprintable() else ascii(text)
