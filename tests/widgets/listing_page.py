"""What a page knows of a list that streams to it."""

from __future__ import annotations

import json
from contextlib import contextmanager

from tests.widgets.conftest import until


class ListingPage:
    """The page's half of a listing, as streamed.js and experiments_rows.js have it."""

    def __init__(self, table, key="run_id"):
        self.key = key
        whole = table.get_state()["whole"]
        self.rows, self.version, self.read, self.sent, self.heard = {}, None, False, [], 0
        self.take({**whole, "kind": "whole"}, whole["buffers"])

    def take(self, message, buffers=()):
        if message["kind"] not in ("whole", "change"):
            self.sent.append((message, [bytes(buffer) for buffer in buffers]))
            return
        if message["kind"] == "whole":
            self.rows, self.read = {}, message["read"]
        else:
            assert message["version"] == self.version + 1
            for gone in message["gone"]:
                self.rows.pop(gone, None)
        self.version = message["version"]
        self.heard += len(buffers[0])
        columns = json.loads(buffers[0])
        for name, column in columns.items():
            if isinstance(column, dict):
                columns[name] = [column["values"][place] for place in column["at"]]
        for number, key in enumerate(columns[self.key]):
            self.rows[key] = {name: column[number] for name, column in columns.items()}


class ListingStage:
    """A listing under test with its page; what its callbacks raise is kept."""

    def __init__(self, home):
        self.home, self.errors = home, []

    def show(self, listing, key="run_id"):
        """Take the listing, and stand for its page."""
        self.listing = listing
        self.page = ListingPage(listing, key)
        listing.send = self.page.take

    def ask(self, action, buffers=(), **message):
        """Send a message as the page does."""
        self.listing._handle_custom_msg({"action": action, **message}, list(buffers))

    def tell(self, action, buffers=(), **message):
        """Ask for something, and wait until it is done."""
        self.ask(action, buffers, **message)
        until(lambda: not self.listing.busy, f"the end of {action}")

    @contextmanager
    def guarded(self):
        """Keep an error, as the panel shows it."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - the callback's edge, as in the panel
            self.errors.append(error)
