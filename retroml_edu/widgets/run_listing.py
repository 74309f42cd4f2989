"""What the lists whose rows are runs have in common: where the rows come from, and how they cross to the page."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from retroml_edu.session.experiments import Experiments
from retroml_edu.storage.index import RunRow
from retroml_edu.widgets.experiments_columns import columns_of
from retroml_edu.widgets.listing import Listing


class RunListing(Listing[RunRow]):
    """All runs of a home, one a row.

    Args:
        home: Where runs live; it need not exist.
        guarded: Makes a context that shows the errors of a callback.

    Threads: as `Listing`.
    """

    noun = "run"

    def __init__(self, home: Path, guarded: Callable[[], AbstractContextManager[None]], **kwargs: Any) -> None:
        self._experiments = Experiments(home)
        super().__init__(guarded, **kwargs)

    def _key(self, row: RunRow) -> str:
        return row.run_id

    def _read_rows(self) -> Iterable[RunRow]:
        return self._experiments.rows()

    def _rows_of(self, keys: Iterable[str]) -> Iterable[RunRow]:
        return self._experiments.rows_of(keys)

    def _packed(self, rows: Iterable[RunRow]) -> bytes:
        return columns_of(rows)

    def _unfinished(self) -> Collection[str]:
        return [row.run_id for row in self.rows if not row.state.is_final]
