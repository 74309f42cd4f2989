"""The list of runs: a database that is a cache of the run folders."""

from retroml_edu.storage.index.row import RunRow
from retroml_edu.storage.index.run_index import RunIndex

__all__ = ["RunIndex", "RunRow"]
