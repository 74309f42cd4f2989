"""The list of runs of a home."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, fields, replace
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from sqlalchemy import Engine, Row, delete, insert, select, update
from sqlalchemy.exc import DatabaseError, IntegrityError, OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session

from retroml_edu.core.errors import StorageError, UnknownNameError
from retroml_edu.core.ids import utc_now
from retroml_edu.core.states import RunState
from retroml_edu.storage.folder import RunFolder, list_run_folders
from retroml_edu.storage.home import Home
from retroml_edu.storage.index.engine import server_engine, sqlite_engine
from retroml_edu.storage.index.migrate import migrate
from retroml_edu.storage.index.row import RunRow, row_of_folder
from retroml_edu.storage.index.schema import RunRecord
from retroml_edu.storage.labels import read_labels
from retroml_edu.storage.plain_files import NotPlainError
from retroml_edu.storage.reader import run_state

INDEX_FILE = "index.db"
_COLUMNS = tuple(field.name for field in fields(RunRow))
_SELECT = select(*(getattr(RunRecord, name) for name in _COLUMNS))  # columns: thousands of objects would cost more
_AT_ONCE = 200
"""Runs in one piece of work: each costs milliseconds, and another process waits no longer than for so many."""
_FINAL = tuple(str(state) for state in RunState if state.is_final)


class RunIndex:
    """Lists the runs of a home quickly. It is a cache: the folders are the truth, and it is rebuilt from them.

    A new, lost or corrupt database is rebuilt when it is opened; a corrupt one is kept beside it.

    Args:
        home: Folder that holds the runs.
        url: A database server, as ``postgresql+psycopg://...``; a SQLite file in the home if left out.

    Attributes:
        warnings: What had to be mended when it was opened, in sentences.

    Raises:
        StorageError: If the database cannot be used.

    Threads: safe.
    """

    def __init__(self, home: Path, url: str | None = None) -> None:
        self.warnings: tuple[str, ...] = ()
        self._home = home
        self._file = None if url else home / INDEX_FILE
        with self._plainly():
            self._engine = server_engine(url) if url else sqlite_engine(home / INDEX_FILE)
            new = self._migrated(self._engine) if self._file is None else self._open_file(self._file)
        if new:
            self.rebuild()

    @classmethod
    def of_home(cls, home: Home) -> RunIndex:
        """Open the index of a home of runs; the home need not exist yet."""
        if not home.path.exists():
            try:
                home.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            except OSError as error:
                raise StorageError(f"{home.path} ({home.why}) cannot be made: {error.strerror or error}.") from error
        return cls(home.path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    def record(self, row: RunRow) -> None:
        """Add a run, or replace what is said of it."""
        values = _values(row)
        with self._work() as session:
            if self._replaced(session, values):
                return
        try:
            with self._work() as session:
                session.execute(insert(RunRecord).values(values))
        except IntegrityError:  # another process has added it between the two
            with self._work() as session:
                self._replaced(session, values)

    def record_folder(self, folder: RunFolder) -> None:
        """Add a run, or replace what is said of it, from its folder."""
        self.record(row_of_folder(folder))

    def record_folders(self, folders: Iterable[RunFolder]) -> None:
        """Add runs, or replace what is said of them, from their folders, many in one piece of work."""
        left = iter(folders)
        while rows := [row_of_folder(folder) for folder in islice(left, _AT_ONCE)]:
            try:
                with self._work() as session:
                    session.execute(delete(RunRecord).where(RunRecord.run_id.in_([row.run_id for row in rows])))
                    session.execute(insert(RunRecord), [_values(row) for row in rows])
            except IntegrityError:  # another process has added one between the two
                for row in rows:
                    self.record(row)

    def record_labels(self, folders: Iterable[RunFolder]) -> None:
        """Take over the labels of runs from their folders; add those that are not listed."""
        by_id = {folder.run_id: folder for folder in folders}
        labels = [{"run_id": run_id, **asdict(read_labels(folder))} for run_id, folder in by_id.items()]
        with self._work() as session:
            listed = set(session.scalars(select(RunRecord.run_id).where(RunRecord.run_id.in_(by_id))))
            known = [values for values in labels if values["run_id"] in listed]
            if known:
                session.execute(update(RunRecord), known)
        self.record_folders(folder for run_id, folder in by_id.items() if run_id not in listed)

    def update(self, run_id: str, **changes: Any) -> None:
        """Change some columns of a run.

        Raises:
            UnknownNameError: If the run is not listed.
            TypeError: If a column does not exist.
        """
        unknown = changes.keys() - set(_COLUMNS)
        if unknown:
            raise TypeError(f"no column of RunRow: {', '.join(sorted(unknown))}")
        if "state" in changes:
            changes["state"] = str(changes["state"])
        with self._work() as session:
            if not self._replaced(session, changes | {"run_id": run_id}):
                raise self._unknown(run_id)

    def get(self, run_id: str) -> RunRow:
        """Return a run.

        Raises:
            UnknownNameError: If it is not listed.
        """
        row = self._find(run_id)
        if row is None:
            raise self._unknown(run_id)
        return self._looked_after(row)

    def list_runs(
        self,
        *,
        env_id: str | None = None,
        algorithm: str | None = None,
        state: RunState | str | None = None,
        limit: int | None = None,
        by: Literal["created_utc", "ended_utc"] = "created_utc",
    ) -> list[RunRow]:
        """Return the runs, newest first.

        A run that was left without a final state by a process that is gone is shown, and from then on kept, as ended
        or lost.

        Args:
            env_id: Only runs on this environment.
            algorithm: Only runs of this algorithm.
            state: Only runs in this state.
            limit: At most so many.
            by: Which time makes them new; those that have not ended come last by their end.
        """
        with self._work() as session:
            going_on = session.execute(_SELECT.where(RunRecord.state.not_in(_FINAL)))
            unsettled = [_row(record) for record in going_on]
        for row in unsettled:
            now = self._looked_after(row).state
            if now is not row.state:
                self.update(row.run_id, state=now)
        wanted = {"env_id": env_id, "algorithm": algorithm, "state": None if state is None else str(state)}
        query = _SELECT.filter_by(**{name: value for name, value in wanted.items() if value is not None})
        query = query.order_by(getattr(RunRecord, by).desc(), RunRecord.run_id.desc()).limit(limit)
        with self._work() as session:
            return [_row(record) for record in session.execute(query)]

    def forget(self, *run_ids: str) -> None:
        """Take runs off the list; their folders stay. Nothing happens to those that are not listed."""
        with self._work() as session:
            session.execute(delete(RunRecord).where(RunRecord.run_id.in_(run_ids)))

    def rebuild(self) -> None:
        """Make the list anew from the folders of the home.

        Raises:
            StorageError: If the home cannot be read.
        """
        self._follow_folders(known=False)

    def catch_up(self) -> None:
        """Add the folders that are not listed, such as copies from elsewhere, and drop the runs that are gone.

        Raises:
            StorageError: If the home cannot be read.
        """
        self._follow_folders(known=True)

    def _follow_folders(self, *, known: bool) -> None:
        folders = {folder.run_id: folder for folder in list_run_folders(self._home)}
        with self._work() as session:
            listed = set(session.scalars(select(RunRecord.run_id)))
        self.record_folders(folder for run_id, folder in folders.items() if not (known and run_id in listed))
        gone = [run_id for run_id in listed - folders.keys() if not (self._home / run_id).is_dir()]
        if gone:  # and none of them was started meanwhile
            self.forget(*gone)

    def _looked_after(self, row: RunRow) -> RunRow:
        """Return a run as it stands by its folder now, if the list has it as going on."""
        folder = RunFolder(self._home / row.run_id)
        if row.state.is_final or not folder.path.is_dir():
            return row
        try:
            state = run_state(folder)
        except NotPlainError:
            state = RunState.LOST
        except OSError as error:  # it may be readable again soon
            return replace(row, problem=f"{folder.path} cannot be read: {error.strerror or error}.")
        if not state.is_final:
            return replace(row, state=state)
        self.record_folder(folder)
        return self._find(row.run_id) or row

    def _find(self, run_id: str) -> RunRow | None:
        with self._work() as session:
            record = session.execute(_SELECT.where(RunRecord.run_id == run_id)).first()
            return None if record is None else _row(record)

    def _unknown(self, run_id: str) -> UnknownNameError:
        return UnknownNameError(f'There is no run "{run_id}" in the list of {self._home}.')

    @staticmethod
    def _replaced(session: Session, values: dict[str, Any]) -> bool:
        # Counted by a look, not by the driver's row count, which not every driver gives.
        found = session.get(RunRecord, values["run_id"]) is not None
        if found:
            session.execute(update(RunRecord).where(RunRecord.run_id == values["run_id"]).values(values))
        return found

    @contextmanager
    def _work(self) -> Iterator[Session]:
        with self._plainly(), Session(self._engine) as session, session.begin():
            yield session

    @contextmanager
    def _plainly(self) -> Iterator[None]:
        try:
            yield
        except IntegrityError:
            raise
        except SQLAlchemyError as error:
            cause = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
            if self._file is None:
                raise StorageError(f"The database of runs cannot be used: {cause}.") from error
            raise StorageError(
                f"The list of runs in {self._file} cannot be used: {cause}. Try again; if that does not help, delete "
                "the file: it is rebuilt from the run folders."
            ) from error

    def _open_file(self, file: Path) -> bool:
        try:
            new = self._migrated(self._engine)
            with self._engine.connect() as connection:
                verdict = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
            if verdict == "ok":
                return new
            reason = str(verdict)
        except OperationalError:  # locked, read-only, disk full: the file itself is sound
            raise
        except DatabaseError as error:
            reason = str(error.orig)
        except _NewerSchemaError as error:
            reason = str(error)
        self._set_aside(file, reason)
        return self._migrated(self._engine)

    @staticmethod
    def _migrated(engine: Engine) -> bool:
        try:
            return migrate(engine)
        except LookupError as error:
            raise _NewerSchemaError(f"a newer retroml_edu has made it ({error}): update retroml_edu") from None

    def _set_aside(self, file: Path, reason: str) -> None:
        self._engine.dispose()
        aside = file.with_name(f"{file.name}.damaged-{utc_now().replace(':', '-')}")
        try:
            file.rename(aside)
            for extra in ("-wal", "-shm", "-journal"):
                file.with_name(file.name + extra).unlink(missing_ok=True)
        except OSError as error:
            raise StorageError(
                f"The list of runs in {file} is damaged ({reason}) and cannot be set aside: "
                f"{error.strerror or error}. Close what has it open, and delete it: it is rebuilt from the run folders."
            ) from error
        said = f"The list of runs could not be read ({reason}) and was rebuilt; the old file is {aside.name}."
        self.warnings = (said,)


class _NewerSchemaError(StorageError):
    """The database has a schema that this version does not know."""


def _values(row: RunRow) -> dict[str, Any]:
    return asdict(row) | {"state": str(row.state)}


def _row(record: Row[Any]) -> RunRow:
    values = dict(zip(_COLUMNS, record, strict=True))
    return RunRow(**values | {"state": RunState(values["state"]), "tags": tuple(values["tags"])})
