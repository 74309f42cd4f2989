"""Damaged and forged checkpoints: each is refused with our own error, or is equal to what was written."""

import json
import shutil
import tracemalloc
import zlib
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from retroml_edu.core.errors import RetroMLError, StorageError
from retroml_edu.core.snapshot import Snapshot
from retroml_edu.storage import replay_layout
from retroml_edu.storage.checkpoint_writer import write_checkpoint
from retroml_edu.storage.checkpoints import newest_checkpoint, read_checkpoint
from retroml_edu.storage.folder import RunFolder
from retroml_edu.storage.json_text import canonical
from retroml_edu.storage.retention import prune_checkpoints
from retroml_edu.storage.tensors import from_safetensors
from tests.storage.mutations import mutate_entry, mutate_file, mutated
from tests.storage.snapshots import WRITTEN, Ring, assert_same, snapshot

TRIES = 2_000


@pytest.fixture
def state(monkeypatch: pytest.MonkeyPatch) -> Snapshot:
    monkeypatch.setattr(replay_layout, "BLOCK_BYTES", 10 * 72)
    return snapshot(replay=Ring(38, 33))


@pytest.fixture
def written(folder: RunFolder, state: Snapshot) -> RunFolder:
    write_checkpoint(folder, state, **WRITTEN)
    return folder


def parts(folder: RunFolder) -> list[Path]:
    return sorted(path for path in folder.checkpoints_dir.rglob("*") if path.is_file())


def refused_or_equal(folder: RunFolder, state: Snapshot, *, both_ways: bool = True) -> bool:
    """Read a checkpoint by its step, and as the newest one; return whether it was refused."""
    try:
        assert_same(read_checkpoint(folder, state.step).snapshot, state)
    except RetroMLError:
        if not both_ways:
            return True
        stored, problems = newest_checkpoint(folder)
        assert stored is None
        assert all(len(problem) < 1_000 and problem.isprintable() for problem in problems)
        return True
    return False


def campaign(folder: RunFolder, state: Snapshot, tries: int, seed: int) -> int:
    """Damage one part at a time; return how many tries were refused."""
    draws = np.random.default_rng(seed)
    originals = {file: file.read_bytes() for file in parts(folder)}
    refused = 0
    for number in range(tries):
        file = list(originals)[int(draws.integers(len(originals)))]
        mutate_file(file, originals[file], draws)
        refused += refused_or_equal(folder, state, both_ways=number % 10 == 0)
        file.write_bytes(originals[file])
    return refused


def test_random_damage(written: RunFolder, state: Snapshot) -> None:
    assert campaign(written, state, TRIES, seed=1) > 0.9 * TRIES
    assert not refused_or_equal(written, state)


@pytest.mark.parametrize("stride", [7])
def test_every_region_of_every_file_matters(written: RunFolder, state: Snapshot, stride: int) -> None:
    for file in parts(written):
        original = file.read_bytes()
        for at in range(0, len(original), max(stride, len(original) // 150)):
            damaged = bytearray(original)
            damaged[at] ^= 0x11
            file.write_bytes(damaged)
            refused_or_equal(written, state)
        file.write_bytes(original)
    assert not refused_or_equal(written, state)


def test_things_that_are_no_files(written: RunFolder, state: Snapshot) -> None:
    draws = np.random.default_rng(2)
    kinds = set()
    for file in parts(written) * 6:
        kinds.add(mutate_entry(file, draws))
        assert refused_or_equal(written, state)
        moved = file.with_name(file.name + ".moved")
        if file.is_dir() and not file.is_symlink():
            file.rmdir()
        else:
            file.unlink(missing_ok=True)
        moved.rename(file)
    assert kinds >= {"missing", "folder"}
    assert not refused_or_equal(written, state)


def test_random_bytes_as_arrays() -> None:
    draws = np.random.default_rng(3)
    from retroml_edu.storage.tensors import to_safetensors

    original = to_safetensors({"a": np.arange(6.0).reshape(2, 3), "b": np.ones(3, np.uint8)})
    read = 0
    for _ in range(TRIES):
        try:
            found = from_safetensors(mutated(original, draws))
        except ValueError:
            continue
        read += 1
        assert sum(array.nbytes for array in found.values()) < 2**25
    assert read < TRIES / 2


def forge(folder: RunFolder, change: dict[str, Any], **files: bytes) -> None:
    """Alter a description and files as somebody would who knows the format: every hash and checksum fits again."""
    place = folder.checkpoints_dir / "0000000120"
    data = json.loads((place / "state.json").read_text())
    for name, content in files.items():
        file = {"facts": "facts.json", "arrays": "arrays.safetensors"}[name]
        (place / file).write_bytes(content)
        data[name] = {"sha256": sha256(content).hexdigest(), "size_bytes": len(content)}
    for path, value in change.items():
        target = data
        *groups, last = path.split(".")
        for group in groups:
            target = target[int(group)] if isinstance(target, list) else target[group]
        target[last] = value
    del data["checksum"]
    (place / "state.json").write_text(json.dumps(data | {"checksum": sha256(canonical(data).encode()).hexdigest()}))


FORGED_DESCRIPTIONS: list[dict[str, Any]] = [
    {"step": -1},
    {"step": 121},
    {"step": 120.0},
    {"step": True},
    {"attempt": 0},
    {"attempt": 2**80},
    {"last_valid_seq": -1},
    {"last_valid_seq": None},
    {"reason": "whim"},
    {"state_digest": "0" * 64},
    {"weights_digest": "0" * 64},
    {"values_digest": "0" * 63},
    {"values_digest": "0" * 64 + "\n"},
    {"time_utc": "x" * 100},
    {"extra": 1},
    {"facts.size_bytes": 2**50},
    {"facts.size_bytes": 0},
    {"facts.sha256": "../../etc/passwd"},
    {"arrays": None},
    {"replay": None},
    {"replay.kept": 0},
    {"replay.kept": 39},
    {"replay.kept": 2**62},
    {"replay.added": 2**62},
    {"replay.added": 2**62, "replay.kept": 2**62, "replay.rows_per_block": 1},
    {"replay.rows_per_block": 0},
    {"replay.rows_per_block": 1},
    {"replay.rows_per_block": 2**30},
    {"replay.compressed": False},
    {"replay.compressed": 1},
    {"replay.parts": []},
    {"replay.parts": [{"digest": "../" * 21 + "x", "size_bytes": 1}] * 4},
    {"replay.parts": [{"digest": "0" * 64, "size_bytes": 2**40}] * 4},
]


@pytest.mark.parametrize("change", FORGED_DESCRIPTIONS, ids=[str(number) for number in range(len(FORGED_DESCRIPTIONS))])
def test_forged_descriptions(written: RunFolder, state: Snapshot, change: dict[str, Any]) -> None:
    forge(written, change)
    assert refused_or_equal(written, state)
    prune_checkpoints(written, 1)


@pytest.mark.parametrize(
    "facts",
    [
        b"",
        b"[]",
        b"null",
        b'{"a": NaN}',
        b'{"a": 1e999}',
        b'{"a":' * 100_000,
        b'{"a":' * 40 + b"1" + b"}" * 40,
        b'{"a": ' + b"9" * 10_000 + b"}",
        b"\xff\xfe",
        b'{"updates": 13}',
    ],
    ids=["empty", "list", "null", "nan", "infinity", "endless", "deep", "long", "no text", "other"],
)
def test_forged_facts(written: RunFolder, state: Snapshot, facts: bytes) -> None:
    forge(written, {}, facts=facts)
    assert refused_or_equal(written, state)


@pytest.mark.parametrize("seed", range(40))
def test_forged_arrays(written: RunFolder, state: Snapshot, seed: int) -> None:
    draws = np.random.default_rng(seed)
    original = (written.checkpoints_dir / "0000000120" / "arrays.safetensors").read_bytes()
    damaged = mutated(original, draws)
    forge(written, {}, arrays=damaged)
    refused_or_equal(written, state)


@pytest.fixture
def measured_memory() -> Iterator[None]:
    tracemalloc.start()
    yield
    tracemalloc.stop()


@pytest.mark.usefixtures("measured_memory")
def test_what_would_unpack_to_gigabytes_does_not(written: RunFolder, state: Snapshot) -> None:
    packer = zlib.compressobj(9)
    bomb = b"".join(packer.compress(bytes(2**20)) for _ in range(256)) + packer.flush()
    assert len(bomb) < 2**19
    for block in (written.checkpoints_dir / "replay").iterdir():
        block.write_bytes(bomb[: 2**16])
    tail = written.checkpoints_dir / "0000000120" / "tail.safetensors.z"
    tail.write_bytes(bomb[: 2**16])
    tracemalloc.reset_peak()
    assert refused_or_equal(written, state)
    assert tracemalloc.get_traced_memory()[1] < 8 * 2**20


def test_rows_of_another_form_are_refused(folder: RunFolder, state: Snapshot) -> None:
    write_checkpoint(folder, state, **WRITTEN)
    shutil.copytree(folder.checkpoints_dir, folder.path / "kept")
    other = Ring(38, 33, pictures=True, side=8, shift=1)
    write_checkpoint(folder, Snapshot(120, state.facts, state.arrays, other), **(WRITTEN | {"attempt": 2}))
    for mine in (folder.path / "kept" / "replay").iterdir():
        for theirs in (folder.checkpoints_dir / "replay").glob(mine.name[:8] + "*"):
            shutil.copy(mine, theirs)
    with pytest.raises(StorageError, match="not those that were stored"):
        read_checkpoint(folder, "0000000120-2").snapshot.replay.rows(5, 38)  # type: ignore[union-attr]
