"""The bus: order, history, filters, and sinks that fail."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pytest

from retroml_edu.core.bus import EventBus, Subscription
from retroml_edu.core.events import EpisodeEvent, Event, LogEvent, ProgressEvent, log


class Keeper:
    """A sink that keeps what it is handed."""

    def __init__(self) -> None:
        self.batches: list[list[Event]] = []

    def handle(self, events: Sequence[Event]) -> None:
        self.batches.append(list(events))

    @property
    def events(self) -> list[Event]:
        return [event for batch in self.batches for event in batch]


class Broken:
    """A sink that fails as long as it is told to."""

    def __init__(self) -> None:
        self.fails = True
        self.calls = 0

    def handle(self, events: Sequence[Event]) -> None:
        self.calls += 1
        if self.fails:
            raise OSError("disk full")


def episode(step: int, env_index: int = 0) -> EpisodeEvent:
    return EpisodeEvent(step, 0.0, env_index, 1.0, 10)


def test_a_drain_hands_over_one_batch_in_order() -> None:
    bus, keeper = EventBus(), Keeper()
    subscription = bus.subscribe(keeper)
    events = [episode(step) for step in range(5)]
    for event in events:
        bus.publish(event)
    assert subscription.lag == 5
    assert bus.drain() == 5
    assert keeper.batches == [events]
    assert bus.drain() == 0
    assert len(keeper.batches) == 1


def test_history_is_bounded_and_leaves_progress_out() -> None:
    bus = EventBus(history=3)
    for step in range(5):
        bus.publish(episode(step))
        bus.publish(ProgressEvent(step, 0.0))
    assert bus.history == (episode(2), episode(3), episode(4))


def test_a_late_subscriber_gets_the_history_only_if_it_asks() -> None:
    bus, early, late = EventBus(), Keeper(), Keeper()
    bus.publish(episode(1))
    bus.subscribe(early)
    bus.subscribe(late, replay=True)
    bus.publish(episode(2))
    bus.drain()
    assert early.events == [episode(2)]
    assert late.events == [episode(1), episode(2)]


def test_a_filter_chooses_events_in_replay_too() -> None:
    bus, keeper = EventBus(), Keeper()
    bus.publish(log("info", "before"))
    bus.publish(episode(1))
    bus.subscribe(keeper, wanted=lambda event: event.kind == "log", replay=True)
    bus.publish(episode(2))
    bus.publish(log("info", "after"))
    bus.drain()
    assert [event.message for event in keeper.events if isinstance(event, LogEvent)] == ["before", "after"]


def test_a_closed_subscription_gets_nothing_more() -> None:
    bus, keeper = EventBus(), Keeper()
    subscription = bus.subscribe(keeper)
    bus.publish(episode(0))
    subscription.close()
    subscription.close()
    bus.publish(episode(1))
    assert bus.drain() == subscription.drain() == subscription.lag == 0
    assert keeper.events == []


def test_a_closed_subscription_has_its_last_batch_behind_it() -> None:
    entered, leave = threading.Event(), threading.Event()
    ended: list[str] = []

    class Slow:
        def handle(self, events: Sequence[Event]) -> None:
            entered.set()
            assert leave.wait(30)
            ended.append("batch")

    def close() -> None:
        subscription.close()
        ended.append("close")

    bus = EventBus()
    subscription = bus.subscribe(Slow())
    bus.publish(episode(1))
    threads = [threading.Thread(target=subscription.drain), threading.Thread(target=close)]
    threads[0].start()
    assert entered.wait(30)
    threads[1].start()
    leave.set()
    for thread in threads:
        thread.join(30)
    assert ended == ["batch", "close"]


def test_a_failed_essential_sink_that_left_is_called_no_more() -> None:
    bus, broken = EventBus(), Broken()
    subscription = bus.subscribe(broken, essential=True)
    bus.publish(episode(1))
    bus.drain()
    subscription.close()
    subscription.drain()
    assert broken.calls == 1


def test_a_failing_sink_disturbs_nobody_and_is_let_go() -> None:
    bus, keeper, broken = EventBus(), Keeper(), Broken()
    subscription = bus.subscribe(broken, name="Store")
    bus.subscribe(keeper)
    for step in range(10):
        bus.publish(episode(step))
        bus.drain()
    bus.drain()
    assert broken.calls == Subscription.MAX_FAILURES
    assert isinstance(subscription.error, OSError)
    assert [event.step for event in keeper.events if isinstance(event, EpisodeEvent)] == list(range(10))
    said = [(event.level, event.message) for event in keeper.events if isinstance(event, LogEvent)]
    assert said == [
        ("warning", "Store could not follow: disk full"),
        ("error", f"Store was let go after {Subscription.MAX_FAILURES} failures: disk full"),
    ]
    warning = next(event for event in bus.history if isinstance(event, LogEvent))
    assert "OSError: disk full" in warning.details


def test_an_essential_sink_is_never_let_go_and_called_again_without_news() -> None:
    bus, keeper, broken = EventBus(), Keeper(), Broken()
    bus.subscribe(broken, name="Store", essential=True)
    bus.subscribe(keeper)
    for outage in (1, 2):
        broken.fails = True
        bus.publish(episode(outage))
        for _ in range(3 * Subscription.MAX_FAILURES):
            bus.drain()
        broken.fails = False
        bus.drain()
        assert broken.calls == outage * (3 * Subscription.MAX_FAILURES + 1)
    bus.drain()
    assert broken.calls == 2 * (3 * Subscription.MAX_FAILURES + 1)
    said = [(event.level, event.message) for event in keeper.events if isinstance(event, LogEvent)]
    assert said == 2 * [("warning", "Store could not follow: disk full")]


def test_only_failures_in_a_row_count() -> None:
    bus, broken = EventBus(), Broken()
    bus.subscribe(broken)
    for step in range(4 * Subscription.MAX_FAILURES):
        broken.fails = step % Subscription.MAX_FAILURES != 0
        bus.publish(episode(step))
        bus.drain()
    assert broken.calls >= 4 * Subscription.MAX_FAILURES


def test_a_sink_is_called_by_its_class_where_it_has_no_name() -> None:
    assert EventBus().subscribe(Keeper()).name == "Keeper"


def test_a_sink_may_publish() -> None:
    class Echo:
        def handle(self, events: Sequence[Event]) -> None:
            if any(event.kind == "episode" for event in events):
                bus.publish(log("info", "heard"))

    bus, keeper = EventBus(), Keeper()
    bus.subscribe(Echo())
    bus.subscribe(keeper)
    bus.publish(episode(1))
    bus.drain()
    bus.drain()
    assert [event.kind for event in keeper.events] == ["episode", "log"]


@pytest.mark.parametrize("drainers", [1, 3])
def test_many_threads_publish_and_nothing_is_lost_or_reordered(drainers: int) -> None:
    bus, keeper = EventBus(), Keeper()
    bus.subscribe(keeper)
    publishers, each, published = 8, 500, threading.Event()
    start = threading.Barrier(publishers + drainers)

    def publish(index: int) -> None:
        start.wait()
        for step in range(each):
            bus.publish(episode(step, index))

    def drain() -> None:
        start.wait()
        while not published.is_set():
            bus.drain()

    draining = [threading.Thread(target=drain) for _ in range(drainers)]
    publishing = [threading.Thread(target=publish, args=(index,)) for index in range(publishers)]
    for thread in (*draining, *publishing):
        thread.start()
    for thread in publishing:
        thread.join(30)
    published.set()
    for thread in draining:
        thread.join(30)
    bus.drain()
    assert not any(thread.is_alive() for thread in (*draining, *publishing))
    for index in range(publishers):
        assert [event.step for event in keeper.events if event.env_index == index] == list(range(each))
    assert len(bus.history) == publishers * each


def test_a_slow_sink_delays_neither_publishing_nor_other_sinks() -> None:
    entered, leave = threading.Event(), threading.Event()

    class Slow:
        def handle(self, events: Sequence[Event]) -> None:
            entered.set()
            assert leave.wait(30)

    bus, keeper = EventBus(), Keeper()
    slow = bus.subscribe(Slow())
    quick = bus.subscribe(keeper)
    bus.publish(episode(1))
    thread = threading.Thread(target=slow.drain)
    thread.start()
    assert entered.wait(30)
    bus.publish(episode(2))
    assert quick.drain() == 2
    assert slow.lag == 1
    leave.set()
    thread.join(30)
    assert not thread.is_alive()
