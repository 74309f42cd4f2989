"""numba's cache of one kernel, in a folder of our choice. Imports numba."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

from numba.core import config
from numba.core.caching import CompileResultCacheImpl, FunctionCache, UserProvidedCacheLocator

_unkept: set[str] = set()
"""Kernels of this process that are in no cache."""


def all_kept() -> bool:
    """Return whether every kernel that this process has loaded is in the cache."""
    return not (_unkept or config.DISABLE_JIT)


def keep_in(folder: Path, kernel: Any) -> None:
    """Have a kernel look for its machine code in this folder, and leave it there.

    numba's setting of a cache folder belongs to the whole process, and to the person's own functions.

    Args:
        folder: Its own; a folder for each module is made in it.
        kernel: A dispatcher that nothing was compiled for yet.
    """

    class Locator(UserProvidedCacheLocator):  # type: ignore[misc]  # numba has no types
        def __init__(self, function: Any, source: str) -> None:
            super().__init__(function, source)
            self._cache_path = str(folder / Path(source).parent.name)

        def get_source_stamp(self) -> str:
            # The folder is named after the content of all kernels. numba's stamp, the time of the file, and its path
            # change with every installation, and all would be compiled again though the folder is marked as warm.
            return folder.name

        @classmethod
        def from_function(cls, function: Any, source: str) -> Locator:
            locator = cls(function, source)
            locator.ensure_cache_path()
            return locator

    class Storage(CompileResultCacheImpl):  # type: ignore[misc]
        _locator_classes = (Locator,)

    class Cache(_ForgivingCache):
        _impl_class = Storage

    # NUMBA_CACHE_LOCATOR_CLASSES goes before ours and may name any folder; older versions of numba do not know it.
    if getattr(config, "CACHE_LOCATOR_CLASSES", ""):
        _unkept.add(kernel.py_func.__qualname__)
        return
    try:
        kernel._cache = Cache(kernel.py_func)
    except OSError:  # a full disk: without a cache then
        _unkept.add(kernel.py_func.__qualname__)


class _ForgivingCache(FunctionCache):  # type: ignore[misc]
    """Compiles again where a file of the cache is damaged, and goes on where none can be written."""

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        try:
            return super().load_overload(sig, target_context)
        except Exception:  # noqa: BLE001  # a torn file: pickle and LLVM raise what they like
            with suppress(OSError):
                self.flush()
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        try:
            super().save_overload(sig, data)
        except OSError:
            _unkept.add(self._py_func.__qualname__)
