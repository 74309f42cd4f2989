"""The page of all videos of all runs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any

import traitlets

from retroml_edu.core.background import background_thread
from retroml_edu.core.settings import VideoSettings
from retroml_edu.session.evaluation import KEPT_VIDEOS
from retroml_edu.session.films import Film, Films
from retroml_edu.widgets.assets import STATIC, script
from retroml_edu.widgets.columns import packed_columns
from retroml_edu.widgets.listing import LISTING, Action, Listing, keys_of, run_ids_of
from retroml_edu.widgets.words import milestone_label

MOST_WANTED = 60
"""Thumbnails that wait to be made: more than a page has in sight, so what was scrolled past is forgotten."""
KEPT = (
    "Of each run the newest videos of training are kept, as many as its settings say "
    f"({VideoSettings().keep} unless you chose another number), and the newest {KEPT_VIDEOS} of tests. "
    "Recordings, and videos that you name, are always kept."
)


class Gallery(Listing[Film]):
    """Shows the videos of all runs of a home, which a person finds, plays, names and deletes.

    The page sends ``{"action": ...}`` with ``film`` or ``films``: ``thumbnails``, ``play``, ``rename``,
    ``delete``, ``undo``, and ``open`` with ``run_id``. Thumbnails are made in one thread, those that were asked for
    last first.

    Args:
        home: Where runs live; it need not exist.
        open_run: Shows a run, given its id.
        guarded: Makes a context that shows the errors of a callback.

    Threads: as `Listing`.
    """

    _esm = script(
        *LISTING,
        "gallery_words.js",
        "gallery_grid.js",
        "gallery_player.js",
        "gallery.js",
    )
    _css = STATIC / "gallery.css"
    kept = traitlets.Unicode(KEPT).tag(sync=True)
    noun = "video"

    def __init__(
        self,
        home: Path,
        open_run: Callable[[str], object],
        guarded: Callable[[], AbstractContextManager[None]],
        **kwargs: Any,
    ) -> None:
        super().__init__(guarded, **kwargs)
        self._films = Films(home)
        self._open_run = open_run
        self._wanted_pictures: list[str] = []
        self._painting = False

    def _key(self, row: Film) -> str:
        return row.film_id

    def _read_rows(self) -> Iterable[Film]:
        return self._films.films()

    def _rows_of(self, keys: Iterable[str]) -> Iterable[Film]:
        wanted = set(keys)
        films = self._films.films_of(dict.fromkeys(key.partition("/")[0] for key in wanted))
        return [film for film in films if film.film_id in wanted]

    def _unfinished(self) -> Collection[str]:
        return list(self._films.going_on)

    def _look_at(self, run_ids: Collection[str]) -> None:
        self._show_changed(self._films.films_of(run_ids), run_ids)

    def _packed(self, rows: Iterable[Film]) -> bytes:
        return film_columns(rows)

    def _actions(self) -> Mapping[str, Action]:
        return {
            "thumbnails": self._want,
            "play": self._play,
            "rename": self._rename,
            "delete": lambda message: self._put_away(_films(message), self._films.delete),
            "undo": lambda _message: self._bring_back(self._films.undelete),
            "open": lambda message: [self._open_run(run_id) for run_id in run_ids_of(message)[:1]],
        }

    def _rename(self, message: dict[str, Any]) -> None:
        name = str(message.get("name", ""))
        self._change(_films(message)[:1], "Naming", lambda films, _: self._films.rename(films[0], name))

    # -- pictures ------------------------------------------------------------------------------------------------

    def _want(self, message: dict[str, Any]) -> None:
        with self._writing:
            films = [film for film in _films(message) if film in self._rows]
            self._wanted_pictures = list(dict.fromkeys([*films, *self._wanted_pictures]))[:MOST_WANTED]
            if not self._wanted_pictures or self._painting:
                return
            self._painting = True
        background_thread(self._paint, "retroml-thumbnails").start()

    def _paint(self) -> None:
        while (film := self._next_picture()) is not None:
            answer = {"kind": "thumbnail", "film": film}
            try:
                picture = self._films.thumbnail(film)
            except Exception as error:  # noqa: BLE001 - a video that cannot be read must not end the thread
                self.send({**answer, "problem": str(error)})
            else:
                self.send(answer, buffers=[picture])

    def _next_picture(self) -> str | None:
        with self._writing:
            self._painting = bool(self._wanted_pictures)
            return self._wanted_pictures.pop(0) if self._painting else None

    def _play(self, message: dict[str, Any]) -> None:
        for film in _films(message)[:1]:
            # In a thread: a long video takes a moment to read, and Stop must be heard meanwhile.
            background_thread(partial(self._deliver, film, message.get("token")), "retroml-film").start()

    def _deliver(self, film: str, token: object) -> None:
        answer = {"kind": "film", "film": film, "token": token}
        try:
            content = self._films.content(film)
        except Exception as error:  # noqa: BLE001 - an exception in a thread would appear nowhere
            self.send({**answer, "problem": str(error)})
        else:
            self.send(answer, buffers=[content])


def film_columns(films: Iterable[Film]) -> bytes:
    """Return videos as `packed_columns`; ``moment`` is what each shows, ``film`` names it."""
    films = list(films)
    columns: dict[str, Sequence[Any]] = {
        "film": [film.film_id for film in films],
        "label": [film.label for film in films],
        "step": [film.step for film in films],
        "episode_return": [film.episode_return for film in films],
        "complete": [film.complete for film in films],
        "duration_s": [film.duration_s for film in films],
        "size_bytes": [film.size_bytes for film in films],
        "made_ms": [round(film.made_s * 1000) for film in films],
        "seed": [film.run.seed for film in films],
    }
    repeated: dict[str, Iterable[str]] = {
        "run_id": [film.run.run_id for film in films],
        "name": [film.run.name for film in films],
        "env_id": [film.run.env_id for film in films],
        "algorithm": [film.run.algorithm for film in films],
        "state": [str(film.run.state) for film in films],
        "kind": [film.kind for film in films],
        "moment": [_moment(film) for film in films],
    }
    return packed_columns(columns, repeated)


def _moment(film: Film) -> str:
    if film.kind != "training":
        return film.kind
    return "training" if film.milestone is None else milestone_label(film.milestone)


def _films(message: Mapping[str, Any]) -> Sequence[str]:
    return keys_of(message, "film", "films")
