"""What a killed process held is taken over at once by another one of the same machine."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Barrier, Thread

import pytest

from shared.bus.opening import open_bus
from shared.bus.ports import Topic
from shared.signs_of_life import SignsOfLife
from shared.sql.database import Database
from shared.sql.leases import Lease
from shared.sql.plumbing import plumbing
from tests.support.bus_processes import bus_process
from tests.support.reading import from_the_oldest, poll_until

LONG_S = 300
GIVING = """
import sys, time
from pathlib import Path
from shared.signs_of_life import SignsOfLife
signs = SignsOfLife(Path(sys.argv[1]))
signs.give(sys.argv[2])
print("given", flush=True)
time.sleep(600)
"""
GIVING_MANY = """
import sys
from pathlib import Path
from shared.signs_of_life import SignsOfLife
signs = SignsOfLife(Path(sys.argv[1]))
print("begins", flush=True)
for number in range(800):
    signs.give(f"many.{number}")
print("gave", flush=True)
sys.stdin.read()
"""
LEASING = """
import sys, time
from shared.sql.database import Database
from shared.sql.leases import Lease
lease = Lease(Database(sys.argv[1]), "job", seconds=300)
print(lease.hold(), flush=True)
time.sleep(600)
"""


@contextmanager
def process(code: str, *arguments: object, says: bytes) -> Iterator[subprocess.Popen[bytes]]:
    """Another process that has said this."""
    with subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as started:
        try:
            assert started.stdout is not None
            assert started.stdout.readline().strip() == says
            yield started
        finally:
            started.kill()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(f"sqlite:///{tmp_path}/held.db")
    plumbing.create_all(made.engine)
    yield made
    made.dispose()


@pytest.mark.faults
def test_a_sign_ends_with_its_process_and_not_before(tmp_path: Path) -> None:
    signs = SignsOfLife(tmp_path)
    with process(GIVING, tmp_path, "other", says=b"given") as other:
        assert not signs.has_died("other")
        other.kill()
        other.wait()
        assert signs.has_died("other")
    signs.remove("other")
    assert not signs.has_died("other"), "what was taken over is nobody's death any more"


@pytest.mark.faults
def test_nobody_is_taken_for_dead_while_giving_a_sign(tmp_path: Path) -> None:
    signs = SignsOfLife(tmp_path)
    with process(GIVING_MANY, tmp_path, says=b"begins") as other:
        assert other.stdout is not None
        for number in range(800):
            while not (tmp_path / f"many.{number}").exists():
                assert not signs.has_died(f"many.{number}")
        assert other.stdout.readline() == b"gave\n"


def test_nobody_is_dead_who_never_gave_a_sign_or_gives_one(tmp_path: Path) -> None:
    signs, others = SignsOfLife(tmp_path), SignsOfLife(tmp_path)
    assert not signs.has_died("nobody")
    signs.give("me")
    signs.give("me")
    assert not signs.has_died("me")
    assert not others.has_died("me")
    others.remove("me")
    signs.give("me")
    assert [path.name for path in tmp_path.iterdir()] == ["me"], "taken for dead, and alive again"
    assert not others.has_died("me")
    signs.remove("me")
    assert not others.has_died("me")
    assert list(tmp_path.iterdir()) == []
    nowhere = SignsOfLife(None)
    nowhere.give("me")
    assert not nowhere.has_died("other")


@pytest.mark.faults
def test_the_lease_of_a_killed_process_is_free_at_once(database: Database) -> None:
    waiting = Lease(database, "job", seconds=LONG_S)
    with process(LEASING, database.engine.url, says=b"True") as holder:
        assert not waiting.hold()
        holder.kill()
        holder.wait()
        assert waiting.hold()
    assert waiting.hold()


@pytest.mark.faults
def test_a_new_member_has_the_partitions_of_a_killed_one_at_once(tmp_path: Path) -> None:
    bus, url = open_bus(f"file://{tmp_path}/bus"), f"file://{tmp_path}/bus"
    bus.create_topics([Topic("t", partitions=4)])
    with bus_process("consume", url, "t", "group", LONG_S) as member:
        member.wait_for("owns 4")
        member.kill()
    successor = bus.consumer("group", ["t"], start_at=from_the_oldest, session_timeout_s=LONG_S)
    began = time.monotonic()
    poll_until([successor], lambda: len(successor.assignment()) == 4)
    assert time.monotonic() - began < LONG_S / 10
    successor.close()
    bus.close()


def test_threads_that_give_one_sign_at_once_do_not_wait_for_each_other(tmp_path: Path) -> None:
    for round_ in range(50):
        signs, barrier = SignsOfLife(tmp_path), Barrier(4)

        def give(signs: SignsOfLife = signs, barrier: Barrier = barrier, name: str = f"n{round_}") -> None:
            barrier.wait()
            signs.give(name)

        threads = [Thread(target=give, daemon=True) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
        assert not any(thread.is_alive() for thread in threads)
        assert not SignsOfLife(tmp_path).has_died(f"n{round_}")
