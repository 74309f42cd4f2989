"""The settings page: a person's preferences, kept in the home of runs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import ipywidgets

from retroml_edu.core.errors import ConfigError, Problem, RetroMLError
from retroml_edu.core.preferences import Preferences
from retroml_edu.storage.preferences import change_preferences, preferences_file, reset_preferences
from retroml_edu.widgets.form import SettingsForm
from retroml_edu.widgets.opening import usable_preferences_of
from retroml_edu.widgets.preferences_spec import preferences_spec

Effect = Callable[[Any], object]


class PreferencesPage:
    """Shows and keeps preferences, and lets those that concern an open panel take effect at once.

    Args:
        home: Where runs live; it need not exist.
        effects: What to do with the value of a preference, by its name: at once, and whenever it changes.
        say: Shows problems near the buttons; an empty list clears the place.
        guarded: Makes a context that shows the errors of a callback.

    Attributes:
        form: The form, empty until the page is opened.
        content: What the page shows.

    Threads: callbacks may run in any thread; a lock keeps changes apart.
    """

    def __init__(
        self,
        home: Path,
        effects: Mapping[str, Effect],
        say: Callable[[Iterable[Problem]], None],
        guarded: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._home = home
        self._effects = effects
        self._say = say
        self._guarded = guarded
        self._changing = threading.RLock()
        self._filler: int | None = None
        self.form = SettingsForm()
        where = ipywidgets.Label(f"Kept in {preferences_file(home)}, for all panels that keep their runs there.")
        where.add_class("rml-preferences-where")
        self.content = ipywidgets.VBox([self.form, where])
        self.content.add_class("rml-preferences")
        stored = usable_preferences_of(home)
        self._values = stored.preferences
        for name, effect in effects.items():
            effect(getattr(self._values, name))
        if stored.problems:
            say(stored.problems)
        self.form.observe(self._chosen, "values")
        self.form.on_msg(self._asked)

    @property
    def values(self) -> Preferences:
        """The preferences that count."""
        return self._values

    def refresh(self) -> None:
        """Show what the file holds now; another panel may have changed it."""
        with self._guarded(), self._changing:
            self._take(usable_preferences_of(self._home).preferences)

    def _chosen(self, change: Any) -> None:
        if self._filler == threading.get_ident():
            return  # code fills the form in
        with self._guarded(), self._changing:
            now = self._values.model_dump(mode="json")
            chosen = {name: value for name, value in change.new.items() if now.get(name) != value}
            try:
                self._take(change_preferences(self._home, chosen) if chosen else self._values)
            except ConfigError as error:  # the typed value stays, with a sentence beside it; nothing is kept
                self.form.show_problems(list(error.problems))
            except RetroMLError:
                self._take(self._values)  # what is shown is what counts
                raise

    def _asked(self, _widget: object, message: dict[str, Any], _buffers: object) -> None:
        if message.get("action") == "reset":
            with self._guarded(), self._changing:
                self._take(reset_preferences(self._home))

    def _take(self, values: Preferences) -> None:
        before, self._values = self._values, values
        self._filler = threading.get_ident()
        try:
            with self.form.hold_sync():
                self.form.spec = preferences_spec(values)
                self.form.values = values.model_dump(mode="json")
        finally:
            self._filler = None
        self.form.show_problems([])
        for name, effect in self._effects.items():
            if getattr(before, name) != getattr(values, name):
                effect(getattr(values, name))
