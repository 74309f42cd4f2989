"""Tables for terminals, and plain columns for pipes."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def on_terminal() -> bool:
    """Return whether a person reads what is printed, and no other program."""
    return sys.stdout.isatty()


def print_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table: framed on a terminal, tab-separated where another program reads."""
    if not on_terminal():
        for row in rows:
            print("\t".join(row))
        return
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for name in header:
        table.add_column(name, overflow="fold")  # a name that is cut short names nothing
    for row in rows:
        table.add_row(*(escape(cell) for cell in row))
    Console().print(table)
