"""Where in a person's own code an error was raised: a line that they can mend."""

from __future__ import annotations

import re
import site
import sysconfig
import traceback
from pathlib import Path

# ipykernel writes each cell to a file of its own, which nobody else knows of.
_CELL = re.compile(r"ipykernel_\d+[/\\]\d+\.py$|^<ipython-input-")
_SCHEMES = ("stdlib", "platstdlib", "purelib", "platlib")
_INSTALLED = tuple(
    Path(folder).resolve()
    for folder in (
        str(Path(__file__).parents[1]),
        site.getusersitepackages(),
        *(sysconfig.get_path(scheme) for scheme in _SCHEMES),
    )
)


def where_to_mend(error: BaseException) -> str:
    """Return a sentence that names the deepest line of an error's traceback that was written here; "" if there is none.

    Args:
        error: As it was caught.

    Returns:
        Such as ``Line 12 of a notebook cell, in step, raised it: mend that line and run its cell again.`` Of a file its
        name is told, without its folder.
    """
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if _is_own(frame.filename)]
    if not frames:
        return ""
    last = frames[-1]
    if _CELL.search(last.filename):
        place, again = "a notebook cell", "run its cell again"
    else:
        place, again = Path(last.filename).name, "restart the kernel, so that it is read again"
    function = "" if last.name.startswith("<") else f", in {last.name},"
    return f"Line {last.lineno} of {place}{function} raised it: mend that line and {again}."


def _is_own(filename: str) -> bool:
    if _CELL.search(filename):
        return True
    path = Path(filename)
    # What has no file is made by code: it is nobody's line.
    return path.is_file() and not any(path.resolve().is_relative_to(folder) for folder in _INSTALLED)
