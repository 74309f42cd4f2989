"""How many worker processes step an environment fastest on this machine: tried out, and kept for the person.

Nothing that is learned depends on it. Imports torch.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import psutil

from retroml_edu.core.compilation import private_folder, user_cache
from retroml_edu.core.container import core_limit, own_cores
from retroml_edu.core.errors import TrainingError
from retroml_edu.envs.vector import is_compiled
from retroml_edu.envs.workers.group import NoWorkerError
from retroml_edu.envs.workers.measuring import Measurement, measure

WORKERS_VARIABLE = "RETROML_WORKERS"
"""Names the number of workers for who does not want it to be tried out, as on a machine that many people share."""

_PACKAGES = ("retroml-edu", "gymnasium", "numpy", "ale-py", "box2d")
_RULES = 2
"""Of measuring: what was found by earlier ones is not believed."""
_BUSY = 0.25
"""Share of the machine that others use, above which a measurement is not trusted for long."""
_TRUST_BUSY_S = 600.0
_TRUST_NONE_S = 3_600.0
"""What says that workers do not help is looked at again after that long: one bad minute would make every later run
slower, and where it is true the trial costs some seconds an hour."""
_MOST_BYTES = 10_000
_MOST_NUMBER = 1e12


@dataclass(frozen=True, slots=True)
class _Known:
    found: Measurement
    measured_s: float
    """Seconds since 1970."""

    @property
    def holds(self) -> bool:
        if self.found.others_busy > _BUSY:
            return self._is_younger_than(_TRUST_BUSY_S)
        return self.found.cheap or self.found.workers > 0 or self._is_younger_than(_TRUST_NONE_S)

    def _is_younger_than(self, age_s: float) -> bool:
        return 0 <= time.time() - self.measured_s < age_s


_known: dict[str, _Known] = {}
"""What this process knows, by the name of its file: where nothing can be kept, it is tried out by each process."""


def best_workers(env_id: str, n_envs: int, report: Callable[[str], None] | None = None) -> int:
    """Return how many workers `make_vector_env` should have.

    The first question about an environment takes up to three seconds. The answer is kept for this person, this type of
    processor and these versions; one that was found while others used the machine, or that says that there is nothing
    to gain, is looked for again after a while.

    Args:
        env_id: Gymnasium id.
        n_envs: How many environments.
        report: Told, a sentence each, what takes the time and what came out.

    Returns:
        0 where workers do not make it clearly faster.

    Raises:
        UnknownNameError: If no environment goes by this id.
        EnvironmentUnusableError: If it cannot be made.
    """
    asked = os.environ.get(WORKERS_VARIABLE, "")
    if asked.isdecimal():
        return min(int(asked), n_envs - 1)
    cores = usable_cores()
    if cores < 2 or n_envs < 2 or is_compiled(env_id):
        return 0
    most = min(cores, n_envs) - 1
    question = _question(env_id, n_envs, cores)
    name = hashlib.sha256(json.dumps(question).encode()).hexdigest()[:16] + ".json"
    known = _known.get(name)
    if known is None or not known.holds:
        known = _read(name, question, most)  # another process may have found something since
    if known is None or not known.holds:
        tell = report or (lambda _: None)
        tell(f"Trying out what steps {env_id} fastest on this machine: a few seconds…")
        try:
            known = _Known(measure(env_id, n_envs, most), time.time())
        except (NoWorkerError, TrainingError, psutil.Error):
            # Quickly found out, and perhaps true of this process alone: they cannot make it, or one of them ended.
            tell(f"Worker processes cannot step {env_id} here: it is stepped without.")
            return 0
        tell(_in_words(env_id, known.found))
        _write(name, question, known)
    _known[name] = known
    return known.found.workers


def usable_cores() -> int:
    """Return how many cores this process may use: fewer than the machine has, in a container or under a scheduler."""
    container = core_limit()
    return own_cores() if container is None else max(1, min(own_cores(), round(container.cores)))


def _question(env_id: str, n_envs: int, cores: int) -> dict[str, Any]:
    """Return everything that an answer depends on."""
    import llvmlite.binding as llvm

    versions = {}
    for package in _PACKAGES:
        with suppress(PackageNotFoundError):
            versions[package] = version(package)
    return {
        "env_id": env_id,
        "n_envs": n_envs,
        "cores": cores,
        "processor": llvm.get_host_cpu_name(),
        "python": platform.python_version(),
        "packages": versions,
        "rules": _RULES,
    }


def _in_words(env_id: str, found: Measurement) -> str:
    if not found.workers:
        return f"Worker processes do not make {env_id} faster here: it is stepped without."
    counted = "1 worker process steps" if found.workers == 1 else f"{found.workers} worker processes step"
    return f"{counted} a part of the environments from now on: {found.gain:.1f} times as fast."


# --- on disk


def _folder() -> Path:
    return private_folder(user_cache(), "retroml_edu", "calibration")


def _read(name: str, question: Mapping[str, Any], most: int) -> _Known | None:
    """Return what was kept; None where it is missing, damaged or of another machine."""
    try:
        with (_folder() / name).open("rb") as file:
            kept = json.loads(file.read(_MOST_BYTES))
        if kept["question"] != question:
            return None
        found, measured_s = Measurement(**kept["found"]), kept["measured_s"]
    except (OSError, RuntimeError, ValueError, TypeError, KeyError, RecursionError):
        return None  # RuntimeError: nobody's home is known
    numbers = (found.gain, found.others_busy, measured_s)
    if type(kept["found"].get("cheap", False)) is not bool:
        return None
    if type(found.workers) is not int or not 0 <= found.workers <= most:
        return None
    if not all(type(number) in (int, float) and abs(number) < _MOST_NUMBER for number in numbers):
        return None
    return _Known(found, measured_s)


def _write(name: str, question: Mapping[str, Any], known: _Known) -> None:
    """Keep it, all or nothing; where that does not work, this process alone remembers."""
    text = json.dumps({"question": question, "found": asdict(known.found), "measured_s": known.measured_s}, indent=1)
    with suppress(OSError, RuntimeError):
        folder = _folder()
        handle, temporary = tempfile.mkstemp(dir=folder)  # which nobody else can read, nor write to
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            Path(temporary).replace(folder / name)
        except OSError:
            Path(temporary).unlink(missing_ok=True)
            raise
