"""How fast training is on this machine, remembered in the home: measured once, or seen in a run that ended."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.errors import RetroMLError, StorageError
from retroml_edu.core.events import Event, MetricEvent, ProgressEvent, StateEvent
from retroml_edu.core.ids import utc_now
from retroml_edu.core.states import RunState
from retroml_edu.envs import resolve_config
from retroml_edu.storage.atomic import write_json
from retroml_edu.storage.environment import machine_name
from retroml_edu.storage.json_text import read_json_object

FILE = "speeds.json"
MOST_KEPT = 300
ENOUGH_S = 3.0
"""Seconds of training from which a run tells a speed to reckon with."""
LEAST_S = 0.2
"""Seconds of training from which it tells one at all: a quick run of a simple game is over in about a second."""
_MAX_BYTES = 500_000
_DECISIVE = ("n_envs", "normalize", "engine", "device", "precision", "deterministic")
_DECISIVE_HYPERPARAMETERS = ("n_steps", "batch_size", "n_epochs", "train_freq", "gradient_steps", "net_arch")


@dataclass(frozen=True, slots=True)
class KnownSpeed:
    """A speed of this machine.

    Attributes:
        steps_per_second: Environment steps.
        exact: Whether it is that of the very settings that were asked about, and of more than a short run; else the
            last of the same environment and algorithm.
        measured_utc: When.
        short: Whether it is that of a short run.
    """

    steps_per_second: float
    exact: bool
    measured_utc: str
    short: bool = False


class KnownSpeeds:
    """Speeds that are kept in a home.

    A file that is damaged, or of another machine, is as good as none: what it said is measured anew.

    Args:
        home: Where runs live; it need not exist to look something up.

    Threads: any.
    """

    def __init__(self, home: Path) -> None:
        self._file = home / FILE
        self._lock = threading.Lock()
        self._kept: list[dict[str, Any]] = []
        self._read: tuple[int, int] | None = None  # time and size of the file as it was read

    def find(self, config: ExperimentConfig) -> KnownSpeed | None:
        """Return the speed of a config on this machine, or of the same environment and algorithm; None without any.

        Raises:
            RetroMLError: If the config names an environment that is not there.
        """
        asked, near = _kind(config), None
        with self._lock:
            for entry in reversed(self._entries()):
                kind = entry["kind"]
                if entry["machine"] != machine_name() or kind.get("env_id") != config.env_id:
                    continue
                short = bool(entry.get("short"))
                if kind == asked and not short:
                    return KnownSpeed(entry["steps_per_second"], True, entry["measured_utc"])
                if kind.get("algorithm") == config.algorithm and (near is None or (near.short and not short)):
                    near = KnownSpeed(entry["steps_per_second"], False, entry["measured_utc"], short)
        return near

    def remember(self, config: ExperimentConfig, steps_per_second: float, *, short: bool = False) -> None:
        """Keep a speed; where the home cannot be written, until this process ends.

        Args:
            config: What was asked for.
            steps_per_second: Environment steps.
            short: Whether it is that of a short run, which takes no other's place.

        Raises:
            RetroMLError: If the config names an environment that is not there.
        """
        kind = _kind(config)
        new = {
            "machine": machine_name(),
            "kind": kind,
            "steps_per_second": steps_per_second,
            "measured_utc": utc_now(),
        } | ({"short": True} if short else {})
        with self._lock:
            same = [e for e in self._entries() if (e["machine"], e["kind"]) == (new["machine"], kind)]
            if short and not all(entry.get("short") for entry in same):
                return
            self._kept = [*(entry for entry in self._kept if entry not in same), new][-MOST_KEPT:]
            with suppress(StorageError):
                write_json(self._file, {"speeds": self._kept}, durable=False)
            self._read = self._stamp()

    def _entries(self) -> list[dict[str, Any]]:
        """Return what is kept, with what another panel has written meanwhile."""
        stamp = self._stamp()
        if stamp != self._read:
            self._kept, self._read = [], stamp
            with suppress(OSError, ValueError):
                found = read_json_object(self._file, _MAX_BYTES).get("speeds")
                self._kept = [entry for entry in found if _is_sound(entry)] if isinstance(found, list) else []
        return self._kept

    def _stamp(self) -> tuple[int, int] | None:
        with suppress(OSError):
            facts = self._file.stat()
            return facts.st_mtime_ns, facts.st_size
        return None


class SpeedWatch:
    """A sink that remembers how fast a run was, when it has ended.

    Args:
        speeds: Where it is kept.
        config: What was asked for.
        told: Is called after something was kept.

    Threads: that of the run's followers.
    """

    def __init__(self, speeds: KnownSpeeds, config: ExperimentConfig, told: Callable[[], object]) -> None:
        self._speeds = speeds
        self._config = config
        self._told = told
        self._first: tuple[float, int] | None = None
        self._last = (0.0, 0)

    def handle(self, events: Sequence[Event]) -> None:
        """Take a batch."""
        for event in events:
            if isinstance(event, ProgressEvent | MetricEvent):
                self._first = self._first or (event.elapsed_s, event.step)
                self._last = max(self._last, (event.elapsed_s, event.step))
            elif isinstance(event, StateEvent) and event.state in (RunState.DONE, RunState.STOPPED):
                self._keep()

    def _keep(self) -> None:
        began, first = self._first or (0.0, 0)
        seconds, steps = self._last[0] - began, self._last[1] - first
        if seconds >= LEAST_S and steps > 0:
            with suppress(RetroMLError):  # its environment may have been taken away meanwhile
                self._speeds.remember(self._config, steps / seconds, short=seconds < ENOUGH_S)
                self._told()


def _kind(config: ExperimentConfig) -> dict[str, Any]:
    """Return what decides on the speed, as it was asked for: "auto" is something else on each machine."""
    resolved = resolve_config(config)
    settings = resolved.hyperparameters.model_dump(mode="json")
    return (
        {"env_id": config.env_id, "algorithm": config.algorithm}
        | {name: getattr(resolved, name) for name in _DECISIVE}
        | {name: settings[name] for name in _DECISIVE_HYPERPARAMETERS if name in settings}
    )


def _is_sound(entry: Any) -> bool:
    if not isinstance(entry, Mapping):
        return False
    speed = entry.get("steps_per_second")
    return (
        isinstance(entry.get("kind"), dict)
        and isinstance(entry.get("machine"), str)
        and isinstance(entry.get("measured_utc"), str)
        and isinstance(speed, int | float)
        and not isinstance(speed, bool)
        and math.isfinite(speed)
        and speed > 0
    )
