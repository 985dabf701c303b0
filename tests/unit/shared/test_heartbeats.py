"""Who looks at the end is alive, who waits for it too; who does neither is silent."""

from __future__ import annotations

import threading

from shared.workers.heartbeats import Heartbeat, Watch


def test_a_loop_is_silent_from_its_last_look_on() -> None:
    heartbeat = Heartbeat()
    watch = Watch({"relay": heartbeat}, every_s=5)
    for _ in range(3):
        heartbeat.is_set()
        watch.look({"relay"})
    assert watch.silent_s == {"relay": 0}
    watch.look({"relay"})
    watch.look({"relay"})
    assert watch.silent_s == {"relay": 10}
    assert watch.silent(10) == ["relay"]
    assert watch.silent(11) == []
    heartbeat.wait(0)
    watch.look({"relay"})
    assert watch.silent_s == {"relay": 0}


def test_who_waits_however_long_and_who_has_ended_are_not_silent() -> None:
    waits = Heartbeat()
    watch = Watch({"waits": waits, "ended": Heartbeat()}, every_s=5)
    thread = threading.Thread(target=waits.wait)
    thread.start()
    while not waits.waiting:
        pass
    for _ in range(3):
        watch.look({"waits"})
    assert watch.silent(1) == []
    waits.set()
    thread.join()
    assert waits.is_set()
