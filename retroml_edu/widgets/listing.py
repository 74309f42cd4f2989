"""Widgets that list what lies in a home of runs: read in a thread, sent once, and from then on only changes."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Generic, TypeVar

import traitlets

from retroml_edu.core.errors import RetroMLError
from retroml_edu.session.experiments import Outcome, Progressed
from retroml_edu.widgets.serial_work import SerialWork
from retroml_edu.widgets.streamed import Streamed

Row = TypeVar("Row")
Action = Callable[[dict[str, Any]], object]
ChangeAll = Callable[[Sequence[str], Progressed], Outcome]
"""Does something to rows, given their keys, and tells how far it is."""
TOLD_EVERY_S = 0.25
MOST_PROBLEMS = 3
"""Sentences that one action shows; of more, their number is told."""
LISTING = ("dom.js", "words.js", "save_file.js", "streamed.js", "experiments_rows.js", "listing.js")
"""Scripts that stand before the own ones of every list."""


class Listing(Streamed, Generic[Row]):
    """Rows by key, which the page searches and sorts by itself.

    They are read when a page first sees the list, which sends ``{"action": "begin"}``; ``refresh`` reads them anew,
    and ``look`` those of the runs that go on.

    Args:
        guarded: Makes a context that shows the errors of a callback.

    Threads: callbacks may run in any thread; what takes long is done in a thread, one thing after the other.
    """

    noun: str
    """What one row is called."""
    reading = traitlets.Bool(False).tag(sync=True)
    working = traitlets.Unicode("").tag(sync=True)
    notice: traitlets.Dict[str, Any] = traitlets.Dict({"text": "", "problems": [], "undo": False}).tag(sync=True)

    def __init__(self, guarded: Callable[[], AbstractContextManager[None]], **kwargs: Any) -> None:
        self._rows: dict[str, Row] = {}
        self._has_read = False
        self._wanted = False
        self._begun = False
        self._leaving: set[str] = set()
        self._deleted: tuple[str, ...] = ()
        self._guarded = guarded
        # One thing after the other: what was read before a change must not be shown after it.
        self._work = SerialWork("retroml-listing", guarded)
        super().__init__(**kwargs)
        self.on_msg(self._asked)

    @property
    def rows(self) -> Sequence[Row]:
        """What the page has."""
        with self._writing:
            return tuple(self._rows.values())

    @property
    def busy(self) -> bool:
        """Whether rows are being read or changed."""
        return self._work.busy

    # -- what a list is of ---------------------------------------------------------------------------------------

    @abstractmethod
    def _key(self, row: Row) -> str:
        """Return what names a row: the id of its run, and behind a slash what else it needs."""

    @abstractmethod
    def _read_rows(self) -> Iterable[Row]:
        """Return all rows; in a thread."""

    @abstractmethod
    def _rows_of(self, keys: Iterable[str]) -> Iterable[Row]:
        """Return some of the rows as they stand now; those that are gone are left out."""

    @abstractmethod
    def _unfinished(self) -> Collection[str]:
        """Return the ids of the runs of whose rows something may be new; in a thread."""

    @abstractmethod
    def _packed(self, rows: Iterable[Row]) -> bytes:
        """Return rows as they cross to the page."""

    @abstractmethod
    def _actions(self) -> Mapping[str, Action]:
        """Return what a page may ask for."""

    def _moved(self) -> None:
        """Take note that rows were deleted or brought back."""

    # -- reading -------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Read the rows, in a thread, if nobody has looked at them yet."""
        with self._writing:
            begun, self._begun = self._begun, True
        if not begun:
            self.refresh()

    def refresh(self) -> None:
        """Read the rows anew, in a thread; nothing happens as long as nobody has looked at them.

        To be called when a run of this kernel begins or ends.
        """
        with self._writing:
            if not self._begun:
                return
            if self._wanted:  # it has not been begun yet
                return
            self.reading = self._wanted = True
        self._work.do(self._read)

    def _read(self) -> None:
        with self._writing:
            self._wanted = False
        try:
            self._show(self._read_rows())
        finally:
            with self._writing:
                self.reading = self._wanted

    def _look(self) -> None:
        """Look at what goes on, unless there is other work: the page asks again soon."""
        if not self._work.busy:
            self._work.do(self._look_now)

    def _look_now(self) -> None:
        run_ids = self._unfinished()
        if run_ids:
            self._look_at(run_ids)

    def _look_at(self, run_ids: Collection[str]) -> None:
        """Show what is new about some runs, whose ids are the keys of their rows."""
        self._show_changed(self._rows_of(run_ids), run_ids)

    def _show(self, rows: Iterable[Row]) -> None:
        now = {self._key(row): row for row in rows}
        with self._writing:
            before, self._rows = self._rows, now
            if not self._has_read:
                self._has_read = True
                self._send_whole()
                return
            self._tell([row for key, row in now.items() if before.get(key) != row], before.keys() - now.keys())

    def _show_anew(self, keys: Sequence[str]) -> None:
        """Show some rows as they are now; also those that did not change, since the page may have run ahead."""
        now = {self._key(row): row for row in self._rows_of(keys)}
        with self._writing:
            gone = set(keys) - now.keys()
            for key in gone:
                self._rows.pop(key, None)
            self._rows |= now
            self._tell(list(now.values()), gone)

    def _show_changed(self, rows: Iterable[Row], run_ids: Collection[str]) -> None:
        """Show what is new about the rows of some runs, which were read again, and which of them are gone."""
        now = {self._key(row): row for row in rows}
        with self._writing:
            changed = {key: row for key, row in now.items() if self._rows.get(key) != row}
            gone = [key for key in self._rows if key.partition("/")[0] in run_ids and key not in now]
            for key in gone:
                del self._rows[key]
            self._rows |= changed
            self._tell(list(changed.values()), gone)

    def _tell(self, changed: Sequence[Row], gone: Iterable[str]) -> None:
        gone = sorted(gone)
        if changed or gone:
            self._send_change({"gone": gone}, [self._packed(changed)])

    def _content(self) -> tuple[Mapping[str, Any], Sequence[bytes]]:
        return {"read": self._has_read}, [self._packed(self._rows.values())]

    # -- what a person does --------------------------------------------------------------------------------------

    def _asked(self, _widget: object, message: dict[str, Any], buffers: Sequence[Any]) -> None:
        name = str(message.get("action"))
        always: Mapping[str, Action] = {
            "begin": lambda _message: self.begin(),
            "refresh": lambda _message: self.refresh(),
            "look": lambda _message: self._look(),
        }
        action = always.get(name) or self._actions().get(name)
        if action is not None:
            with self._guarded():
                action({**message, "buffers": buffers})

    def _change(self, keys: Sequence[str], what: str, change: ChangeAll) -> None:
        """Change what some rows say, and show them as they are then.

        Args:
            keys: Which; nothing happens without any.
            what: Is being done, such as "Tagging".
            change: Does it.
        """
        if keys:
            self._work.do(lambda: self._change_now(keys, what, change))

    def _change_now(self, keys: Sequence[str], what: str, change: ChangeAll) -> None:
        with self._telling(what) as progress:
            try:
                outcome = change(keys, progress)
            except RetroMLError as error:
                outcome = Outcome((), {keys[0]: str(error)})
            self._show_anew(keys)
        self._say(outcome)

    def _put_away(self, keys: Iterable[str], delete: ChangeAll) -> None:
        with self._writing:
            staying = [key for key in keys if key not in self._leaving]  # pressed twice: once
            self._leaving.update(staying)
        if staying:
            self._work.do(lambda: self._put_away_now(staying, delete))

    def _put_away_now(self, keys: Sequence[str], delete: ChangeAll) -> None:
        try:
            with self._telling("Deleting") as progress:
                outcome = delete(keys, progress)
                self._deleted = outcome.done or self._deleted
                self._show_anew(keys)
                self._moved()
        finally:
            with self._writing:
                self._leaving.difference_update(keys)
        self._say(outcome, f"{self._counted(outcome.done)} deleted" if outcome.done else None)

    def _bring_back(self, undelete: ChangeAll) -> None:
        self._work.do(lambda: self._bring_back_now(undelete))

    def _bring_back_now(self, undelete: ChangeAll) -> None:
        keys = self._deleted
        if not keys:
            return
        with self._telling("Bringing back") as progress:
            outcome = undelete(keys, progress)
            self._deleted = tuple(key for key in keys if key not in outcome.done)
            self._show_anew(outcome.done)
            self._moved()
        self._say(outcome, f"{self._counted(outcome.done)} brought back" if outcome.done else "")

    @contextmanager
    def _telling(self, what: str) -> Iterator[Progressed]:
        """Give out what tells how far something is, and take back in the end what was told."""

        def tell(text: str) -> None:
            with self._writing:
                self.working = f"{what}: {text}"

        try:
            yield now_and_then(tell, self.noun)
        finally:
            with self._writing:
                self.working = ""

    def _say(self, outcome: Outcome, text: str | None = None) -> None:
        """Tell what was done, and what could not be; without a text, what can still be undone goes on being told."""
        problems = list(outcome.refused.values())
        shown = problems[:MOST_PROBLEMS]
        if len(problems) > MOST_PROBLEMS:
            shown.append(f"And {self._counted(problems[MOST_PROBLEMS:])} more, for similar reasons.")
        with self._writing:
            if text is None:
                text = self.notice["text"] if self._deleted else ""
            self.notice = {"text": text, "problems": shown, "undo": bool(self._deleted)}

    def _counted(self, these: Sequence[str]) -> str:
        return f"{len(these):,} {self.noun}{'' if len(these) == 1 else 's'}"


def now_and_then(tell: Callable[[str], object], noun: str) -> Progressed:
    """Return what tells how far something is that is done to several things; of one, nothing is worth a word."""
    next_s = 0.0

    def progress(done: int, total: int) -> None:
        nonlocal next_s
        if total > 1 and time.monotonic() >= next_s:
            next_s = time.monotonic() + TOLD_EVERY_S
            tell(f"{done:,} of {total:,} {noun}s …")

    return progress


def keys_of(message: Mapping[str, Any], one: str, many: str) -> Sequence[str]:
    """Return the rows that a message names; what is no text is no key.

    Args:
        message: From the page.
        one: Its field with a single key.
        many: Its field with a list of keys, which goes before.
    """
    return list(dict.fromkeys(texts_of(message.get(many, [message.get(one)]))))


def run_ids_of(message: Mapping[str, Any]) -> Sequence[str]:
    """Return the runs that a message names."""
    return keys_of(message, "run_id", "run_ids")


def texts_of(value: Any) -> Sequence[str]:
    """Return what is text in a list; nothing of what is no list."""
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
