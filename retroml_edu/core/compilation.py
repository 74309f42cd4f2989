"""Compiled kernels: how a function becomes one, and where the machine code is kept for the next start.

numba's cache is pickle: whoever can write to it can run code here. So it lives in a folder that belongs to this
person alone, never beside the sources, in a run or in a shared folder; where there is no such folder, each process
compiles anew.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import stat
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

from retroml_edu.core.sources import PACKAGE, sources_digest

Function = TypeVar("Function", bound=Callable[..., Any])

_KERNELS = ("core/compilation.py", "envs/compiled/*.py", "tabular/*_kernels.py", "training/fast/*.py")
"""Every file that holds kernels or decides how they are compiled, in the package's folder."""
_DIGEST = re.compile(r"[0-9a-f]{16}")
_KEPT = 2
ENGINE, LESSONS = "warm", "warm-lessons"
"""What is compiled in one go: the fast engine, and the algorithms of lessons."""


def compiled(*signatures: str, fastmath: bool | set[str] = False) -> Callable[[Function], Function]:
    """Compile a function for these types when its module is imported, or load it from the person's cache.

    It releases the GIL while it runs. An index out of bounds is not noticed and a division by zero gives infinity, as
    in C. `numba` is imported here, not before: only modules that hold kernels pay for it.

    Args:
        signatures: Types as numba writes them: ``"float64(float64[::1], int64)"``. A function without any is compiled
            into those that call it, and kept with them: a helper of kernels costs nothing when they are loaded.
        fastmath: What the compiler may assume about floating-point numbers, as numba takes it. Anything but False can
            give other last bits on another machine.
    """

    def decorate(function: Function) -> Function:
        import numba

        kernel: Any = numba.njit(nogil=True, error_model="numpy", boundscheck=False, fastmath=fastmath)(function)
        if kernel is function or not signatures:  # the first with NUMBA_DISABLE_JIT, for who debugs a kernel as Python
            helper: Function = kernel
            return helper
        folder = cache_folder()
        if folder is not None:
            from retroml_edu.core.compilation_cache import keep_in

            keep_in(folder, kernel)
        for signature in signatures:
            kernel.compile(signature)
        kernel.disable_compile()
        compiled_function: Function = kernel
        return compiled_function

    return decorate


def read_only(kind: str, dimensions: int) -> str:
    """Return an array's type for a signature, as numba writes it: the kernel only reads it, and it may be locked."""
    return f"Array({kind}, {dimensions}, 'C', readonly=True)"


def cache_folder() -> Path | None:
    """Return the folder of this version's compiled kernels on this processor, made if need be; None without one."""
    return _cache()[0]


def cache_problem() -> str:
    """Return why compiled kernels cannot be kept, and what to do about it; an empty string if they are."""
    return _cache()[1]


def is_warm(part: str = ENGINE) -> bool:
    """Whether all kernels of a part have been compiled and kept: importing them takes no longer than reading them."""
    folder = cache_folder()
    return folder is not None and (folder / part).is_file()


def mark_warm(part: str = ENGINE) -> None:
    """Remember that every module of kernels of a part was imported once, if all of them are in the cache now."""
    from retroml_edu.core.compilation_cache import all_kept

    folder = cache_folder()
    if folder is not None and all_kept():
        with suppress(OSError):  # a full disk: the kernels are then compiled again
            (folder / part).touch()


def kernels_digest(package: Path = PACKAGE) -> str:
    """Return 16 hex digits that differ where kernels, numba or the processor do.

    numba by itself looks at the file of a function alone, and misses a change in a function that it calls.
    """
    import llvmlite.binding as llvm

    facts = (
        version("numba"),
        version("llvmlite"),
        platform.python_version(),
        llvm.get_process_triple(),
        llvm.get_host_cpu_name(),
        llvm.get_host_cpu_features().flatten(),
    )
    return sources_digest(_KERNELS, package, facts)


def private_folder(base: Path, *names: str) -> Path:
    """Return a folder below another that only this person can write to; what is missing of it is made, mode 0700.

    Args:
        base: Where it begins, such as ``~/.cache``; it is made too if it is missing.
        names: One name a level. Each of them is looked at.

    Raises:
        PermissionError: If a level is a link, belongs to somebody else, or can be written to by others; or if everybody
            could rename it.
        OSError: If it cannot be made.
    """
    base.mkdir(parents=True, exist_ok=True)
    facts = base.stat()
    mode = facts.st_mode
    if sys.platform != "win32" and facts.st_uid not in (0, os.geteuid()):  # its owner could rename what is in it
        raise PermissionError(f"{base} belongs to another user")
    if sys.platform != "win32" and mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
        raise PermissionError(f"{base} can be written to by everybody")
    folder = base
    for name in names:
        folder /= name
        with suppress(FileExistsError):
            folder.mkdir(mode=0o700)
        _refuse_shared(folder)
    return folder


def _refuse_shared(folder: Path) -> None:
    facts = folder.lstat()
    if not stat.S_ISDIR(facts.st_mode):
        raise PermissionError(f"{folder} is a link or a file")
    if sys.platform == "win32":
        return  # the profile's folder has a list of who may do what, and it names this person alone
    if facts.st_uid != os.geteuid():
        raise PermissionError(f"{folder} belongs to another user")
    if facts.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise PermissionError(f"{folder} can be written to by others")


@cache
def _cache() -> tuple[Path | None, str]:
    """Return the folder and no problem, or no folder and what the problem is."""
    try:
        home = user_cache()
        digest = kernels_digest()
        kept = private_folder(home, "retroml_edu", "compiled")
        is_new = not (kept / digest).exists()
        folder = private_folder(kept, digest)
        if is_new:
            _forget_old(kept, digest)
        if not os.access(folder, os.W_OK):
            raise PermissionError(f"{folder} cannot be written to")
    except (OSError, RuntimeError) as error:  # RuntimeError: nobody's home is known
        return None, (
            f"Compiled code is not kept, so each start compiles again: {error}. "
            "Remove or repair that folder, or set XDG_CACHE_HOME to one of your own."
        )
    return folder, ""


def user_cache() -> Path:
    """Return where this operating system keeps what a person's programs can make again."""
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA", "")
        return Path(local) if Path(local).is_absolute() else Path.home() / "AppData" / "Local"
    chosen = os.environ.get("XDG_CACHE_HOME", "")
    if Path(chosen).is_absolute():  # its specification has others ignored
        return Path(chosen)
    return Path.home() / ("Library/Caches" if sys.platform == "darwin" else ".cache")


def _forget_old(kept: Path, newest: str) -> None:
    """Delete what other versions left there, the last one used apart: two checkouts may take turns."""
    others = [path for path in kept.iterdir() if _DIGEST.fullmatch(path.name) and path.name != newest]
    others.sort(key=lambda path: path.lstat().st_mtime, reverse=True)
    for path in others[_KEPT - 1 :]:
        shutil.rmtree(path, ignore_errors=True)  # which never follows a link
