"""How replay rows are cut into parts, and the digest of all of them."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

import numpy as np

from retroml_edu.core.digest import arrays_digest
from retroml_edu.core.snapshot import ReplayRows
from retroml_edu.storage.checkpoint_layout import MAX_PART_BYTES, REPLAY, PartRecord
from retroml_edu.storage.json_text import canonical

BLOCK_BYTES = 4 * 2**20
"""About what a block holds before it is packed: small enough to write the rows around whole blocks every time."""


@dataclass(frozen=True, slots=True)
class ReplayLayout:
    """How the kept rows are cut: at every multiple of `rows_per_block`, so that a cut never moves.

    Attributes:
        added: Rows that were ever added.
        kept: How many of the newest are still there.
        rows_per_block: Rows of a whole block.
    """

    added: int
    kept: int
    rows_per_block: int

    @property
    def first(self) -> int:
        """The oldest row that is kept."""
        return self.added - self.kept

    @property
    def count(self) -> int:
        """Number of parts."""
        return 0 if self.kept == 0 else (self.added - 1) // self.rows_per_block - self.first // self.rows_per_block + 1

    def span(self, part: int) -> tuple[int, int]:
        """Return the first row of a part, and the one after its last."""
        block = self.first // self.rows_per_block + part
        size = self.rows_per_block
        return max(self.first, block * size), min(self.added, (block + 1) * size)

    def part_of(self, row: int) -> int:
        """Return the part that a row is in."""
        return row // self.rows_per_block - self.first // self.rows_per_block

    def block(self, part: int) -> int | None:
        """Return the number of the block that a part is; None if it is less than a whole one."""
        first, last = self.span(part)
        return first // self.rows_per_block if last - first == self.rows_per_block else None

    def file(self, part: int, record: PartRecord, place: str, *, compressed: bool) -> str:
        """Return where a part is, relative to ``checkpoints/``.

        Args:
            part: Its number.
            record: Its digest is in the name of a block: another attempt may have filled the same rows otherwise.
            place: Name of the checkpoint's own folder.
            compressed: Whether it is packed.
        """
        suffix = ".safetensors.z" if compressed else ".safetensors"
        block = self.block(part)
        if block is not None:
            return f"{REPLAY}/{block:08d}-{record.digest[:32]}{suffix}"
        return f"{place}/{'tail' if part else 'head'}{suffix}"


def layout_of(rows: ReplayRows) -> tuple[ReplayLayout, bool]:
    """Return how rows are cut, which their size alone decides, and whether packing them pays.

    Raises:
        ValueError: If a row is too large, or the numbers of rows make no sense.
    """
    if not 0 <= rows.kept <= rows.added:
        raise ValueError(f"{rows.kept} replay rows cannot be left of {rows.added}")
    if rows.kept == 0:
        return ReplayLayout(rows.added, 0, 1), False
    one = rows.rows(rows.added - 1, rows.added)
    size = sum(array.nbytes for array in one.values())
    if 2 * size > MAX_PART_BYTES:
        raise ValueError(f"a replay row has {size} bytes, and {MAX_PART_BYTES // 2} are allowed")
    pictures = sum(array.nbytes for array in one.values() if array.dtype == np.uint8)
    return ReplayLayout(rows.added, rows.kept, max(1, BLOCK_BYTES // max(size, 1))), 2 * pictures > size


def replay_digest(layout: ReplayLayout, digests: list[str]) -> str:
    """Return the digest of all kept rows, from those of their parts."""
    content = [layout.added, layout.kept, layout.rows_per_block, digests]
    return sha256(canonical(content).encode()).hexdigest()


def digest_rows(rows: ReplayRows) -> str:
    """Return the digest of the kept rows of a buffer; reads them all."""
    layout, _ = layout_of(rows)
    return replay_digest(layout, [arrays_digest(rows.rows(*layout.span(part))) for part in range(layout.count)])
