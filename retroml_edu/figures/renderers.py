"""plotly's renderers, loaded without what they load and hardly use."""

from __future__ import annotations

import sys
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from types import SimpleNamespace


def load_renderers() -> None:
    """Import plotly's renderers without nbformat; called before a figure is written as a page.

    All they read of nbformat is its version. Importing it takes more than a second, for the grammar of international
    addresses that its validator builds, and a download should not wait for that; so they are told the version.
    Everybody else's ``import nbformat`` finds the real one.
    """
    if "plotly.io._renderers" in sys.modules or "nbformat" in sys.modules:
        return
    try:
        from _plotly_utils.optional_imports import _not_importable
    except ImportError:  # another plotly: the slow way is as right
        return
    _not_importable.add("nbformat")
    try:
        from plotly.io import _renderers
    finally:
        _not_importable.discard("nbformat")
    with suppress(PackageNotFoundError):  # plotly does not need it: then the name stays None, as plotly has it
        _renderers.nbformat = SimpleNamespace(__version__=version("nbformat"))
