"""Runs whose disk fails at one write after the other: is anything half written, is anything told, does it go on?"""

from __future__ import annotations

import errno
import json
import re
import threading
import zipfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.errors import RetroMLError
from retroml_edu.core.events import LogEvent
from retroml_edu.core.states import RunState
from retroml_edu.core.training import Trainer
from retroml_edu.session import run as run_module
from retroml_edu.session.run import TrainingRun
from retroml_edu.session.session import Session
from retroml_edu.storage.atomic import is_temporary
from retroml_edu.storage.checkpoint_layout import checkpoint_names
from retroml_edu.storage.checkpoints import newest_checkpoint, read_checkpoint
from retroml_edu.storage.exports import metrics_csv
from retroml_edu.storage.folder import RunFolder, list_run_folders
from retroml_edu.storage.reader import read_events, run_state
from retroml_edu.storage.tensors import from_safetensors
from retroml_edu.training import trainer_for
from retroml_edu.training.scripted import ScriptedTrainer
from tests.campaigns.faulty_disk import Fault, FaultyDisk
from tests.campaigns.outcome import Outcome, Request
from tests.campaigns.runs import short_config, values_digest

COUNT = 1_000
FOREVER = 10**9
TIMEOUT_S = 60.0
MOST_FAILURES = 25
KINDS = {"full disk": errno.ENOSPC, "I/O error": errno.EIO, "read-only": errno.EROFS}
LENGTHS = {"once": 1, "five times": 5, "from then on": FOREVER}
_FOREIGN = re.compile(r"[A-Za-z_]*(Error|Exception|Interrupt): ")


@dataclass(frozen=True)
class Scene:
    """A run to which faults happen."""

    name: str
    config: ExperimentConfig
    trainer_for: Callable[[ExperimentConfig], Trainer]


SCENES = (
    Scene(
        "scripted",
        short_config("CartPole-v1", "PPO", 640, n_envs=2, checkpoints={"every_steps": 160, "keep": 2}),
        lambda config: ScriptedTrainer(),
    ),
    Scene(
        "DQN with a replay buffer",
        short_config("CartPole-v1", "DQN", 240, checkpoints={"every_steps": 80, "keep": 2}),
        trainer_for,
    ),
    Scene(
        "PPO with videos",
        short_config(
            "CartPole-v1",
            "PPO",
            256,
            video={"length_s": 1.0, "milestones": (0.0, 1.0), "quality": "small"},
            checkpoints={"every_steps": 100},
        ),
        trainer_for,
    ),
)
"""In the first one, which is over at once, every single call is tried; in the others a share of them."""


@dataclass
class _Tally:
    faults: int = 0
    ends: Counter[str] = field(default_factory=Counter)


def run(request: Request) -> Outcome:
    """Let one call after the other fail; `count` is the number of faults at most."""
    return _Campaign(request).run()


class _Campaign:
    def __init__(self, request: Request) -> None:
        self._place = request.place.resolve()
        self._count = request.count or COUNT
        self._draws = np.random.default_rng(request.seed)
        self._sites: Counter[str] = Counter()
        self._tallies: dict[tuple[str, str, str], _Tally] = defaultdict(_Tally)
        self._uncaught: list[str] = []
        self._failures: dict[str, list[str]] = defaultdict(list)
        self._homes = 0

    def run(self) -> Outcome:
        """Do it all."""
        with _quick_pumps(), _no_thread_dies(self._uncaught):
            for scene, share in zip(SCENES, (0.7, 0.15, 0.15), strict=True):
                self._scene(scene, round(share * self._count))
        outcome = Outcome(
            "A disk that fails at every write of a run in turn",
            ("", "faults", "refused to start", "done", "done, parts missing", "failed", "then resumed", "begun anew"),
        )
        for (scene, kind, length), tally in self._tallies.items():
            ends = [str(tally.ends[head]) for head in outcome.heads[2:]]
            outcome.rows.append((f"{scene}, {kind}, {length}", str(tally.faults), *ends))
        total = sum(tally.faults for tally in self._tallies.values())
        files: dict[str, list[str]] = defaultdict(list)
        for site in sorted(self._sites):
            call, _, file = site.partition(" ")
            files[file].append(call)
        sites = "; ".join(f"{file}: {', '.join(calls)}" for file, calls in sorted(files.items()))
        outcome.notes.append(
            f"{total} faults at {len(self._sites)} sites. Looked at after each: whether every file under its "
            "final name is whole, every line can be read, and whether with a disk that works again the run is resumed "
            "or begun anew, to the values of the run without a fault."
        )
        outcome.notes.append(f"The sites: {sites}.")
        for problem, places in self._failures.items():
            outcome.failures.append(f"{problem} ({len(places)} times, first: {places[0]})")
        return outcome

    def _scene(self, scene: Scene, count: int) -> None:
        disk = self._new_disk()
        with disk.inserted():
            Session(disk.root, trainer_for=scene.trainer_for).start(scene.config).wait(TIMEOUT_S)
        expected = values_digest(read_events(list_run_folders(disk.root)[0]))
        self._sites += disk.sites
        ways = [(kind, length) for kind in KINDS for length in LENGTHS]
        self._tallies.update({(scene.name, *way): _Tally() for way in ways})  # in the order of the table
        faults = [(number, *way) for number in range(1, disk.calls + 1) for way in ways]
        chosen = sorted(self._draws.permutation(len(faults))[:count])
        for number, kind, length in (faults[index] for index in chosen):
            if len(self._failures) >= MOST_FAILURES:
                return
            tally = self._tallies[scene.name, kind, length]
            tally.faults += 1
            disk = self._new_disk()
            disk.fault = Fault(KINDS[kind], number, LENGTHS[length])
            problems = list(_Try(scene, disk, expected, tally.ends).problems())
            where = disk.refused[0] if disk.refused else "nowhere"
            for problem in (*problems, *(f"a thread died of {text}" for text in self._uncaught)):
                self._failures[problem].append(f"{scene.name}, {kind}, {length}, at {where}")
            self._uncaught.clear()

    def _new_disk(self) -> FaultyDisk:
        self._homes += 1
        home = self._place / f"home-{self._homes}"
        home.mkdir()
        return FaultyDisk(home)


class _Try:
    """One run with one fault."""

    def __init__(self, scene: Scene, disk: FaultyDisk, expected: str, ends: Counter[str]) -> None:
        self._scene = scene
        self._disk = disk
        self._expected = expected
        self._ends = ends

    def problems(self) -> Iterator[str]:
        """Yield what is not as promised."""
        with self._disk.inserted():
            began = self._begun()
            if isinstance(began, str):
                yield began
            elif began is None:
                self._ends["refused to start"] += 1
            else:
                yield from self._ended(began)
        self._disk.mend()
        for folder in list_run_folders(self._disk.root):
            yield from half_written(folder)
        yield from self._goes_on()

    def _begun(self) -> TrainingRun | str | None:
        """Return the run; None if it was refused as it should be, or how it was refused otherwise."""
        try:
            return Session(self._disk.root, trainer_for=self._scene.trainer_for).start(self._scene.config)
        except RetroMLError:
            return None
        except Exception as error:  # noqa: BLE001 - that is what is looked for
            return f"the start raised {type(error).__name__}: {error}"

    def _ended(self, run: TrainingRun) -> Iterator[str]:
        try:
            result = run.wait(TIMEOUT_S)
        except RetroMLError as error:
            run.stop()
            yield f"it hangs: {error}"
            return
        told = [event.message for event in run.bus.history if isinstance(event, LogEvent) and event.level != "info"]
        if result.state is RunState.DONE:
            self._ends["done, parts missing" if any("could not be" in text for text in told) else "done"] += 1
        else:
            self._ends["failed"] += 1
        for text in (result.error or "", *told):
            if _FOREIGN.search(text):
                yield f"it says {self._plain(text)!r}"

    def _plain(self, text: str) -> str:
        return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "RUN", text.replace(str(self._disk.root), "HOME"))[:200]

    def _goes_on(self) -> Iterator[str]:
        """Resume the run with a disk that works, or begin it anew."""
        folders = list_run_folders(self._disk.root)
        folder = folders[0] if folders else None
        if folder is not None and folder.events_log.exists() and run_state(folder) is RunState.DONE:
            yield from self._compared(folder)
            if not folder.certificate_file.exists():
                self._ends["done, no certificate"] += 1
            return
        try:
            session = Session(self._disk.root, trainer_for=self._scene.trainer_for)
            if folder is not None and folder.config_file.exists() and newest_checkpoint(folder)[0] is not None:
                self._ends["then resumed"] += 1
                run = session.resume(folder.run_id)
            else:
                self._ends["begun anew"] += 1
                run = session.start(self._scene.config)
            result = run.wait(TIMEOUT_S)
        except RetroMLError as error:
            yield f"with a disk that works again: {self._plain(str(error))}"
            return
        if result.state is not RunState.DONE:
            yield f"with a disk that works again it is {result.state}: {result.error}"
        yield from self._compared(RunFolder(run.path))

    def _compared(self, folder: RunFolder) -> Iterator[str]:
        if values_digest(read_events(folder)) != self._expected:
            yield "values are missing in the end, or are others"


def half_written(folder: RunFolder) -> Iterator[str]:
    """Yield a sentence for every file that is under its final name and not whole."""
    events = read_events(folder)
    found = list(events)
    if events.damaged:
        yield f"{events.damaged} lines are damaged"
    for file in sorted(folder.path.rglob("*")):
        if file == folder.lease_file:  # made under its own name, so that only one can; half of it counts as none
            continue
        if file.is_file() and not any(is_temporary(part) for part in file.relative_to(folder.path).parts):
            problem = _problem(file, _READERS.get(file.suffix))
            if problem:
                name = re.sub("[0-9]{10}", "STEP", file.relative_to(folder.path).as_posix())
                yield f"{name} is half written: {problem}"
    for name in checkpoint_names(folder):
        problem = _problem(folder.path, lambda _, name=name: read_checkpoint(folder, name))  # type: ignore[misc]
        if problem:
            yield f"a checkpoint is damaged: {problem}"
    csv = folder.metrics_csv
    if csv.exists() and run_state(folder) is RunState.DONE and csv.read_bytes() != metrics_csv(folder, found):
        yield "metrics.csv does not hold what metrics.jsonl holds"


def _problem(file: Path, read: Callable[[Path], Any] | None) -> str:
    try:
        if read is not None:
            read(file)
    except Exception as error:  # noqa: BLE001 - whatever the reason is
        return f"{type(error).__name__}"
    return ""


def _read_zip(file: Path) -> None:
    with zipfile.ZipFile(file) as archive:
        if archive.testzip() is not None:
            raise ValueError("damaged")


_READERS: dict[str, Callable[[Path], Any]] = {
    ".json": lambda file: json.loads(file.read_text("utf-8")),
    ".safetensors": lambda file: from_safetensors(file.read_bytes()),
    ".zip": _read_zip,
}


@contextmanager
def _quick_pumps() -> Iterator[None]:
    """Let the store look after its folder so often that short runs meet its faults too."""
    with mock.patch.object(run_module, "STORE_INTERVAL_S", 0.02):
        yield


@contextmanager
def _no_thread_dies(uncaught: list[str]) -> Iterator[None]:
    def note(died: threading.ExceptHookArgs) -> None:
        name = died.thread.name if died.thread else "a thread"
        uncaught.append(f"{died.exc_type.__name__} in {re.sub('-[0-9a-f]{8}', '', name)}: {died.exc_value}")

    with mock.patch.object(threading, "excepthook", note):
        yield
