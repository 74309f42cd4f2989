"""The event bus: the trainer publishes, subscribers are handed batches when somebody drains."""

from __future__ import annotations

import threading
import traceback
from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

from retroml_edu.core.events import Event, log

EventFilter = Callable[[Event], bool]


class Sink(Protocol):
    """Whatever takes events: a store, a figure, a panel."""

    def handle(self, events: Sequence[Event]) -> None:
        """Take a batch, in order."""
        ...


class Subscription:
    """One sink's place on the bus, with its own queue: a slow sink delays nobody else.

    Threads: `drain` may be called from any thread; batches reach the sink one at a time and in order.
    """

    MAX_FAILURES = 5
    """A sink that fails this often in a row is let go."""

    def __init__(
        self, bus: EventBus, sink: Sink, name: str, wanted: EventFilter | None, *, essential: bool = False
    ) -> None:
        self.name = name
        self.error: Exception | None = None
        self._bus = bus
        self._sink = sink
        self._wanted = wanted
        self._pending: deque[Event] = deque()
        self._essential = essential
        self._draining = threading.RLock()  # a sink that is let go is closed while its batch is drained
        self._closed = False
        self._failures = 0

    @property
    def lag(self) -> int:
        """Events that wait for this sink."""
        return len(self._pending)

    def offer(self, event: Event) -> None:
        """Queue an event, if this sink wants it."""
        if self._wanted is None or self._wanted(event):
            self._pending.append(event)

    def drain(self) -> int:
        """Hand everything that waits to the sink as one batch; return how many events it was.

        An essential sink that failed is called again even if nothing new waits, with an empty batch.
        Not from within the sink's own `handle`: batches reach it one at a time.
        """
        with self._draining:
            batch = [self._pending.popleft() for _ in range(len(self._pending))]
            again = self._essential and self._failures > 0 and not self._closed
            if not batch and not again:
                return 0
            try:
                self._sink.handle(batch)
                self._failures = 0
            except Exception as error:  # noqa: BLE001 - a failing sink must not stop the run or the other sinks
                self._failed(error)
            return len(batch)

    def close(self) -> None:
        """Leave the bus: when this returns, the sink has its last batch behind it, and what still waited is gone.

        So the caller must not hold a lock that the sink's `handle` waits for.
        """
        with self._draining:
            self._closed = True
            self._bus.unsubscribe(self)
            self._pending.clear()

    def _failed(self, error: Exception) -> None:
        self.error = error
        self._failures += 1
        if self._failures == 1:
            self._bus.publish(log("warning", f"{self.name} could not follow: {error}", details=traceback.format_exc()))
        if self._failures >= self.MAX_FAILURES and not self._essential:
            self.close()
            self._bus.publish(log("error", f"{self.name} was let go after {self._failures} failures: {error}"))


class EventBus:
    """Carries the events of one run to its subscribers.

    Threads: safe everywhere. `publish` never waits for a sink.
    """

    def __init__(self, history: int = 20_000) -> None:
        self._lock = threading.Lock()
        self._subscriptions: tuple[Subscription, ...] = ()
        self._history: deque[Event] = deque(maxlen=history)

    @property
    def history(self) -> tuple[Event, ...]:
        """The newest events, bounded; the whole story is in the run folder."""
        with self._lock:
            return tuple(self._history)

    def publish(self, event: Event) -> None:
        """Queue an event for every subscriber that wants it."""
        with self._lock:
            if event.kind != "progress":
                self._history.append(event)
            for subscription in self._subscriptions:
                subscription.offer(event)

    def subscribe(
        self,
        sink: Sink,
        *,
        name: str = "",
        wanted: EventFilter | None = None,
        replay: bool = False,
        essential: bool = False,
    ) -> Subscription:
        """Add a sink.

        Args:
            sink: Gets batches of events.
            name: What to call it in a warning, should it fail.
            wanted: Events it is handed; all, if left out.
            replay: Whether it first gets the history.
            essential: Whether it is never let go, however often it fails. Such a sink keeps what it could not
                deal with, and deals with it when it is called again.
        """
        subscription = Subscription(self, sink, name or type(sink).__name__, wanted, essential=essential)
        with self._lock:
            if replay:
                for event in self._history:
                    subscription.offer(event)
            self._subscriptions = (*self._subscriptions, subscription)
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        """Remove a subscription; nothing happens if it has left already."""
        with self._lock:
            self._subscriptions = tuple(item for item in self._subscriptions if item is not subscription)

    def drain(self) -> int:
        """Hand every subscriber what waits for it; return how many events were delivered in all."""
        return sum(subscription.drain() for subscription in self._subscriptions)
