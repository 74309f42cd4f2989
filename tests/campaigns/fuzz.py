"""Malformed files of every kind that may come from a stranger: refused in our own words, or read without harm."""

from __future__ import annotations

import faulthandler
import io
import json
import os
import pickle
import sys
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import psutil

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.errors import RetroMLError
from retroml_edu.envs import make_env, resolve_config
from retroml_edu.policies import WeightsError, build_policy
from retroml_edu.policies.stock_zip import read_stock_weights
from retroml_edu.session.history import Run
from retroml_edu.session.session import Session
from retroml_edu.storage import replay_layout
from retroml_edu.storage.certificate import read_certificate
from retroml_edu.storage.checkpoint_writer import write_checkpoint
from retroml_edu.storage.checkpoints import newest_checkpoint, read_checkpoint
from retroml_edu.storage.config_files import config_of_text
from retroml_edu.storage.folder import RunFolder, list_run_folders, read_config
from retroml_edu.storage.inbox import Inbox
from retroml_edu.storage.lease import lease_state
from retroml_edu.storage.manifest import check_manifest
from retroml_edu.storage.model_files import load_model
from retroml_edu.storage.reader import EventTail, newest_attempt, read_events, run_state
from tests.campaigns.outcome import Outcome, Request
from tests.campaigns.runs import short_config
from tests.storage.config_mutations import config_mutations
from tests.storage.mutations import mutated
from tests.storage.snapshots import WRITTEN, Ring, assert_same, snapshot

COUNT = 20_000
LIMIT_S = 30.0
SLOW_S = 2.0
MOST_MEMORY_BYTES = 512 * 2**20
MOST_FAILURES = 20
CANARY = "retroml_canary"
POISON_SHARE = 0.05
BOMB = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))
"""YAML of a few lines that stands for billions of items."""

Read = Callable[[], Any]


@dataclass(frozen=True)
class Target:
    """Something that reads files from strangers.

    Attributes:
        name: What it reads.
        share: Of all inputs.
        inputs: Yields a reader for each input, which is in place then; equal generators make equal inputs.
    """

    name: str
    share: float
    inputs: Callable[[Path, np.random.Generator], Iterator[Read]]


def run(request: Request) -> Outcome:
    """Read so many malformed files; `count` is their number."""
    outcome = Outcome("Malformed files", ("", "inputs", "refused in our own words", "read without harm", "slowest"), [])
    total = request.count or COUNT
    place = request.place.resolve()
    memory_before = _peak_bytes()
    read = 0
    with _canary(place) as executed:
        for number, target in enumerate(TARGETS):
            draws = np.random.default_rng([request.seed, number])
            wanted = max(1, round(target.share * total))
            (place / f"target-{number}").mkdir()
            refused, slowest_s = 0, 0.0
            inputs = target.inputs(place / f"target-{number}", draws)
            for attempt in range(wanted):
                reader = next(inputs)
                faulthandler.dump_traceback_later(LIMIT_S, exit=True)
                began_s = time.perf_counter()
                problem = _harm(reader)
                took_s = time.perf_counter() - began_s
                faulthandler.cancel_dump_traceback_later()
                slowest_s = max(slowest_s, took_s)
                refused += problem is None
                if executed():
                    problem = "it was executed"
                if took_s > SLOW_S:
                    problem = f"it took {took_s:.1f} s"
                if problem:
                    outcome.failures.append(f"{target.name}, input {attempt}: {problem}")
                if len(outcome.failures) >= MOST_FAILURES:
                    return outcome
            inputs.close()  # type: ignore[attr-defined]
            read += wanted
            cells = (f"{wanted:,}", f"{refused:,}", f"{wanted - refused:,}", f"{slowest_s * 1e3:.0f} ms")
            outcome.rows.append((target.name, *cells))
    grown = _peak_bytes() - memory_before
    outcome.notes.append(
        f"{read:,} inputs, {len(outcome.failures)} of them with harm: executed, slower than {SLOW_S:g} s, or "
        f"answered by an error that is not ours. Memory peaked {grown / 2**20:.0f} MiB above where it began."
    )
    if grown > MOST_MEMORY_BYTES:
        outcome.failures.append(f"memory peaked {grown / 2**20:.0f} MiB above where it began")
    return outcome


def _harm(reader: Read) -> str | None:
    """Read; return None if it was refused, an empty text if it was read, and what went wrong otherwise."""
    try:
        reader()
    except (RetroMLError, WeightsError) as error:
        text = str(error)
        return None if text and len(text) < 20_000 else f"a message of {len(text)} characters"
    except Exception as error:  # noqa: BLE001 - that is what is looked for
        return f"{type(error).__name__}: {error}"[:300]
    return ""


# -- what would show that something was executed ---------------------------------------------------------------------


class _Poison:
    """Whoever unpickles it makes the canary's file."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (os.mkdir, (os.environ["RETROML_CANARY"],))


@contextmanager
def _canary(place: Path) -> Iterator[Callable[[], bool]]:
    """Give a function that tells whether something was executed: a pickle, a tag of YAML, or an imported module."""
    sign = place / "executed"
    folder = place / "modules"
    folder.mkdir()
    (folder / f"{CANARY}.py").write_text(f"import os\nos.mkdir({str(sign)!r})\n")
    with (
        mock.patch.dict(os.environ, RETROML_CANARY=str(sign)),
        mock.patch.object(sys, "path", [*sys.path, str(folder)]),
    ):
        yield sign.exists


def _poisons() -> list[bytes]:
    sign = os.environ["RETROML_CANARY"]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in ("data", "policy.pth", "archive/data.pkl", "../../escaped", "/escaped"):
            archive.writestr(name, pickle.dumps(_Poison()))
    texts = (
        f'!!python/object/apply:os.mkdir ["{sign}"]',
        f"env_id: !!python/object/apply:os.mkdir [{sign!r}]",
        f"env_id: {CANARY}:CartPole-v1\n",
        f"!!python/module:{CANARY}",
        json.dumps({"env_id": f"{CANARY}:CartPole-v1", "seed": 1}),
        f"__import__('os').mkdir({sign!r})",
        BOMB,
        '{"env_id": "<img src=x onerror=alert(1)>"}',
    )
    return [pickle.dumps(_Poison()), packed.getvalue(), *(text.encode() for text in texts)]


def _broken(data: bytes, draws: np.random.Generator) -> bytes:
    if draws.random() < POISON_SHARE:
        poisons = _poisons()
        return poisons[int(draws.integers(len(poisons)))]
    return mutated(data, draws)


# -- targets ---------------------------------------------------------------------------------------------------------


def _config_texts(_: Path, draws: np.random.Generator) -> Iterator[Read]:
    texts = config_mutations(int(draws.integers(2**32)), 10**9)
    while True:
        if draws.random() < POISON_SHARE:
            content: bytes | str = _broken(b"", draws)
            form = "yaml"
        else:
            content, form = next(texts)
        yield lambda content=content, form=form: config_of_text(content, f"config.{form}")  # type: ignore[misc]


def _damaged(files: Sequence[tuple[Path, Read]], draws: np.random.Generator) -> Iterator[Read]:
    """Damage one file after the other, while the rest is whole."""
    for _, read in files:
        read()  # whole, all of them can be read
    while True:
        for file, read in files:
            original = file.read_bytes()
            file.write_bytes(_broken(original, draws))
            yield read
            file.write_bytes(original)


def _config_files(place: Path, draws: np.random.Generator) -> Iterator[Read]:
    folder = _trained(place)
    return _damaged([(folder.config_file, lambda: read_config(folder))], draws)


def _logs(place: Path, draws: np.random.Generator) -> Iterator[Read]:
    folder = _trained(place)

    def read() -> None:
        list(read_events(folder))
        EventTail(folder).poll()
        run_state(folder)
        newest_attempt(folder)

    return _damaged([(folder.metrics_log, read), (folder.events_log, read)], draws)


def _certificates(place: Path, draws: np.random.Generator) -> Iterator[Read]:
    folder = _trained(place)
    return _damaged([(folder.certificate_file, lambda: read_certificate(folder))], draws)


def _models(place: Path, draws: np.random.Generator) -> Iterator[Read]:
    folder = _trained(place)
    files = [file for file in sorted(folder.model_dir.iterdir()) if file.is_file()]
    return _damaged([(file, lambda: load_model(folder)) for file in files], draws)


def _other_files(place: Path, draws: np.random.Generator) -> Iterator[Read]:
    folder = _trained(place)
    folder.lease_file.write_text(json.dumps({"host": "elsewhere", "pid": 1, "heartbeat_utc": "2020-01-01T00:00:00Z"}))
    folder.control_log.write_text('{"number": 1, "command": "stop"}\n')
    inbox = Inbox(folder, lambda number, why: None)
    run = Run(folder)
    return _damaged(
        [
            (folder.manifest_file, lambda: check_manifest(folder)),
            (folder.summary_file, lambda: run.summary),
            (folder.lease_file, lambda: lease_state(folder)),
            (folder.control_log, inbox.poll),
        ],
        draws,
    )


def _checkpoints(place: Path, draws: np.random.Generator) -> Iterator[Read]:
    with mock.patch.object(replay_layout, "BLOCK_BYTES", 720):
        folder, state = RunFolder(place), snapshot(replay=Ring(38, 33))
        write_checkpoint(folder, state, **WRITTEN)
        files = sorted(path for path in folder.checkpoints_dir.rglob("*") if path.is_file())

        def read() -> None:
            newest_checkpoint(folder)
            assert_same(read_checkpoint(folder, state.step).snapshot, state)

        yield from _damaged([(file, read) for file in files], draws)


def _stock_zips(place: Path, draws: np.random.Generator) -> Iterator[Read]:
    folder = _trained(place)
    config = read_config(folder)
    env = make_env(config.env_id, seed=1, render_mode=None)
    policy = build_policy(config, env.observation_space, env.action_space)
    env.close()
    file = folder.model_zip
    original = file.read_bytes()
    while True:
        file.write_bytes(_broken(original, draws) if draws.random() < 0.5 else _repacked(original, draws))
        yield lambda: read_stock_weights(file, policy)


def _repacked(data: bytes, draws: np.random.Generator) -> bytes:
    """Return a zip file that is whole, with one of its parts malformed, misnamed or poisonous."""
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(packed, "w") as new:
        names = old.namelist()
        chosen = names[int(draws.integers(len(names)))] if draws.integers(2) else "policy.pth"
        for name in names:
            content = old.read(name)
            if name == chosen:
                content = _inner(content, draws) if draws.integers(2) else _broken(content, draws)
            climbs = name == chosen and draws.integers(5) == 0
            new.writestr(f"../{name}" if climbs else name, content)
    return packed.getvalue()


def _inner(data: bytes, draws: np.random.Generator) -> bytes:
    return _repacked(data, draws) if zipfile.is_zipfile(io.BytesIO(data)) else _broken(data, draws)


def _trained(place: Path) -> RunFolder:
    """Return the folder of a short run of PPO."""
    config: ExperimentConfig = resolve_config(short_config("Pendulum-v1", "PPO", 512, n_envs=2, normalize=True))
    Session(place).start(config).wait(60)
    return list_run_folders(place)[0]


TARGETS = (
    Target("a config as YAML or JSON", 0.2, _config_texts),
    Target("config.json of a run", 0.1, _config_files),
    Target("a checkpoint", 0.2, _checkpoints),
    Target("metrics.jsonl and events.jsonl", 0.15, _logs),
    Target("certificate.json", 0.05, _certificates),
    Target("model/ (safetensors and JSON)", 0.1, _models),
    Target("manifest, summary, lease, commands", 0.1, _other_files),
    Target("model.zip of stable-baselines3", 0.1, _stock_zips),
)


def _peak_bytes() -> int:
    """Return the most memory that this process has had so far, as far as the system says."""
    try:
        import resource
    except ImportError:  # Windows
        return int(psutil.Process().memory_info().peak_wset)
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
