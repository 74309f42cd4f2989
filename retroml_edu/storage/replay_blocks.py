"""Replay rows on disk: whole blocks that are written once and shared, and the rows around them."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import numpy as np

from retroml_edu.core.digest import arrays_digest
from retroml_edu.core.errors import StorageError
from retroml_edu.core.snapshot import ReplayRows
from retroml_edu.core.weights import Arrays
from retroml_edu.storage.atomic import write_bytes, write_new
from retroml_edu.storage.checkpoint_layout import (
    CHECKPOINTS,
    PartRecord,
    ReplayRecord,
    unusable,
)
from retroml_edu.storage.folder import RunFolder
from retroml_edu.storage.paths import read_unlinked
from retroml_edu.storage.replay_layout import ReplayLayout, layout_of, replay_digest
from retroml_edu.storage.tensors import from_safetensors, to_safetensors

_PACKED_OVERHEAD = 2**16


class ReplayWriter:
    """Writes the rows of one snapshot.

    Args:
        folder: Run folder, in which ``checkpoints/replay/`` exists.
        rows: What is written.
        before: What an earlier checkpoint of the same attempt has written: its blocks are not even read again.

    Attributes:
        size_bytes: Bytes written so far.
        new_blocks: Files that were not there before.
    """

    def __init__(self, folder: RunFolder, rows: ReplayRows, before: ReplayRecord | None) -> None:
        self.size_bytes = 0
        self.new_blocks: list[Path] = []
        self._place = folder.checkpoints_dir
        self._rows = rows
        self._layout, self._compressed = layout_of(rows)
        self._known = _known_blocks(before, self._layout, self._compressed)

    def write(self, temporary: Path) -> ReplayRecord:
        """Write new blocks where they stay, and the rows around blocks into the checkpoint that is being made.

        Raises:
            OSError: If the rows around blocks cannot be written.
            StorageError: If a block cannot be written.
            ValueError: If rows are of a type that has no place in a file.
        """
        layout = self._layout
        return ReplayRecord(
            added=layout.added,
            kept=layout.kept,
            rows_per_block=layout.rows_per_block,
            compressed=self._compressed,
            parts=[self._part(part, temporary) for part in range(layout.count)],
        )

    def discard(self) -> None:
        """Remove the blocks that were written."""
        for block in self.new_blocks:
            with suppress(OSError):
                block.unlink()

    def _part(self, part: int, temporary: Path) -> PartRecord:
        layout = self._layout
        block = layout.block(part)
        known = self._known.get(block) if block is not None else None
        if known is not None and self._file(part, known, temporary).is_file():
            return known
        arrays = self._rows.rows(*layout.span(part))
        plain = to_safetensors(arrays)
        record = PartRecord(digest=arrays_digest(arrays), size_bytes=len(plain))
        file = self._file(part, record, temporary)
        if block is None or not self._holds(file, record):
            data = zlib.compress(plain, 1) if self._compressed else plain
            if block is None:
                write_new(file, data)
            else:
                self.new_blocks += [] if file.exists() else [file]
                write_bytes(file, data)
            self.size_bytes += len(data)
        return record

    def _holds(self, file: Path, record: PartRecord) -> bool:
        """Return whether another attempt has written this block, and nothing has damaged it since."""
        try:
            data = file.read_bytes()
            plain = _unpacked(data, record.size_bytes) if self._compressed else data
            return arrays_digest(from_safetensors(plain)) == record.digest
        except (OSError, ValueError):
            return False

    def _file(self, part: int, record: PartRecord, temporary: Path) -> Path:
        return self._place / self._layout.file(part, record, temporary.name, compressed=self._compressed)


class StoredReplay:
    """Replay rows that are read from a checkpoint, part by part, each checked against its digest.

    Args:
        folder: Run folder.
        name: Name of the checkpoint's folder.
        record: What its description says.

    Raises:
        ValueError: If the description makes no sense.

    Threads: one at a time.
    """

    def __init__(self, folder: RunFolder, name: str, record: ReplayRecord) -> None:
        self._folder = folder
        self._name = name
        self._record = record
        self._layout = ReplayLayout(record.added, record.kept, record.rows_per_block)
        self._loaded: tuple[int, dict[str, np.ndarray]] | None = None
        self._form: dict[str, tuple[np.dtype[np.generic], tuple[int, ...]]] | None = None
        if record.kept > record.added or self._layout.count != len(record.parts):
            raise ValueError("its numbers of replay rows do not fit together")

    @property
    def added(self) -> int:
        """Rows that were ever added."""
        return self._record.added

    @property
    def kept(self) -> int:
        """How many of the newest there are."""
        return self._record.kept

    @property
    def digest(self) -> str:
        """Digest of all rows, as the description says."""
        return replay_digest(self._layout, [part.digest for part in self._record.parts])

    def files(self) -> list[str]:
        """Return the files of the rows, relative to ``checkpoints/``."""
        return [self._file(part) for part in range(self._layout.count)]

    def check(self) -> None:
        """Read all rows once.

        Raises:
            StorageError: If a part is missing or damaged.
        """
        for part in range(self._layout.count):
            self._load(part)

    def rows(self, first: int, last: int) -> Mapping[str, np.ndarray]:
        """Return rows; ask for a few thousand at a time, and memory stays flat.

        Raises:
            ValueError: If the range is empty or not kept.
            StorageError: If a part is missing or damaged.
        """
        if not self._layout.first <= first < last <= self.added:
            raise ValueError(f"Rows {first} to {last} are not among {self._layout.first} to {self.added}.")
        pieces: list[Arrays] = []
        while first < last:
            part = self._layout.part_of(first)
            begin, end = self._layout.span(part)
            wanted = slice(first - begin, min(last, end) - begin)
            pieces.append({name: array[wanted] for name, array in self._load(part).items()})
            first = end
        return {name: np.concatenate([piece[name] for piece in pieces]) for name in pieces[0]}

    def _load(self, part: int) -> dict[str, np.ndarray]:
        if self._loaded is None or self._loaded[0] != part:
            self._loaded = None  # the old part goes before the new one comes
            try:
                self._loaded = (part, self._checked(part))
            except (ValueError, StorageError) as error:
                raise unusable(self._folder, self._name, f"{self._file(part)}: {error}") from None
        return self._loaded[1]

    def _checked(self, part: int) -> dict[str, np.ndarray]:
        record = self._record.parts[part]
        limit = record.size_bytes + _PACKED_OVERHEAD
        data = read_unlinked(self._folder.path, f"{CHECKPOINTS}/{self._file(part)}", limit)
        arrays = from_safetensors(_unpacked(data, record.size_bytes) if self._record.compressed else data)
        if arrays_digest(arrays) != record.digest:
            raise ValueError("its rows are not those that were stored")
        first, last = self._layout.span(part)
        form = {name: (array.dtype, array.shape[1:]) for name, array in arrays.items()}
        self._form = self._form or form
        if form != self._form or any(array.shape[:1] != (last - first,) for array in arrays.values()):
            raise ValueError("its rows are of another form")
        return arrays

    def _file(self, part: int) -> str:
        return self._layout.file(part, self._record.parts[part], self._name, compressed=self._record.compressed)


def _known_blocks(before: ReplayRecord | None, layout: ReplayLayout, compressed: bool) -> dict[int, PartRecord]:
    if before is None or (before.rows_per_block, before.compressed) != (layout.rows_per_block, compressed):
        return {}
    earlier = ReplayLayout(before.added, before.kept, before.rows_per_block)
    found = {earlier.block(part): record for part, record in enumerate(before.parts)}
    return {block: record for block, record in found.items() if block is not None}


def _unpacked(data: bytes, size: int) -> bytes:
    """Return what was packed; never more than was said, whatever the data would grow to."""
    unpacking = zlib.decompressobj()
    try:
        plain = unpacking.decompress(data, size + 1)
    except zlib.error as error:
        raise ValueError(f"it cannot be unpacked: {error}") from None
    if len(plain) != size or not unpacking.eof or unpacking.unused_data:
        raise ValueError(f"it does not unpack to the {size} bytes that it should")
    return plain
