"""Named arrays as safetensors: the one way in which arrays are written and read here; nothing in it could run code."""

from __future__ import annotations

import numpy as np

from retroml_edu.core.weights import Arrays
from retroml_edu.storage.json_text import parse

MAX_HEADER_BYTES = 2**20
MAX_TENSORS = 10_000
_DTYPES = frozenset({"F64", "F32", "F16", "I64", "I32", "I16", "I8", "U8", "U16", "U32", "U64", "BOOL"})
_KINDS = "fiub"
_MAX_ITEM_BYTES = 8


def to_safetensors(arrays: Arrays) -> bytes:
    """Return arrays as the bytes of a safetensors file.

    Raises:
        ValueError: If an array is of a type that has no place in such a file, Python objects or texts say, or there
            are too many.
    """
    from safetensors.numpy import save

    for name, array in arrays.items():
        if array.dtype.kind not in _KINDS or array.dtype.itemsize > _MAX_ITEM_BYTES:
            raise ValueError(f"the array {name!r} is of type {array.dtype}, which is not stored")
    # asarray with order="C": ascontiguousarray would turn a single number into an array of one.
    little = {name: np.asarray(a, dtype=a.dtype.newbyteorder("<"), order="C") for name, a in arrays.items()}
    data = save(little)
    _check_header(data)  # what could not be read back is not written
    return data


def from_safetensors(data: bytes) -> dict[str, np.ndarray]:
    """Return the arrays of a safetensors file that may come from a stranger, in memory of their own.

    Raises:
        ValueError: If it is damaged, or its header larger than allowed.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    _check_header(data)
    try:
        # Already in memory of its own, which may be written into; a second copy would cost as much as reading.
        return {name: np.require(array, requirements="W") for name, array in load(data).items()}
    except (SafetensorError, KeyError, TypeError, OverflowError) as error:
        raise ValueError(str(error)) from None


def _check_header(data: bytes) -> None:
    """Look at header length and data types before the arrays are read."""
    length = int.from_bytes(data[:8], "little")
    if len(data) < 8 or length > min(MAX_HEADER_BYTES, len(data) - 8):
        raise ValueError("its header is larger than allowed, or than the file")
    header = parse(data[8 : 8 + length], max_depth=4)
    if not isinstance(header, dict) or len(header) > MAX_TENSORS:
        raise ValueError("its header is no list of tensors")
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        dtype = entry.get("dtype") if isinstance(entry, dict) else None
        if not isinstance(dtype, str) or dtype not in _DTYPES:
            raise ValueError(f"tensor {name[:40]!r} has an unknown type")
