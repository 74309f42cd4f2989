"""Work in threads beside the one that has more to do."""

from __future__ import annotations

import threading

from retroml_edu.core.background import OnDemand

TIMEOUT_S = 30.0


def test_who_asks_while_it_is_done_has_it_done_once_more_and_never_twice_at_once():
    begun, go_on, done, at_once = threading.Semaphore(0), threading.Semaphore(0), [], threading.Lock()

    def work():
        assert at_once.acquire(blocking=False)
        begun.release()
        go_on.acquire()
        done.append(threading.current_thread().name)
        at_once.release()

    on_demand = OnDemand(work, "retroml-work")
    assert on_demand.wait(0.0)
    on_demand.ask()
    assert begun.acquire(timeout=TIMEOUT_S)
    for _ in range(5):
        on_demand.ask()
    assert not on_demand.wait(0.0)
    go_on.release(2)
    assert on_demand.wait(TIMEOUT_S)
    assert done == ["retroml-work"] * 2
    go_on.release()
    on_demand.ask()
    assert on_demand.wait(TIMEOUT_S)
    assert len(done) == 3
