"""The loops of a worker: they rest when there is nothing to do, and wait longer and longer for what is away."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy.exc import OperationalError

from shared.workers.loops import Loop, every, insist, work_until


class Ends(threading.Event):
    """A signal to end that comes with the last of so many waits, none of which takes any time."""

    def __init__(self, after: int) -> None:
        super().__init__()
        self.waits: list[float | None] = []
        self._after = after

    def wait(self, timeout: float | None = None) -> bool:
        if not self.is_set():
            self.waits.append(timeout)
        if len(self.waits) == self._after:
            self.set()
        return self.is_set()


def away() -> OperationalError:
    return OperationalError("SELECT 1", None, Exception("the database is away"))


def acting(results: Iterator[object]) -> Callable[[], object]:
    """Returns one result after another; raises those that are exceptions."""

    def act() -> object:
        result = next(results)
        if isinstance(result, Exception):
            raise result
        return result

    return act


def test_a_loop_rests_only_when_there_was_nothing_to_do() -> None:
    stop = Ends(2)
    work_until(stop, acting(iter([True, 3, 0, True, None])), rest_s=7)
    assert stop.waits == [7, 7]


@pytest.mark.parametrize(
    "loop",
    [lambda stop: work_until(stop, fails, rest_s=9), every(60, lambda: fails()), lambda stop: insist(stop, fails)],
)
def test_every_loop_waits_longer_each_time_that_the_database_is_away(
    loop: Loop, caplog: pytest.LogCaptureFixture
) -> None:
    stop = Ends(5)
    with caplog.at_level(logging.WARNING):
        loop(stop)
    assert stop.waits == [1, 2, 4, 5, 5]
    told = {(record.message, vars(record)["loop"]) for record in caplog.records}
    assert told == {("a loop waits", threading.current_thread().name)}


def fails() -> object:
    raise away()


def test_after_a_success_the_waits_are_short_again() -> None:
    stop = Ends(4)
    work_until(stop, acting(iter([away(), away(), True, away(), False])), rest_s=9)
    assert stop.waits == [1, 2, 1, 9]


def test_who_has_to_be_patient_begins_with_a_longer_wait() -> None:
    stop = Ends(2)
    every(3600, fails, retry_s=30)(stop)
    assert stop.waits == [30, 30]


def test_what_is_insisted_on_is_done_once() -> None:
    stop = Ends(9)
    assert insist(stop, acting(iter([away(), away(), "done"]))) == "done"
    assert stop.waits == [1, 2]


def test_any_other_error_ends_the_loop() -> None:
    with pytest.raises(ZeroDivisionError):
        work_until(Ends(9), acting(iter([True, ZeroDivisionError()])), rest_s=1)
