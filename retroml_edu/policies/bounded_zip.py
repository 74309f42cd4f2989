"""Zip files from strangers: what is taken from them stays in memory and within bounds, and no path is followed."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
import zlib
from typing import BinaryIO

MAX_ENTRIES = 1_000
MAX_DIRECTORY_BYTES = 2**18
MAX_RATIO = 20
"""How many times larger an entry may be than it is in the file: weights are noise, which hardly shrinks."""

_END = struct.Struct("<4s4H2LH")
_LOCATOR = struct.Struct("<4sLQL")
_END64 = struct.Struct("<4sQ2H2L4Q")
_ENCRYPTED = 0x1


class ZipRefusedError(ValueError):
    """A zip file of which nothing will be read; the text says why, as the end of a sentence."""


def open_zip(file: BinaryIO) -> zipfile.ZipFile:
    """Open a zip file whose list of entries is of bounded size.

    Raises:
        ZipRefusedError: If it is none, or its list is longer than allowed, ambiguous or damaged.
    """
    _check_directory(file)
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, ValueError, NotImplementedError, struct.error) as error:
        raise ZipRefusedError(f"it is no whole zip file ({error})") from None
    names = archive.namelist()
    if len(set(names)) != len(names):
        raise ZipRefusedError("it holds two files of one name")
    return archive


def read_entry(archive: zipfile.ZipFile, name: str, max_bytes: int) -> bytes:
    """Read an entry into memory.

    Raises:
        ZipRefusedError: If it is missing, larger than allowed, a link, encrypted, packed in another way than usual or
            beyond `MAX_RATIO`, or damaged.
    """
    try:
        entry = archive.getinfo(name)
    except KeyError:
        raise ZipRefusedError(f"it holds no {name}") from None
    if entry.file_size > max_bytes:
        raise ZipRefusedError(f"{name} has {entry.file_size:,} bytes, and {max_bytes:,} are allowed")
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or entry.flag_bits & _ENCRYPTED:
        raise ZipRefusedError(f"{name} is packed in a way that is not read here")
    if entry.file_size > MAX_RATIO * max(entry.compress_size, 1):
        raise ZipRefusedError(f"{name} is packed more tightly than a network can be")
    if stat.S_ISLNK(entry.external_attr >> 16) or entry.is_dir():
        raise ZipRefusedError(f"{name} is no plain file")
    try:
        with archive.open(entry) as file:
            data = file.read(entry.file_size)
            whole = len(data) == entry.file_size and not file.read(1)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError) as error:
        raise ZipRefusedError(f"{name} is damaged ({error})") from None
    if not whole:
        raise ZipRefusedError(f"{name} is not as large as the list says")
    return data


def check_stored(archive: zipfile.ZipFile, size_bytes: int) -> None:
    """Check that nothing in an archive becomes larger than the archive itself when it is read.

    Raises:
        ZipRefusedError: If something would.
    """
    entries = archive.infolist()
    packed = any(entry.compress_type != zipfile.ZIP_STORED for entry in entries)
    if packed or sum(entry.file_size for entry in entries) > size_bytes:
        raise ZipRefusedError("its parts are larger than the whole")


def _check_directory(file: BinaryIO) -> None:
    """Look at the end of the file, before `zipfile` reads as long a list of entries as is written there."""
    size = file.seek(0, io.SEEK_END)
    tail_bytes = min(size, _END64.size + _LOCATOR.size + _END.size)
    file.seek(size - tail_bytes)
    tail = file.read(tail_bytes)
    if len(tail) < _END.size or not tail.startswith(b"PK\5\6", len(tail) - _END.size):
        raise ZipRefusedError("it does not end as such a file ends")
    *_, entries, directory_bytes, _, _ = _END.unpack(tail[-_END.size :])
    if entries > MAX_ENTRIES or directory_bytes > MAX_DIRECTORY_BYTES:
        raise ZipRefusedError("its list of files is longer than allowed")
    rest = tail[: -_END.size]
    if not rest.startswith(b"PK\6\7", len(rest) - _LOCATOR.size):
        return
    # A second ending, for large files, which then decides. torch always writes it, and both say the same.
    place = _LOCATOR.unpack(rest[-_LOCATOR.size :])[2]
    if len(rest) != _END64.size + _LOCATOR.size or place != size - tail_bytes:
        raise ZipRefusedError("its list of files is not where it should be")
    *_, entries64, bytes64, _ = _END64.unpack(rest[: _END64.size])
    if not rest.startswith(b"PK\6\6") or (entries64, bytes64) != (entries, directory_bytes):
        raise ZipRefusedError("it has two lists of files that contradict each other")
