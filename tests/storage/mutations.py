"""Seeded ways to damage a file, for as many tries as a campaign wants."""

import json
import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

Draws = np.random.Generator


def _flip_bit(data: bytearray, draws: Draws) -> bytes:
    at = int(draws.integers(len(data)))
    data[at] ^= 1 << int(draws.integers(8))
    return bytes(data)


def _replace_bytes(data: bytearray, draws: Draws) -> bytes:
    at, length = int(draws.integers(len(data))), int(draws.integers(1, 9))
    data[at : at + length] = draws.bytes(length)
    return bytes(data)


def _cut(data: bytearray, draws: Draws) -> bytes:
    return bytes(data[: int(draws.integers(len(data)))])


def _append(data: bytearray, draws: Draws) -> bytes:
    return bytes(data) + draws.bytes(int(draws.integers(1, 100)))


def _remove_piece(data: bytearray, draws: Draws) -> bytes:
    at = int(draws.integers(len(data)))
    del data[at : at + int(draws.integers(1, 50))]
    return bytes(data)


def _repeat_piece(data: bytearray, draws: Draws) -> bytes:
    at, length = int(draws.integers(len(data))), int(draws.integers(1, 50))
    data[at:at] = data[at : at + length]
    return bytes(data)


def _zeros(data: bytearray, draws: Draws) -> bytes:
    at = int(draws.integers(len(data)))
    return bytes(data[:at]) + bytes(len(data) - at)


def _huge_header(data: bytearray, draws: Draws) -> bytes:
    return struct.pack("<Q", int(draws.integers(2**62))) + bytes(data[8:])


def _deep(data: bytearray, draws: Draws) -> bytes:
    depth = int(draws.integers(30, 200_000))
    return b"[" * depth + (b"]" * depth if draws.integers(2) else b"")


def _long_number(data: bytearray, draws: Draws) -> bytes:
    return bytes(data).replace(b"1", b"1" * int(draws.integers(5, 6_000)), 1)


def _odd_value(data: bytearray, draws: Draws) -> bytes:
    digits = [at for at in range(len(data)) if 48 <= data[at] <= 57]
    if not digits:
        return bytes(data)
    at = digits[int(draws.integers(len(digits)))]
    odd = (b"-1", b"NaN", b"Infinity", b"1e999", b"true", b"null", b"[]", b'"x"', b"{}", b"9" * 25)
    return bytes(data[:at]) + odd[int(draws.integers(len(odd)))] + bytes(data[at + 1 :])


def _bomb(data: bytearray, draws: Draws) -> bytes:
    return zlib.compress(bytes(int(draws.integers(2**20, 2**24))), 9)


def _safetensors(data: bytearray, draws: Draws) -> bytes:
    entries = (
        {"a": {"dtype": "OBJECT", "shape": [1], "data_offsets": [0, 8]}},
        {"a": {"dtype": [], "shape": [1], "data_offsets": [0, 8]}},
        {"a": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 8]}},
        {"a": {"dtype": "F32", "shape": [2**40, 2**40], "data_offsets": [0, 8]}},
        {"a": {"dtype": "F32", "shape": [1] * 100 + [2], "data_offsets": [0, 8]}},
        {"a": {"dtype": "U8", "shape": [8], "data_offsets": [0, 8]}, "b": {"dtype": "U8", "shape": [8]}},
        {
            "a": {"dtype": "U8", "shape": [8], "data_offsets": [0, 8]},
            "b": {"dtype": "U8", "shape": [4], "data_offsets": [4, 8]},
        },
        {"../../a": {"dtype": "U8", "shape": [8], "data_offsets": [0, 8]}},
        {"a": {"dtype": "U8", "shape": [8], "data_offsets": [0, 2**63]}},
        ["a"],
        {},
    )
    header = json.dumps(entries[int(draws.integers(len(entries)))]).encode()
    made = struct.pack("<Q", len(header)) + header + draws.bytes(8)
    return zlib.compress(made) if draws.integers(2) else made


def _empty(data: bytearray, draws: Draws) -> bytes:
    return b""


MUTATIONS: tuple[Callable[[bytearray, Draws], bytes], ...] = (
    _flip_bit, _replace_bytes, _cut, _append, _remove_piece, _repeat_piece, _zeros,
    _huge_header, _deep, _long_number, _odd_value, _bomb, _safetensors, _empty,
)  # fmt: skip
_QUICK = 7
"""The first ones, which change what is there and cost nothing: they are drawn more often."""


def mutated(data: bytes, draws: Draws) -> bytes:
    """Return damaged data; equal generators damage alike."""
    if not data:
        return draws.bytes(16)
    choice = MUTATIONS[: _QUICK if draws.integers(4) else None]
    return choice[int(draws.integers(len(choice)))](bytearray(data), draws)


def mutate_file(file: Path, original: bytes, draws: Draws) -> bool:
    """Damage a file; return whether it now differs from the original."""
    damaged = mutated(original, draws)
    file.write_bytes(damaged)
    return damaged != original


def mutate_entry(file: Path, draws: Draws) -> str:
    """Put something that is no plain file in the place of a file, where the system can; return what."""
    kinds = ["missing", "folder", "link"] + (["pipe"] if hasattr(os, "mkfifo") else [])
    kind = kinds[int(draws.integers(len(kinds)))]
    beside = file.with_name(file.name + ".moved")
    file.rename(beside)
    if kind == "folder":
        file.mkdir()
    elif kind == "link":
        try:
            file.symlink_to(beside)
        except OSError:
            return "missing"  # Windows lets not everybody make links
    elif kind == "pipe":
        os.mkfifo(file)
    return kind
