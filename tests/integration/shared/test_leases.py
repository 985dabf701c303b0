"""Of many who ask, one holds a lease, by the database's clock."""

from concurrent.futures import ThreadPoolExecutor
from time import sleep

from shared.sql.database import Database
from shared.sql.leases import Lease


def test_one_of_many_holds_it(database: Database) -> None:
    contenders = [Lease(database, "job") for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        won = list(pool.map(lambda lease: lease.hold(), contenders))
    assert won.count(True) == 1
    holder = contenders[won.index(True)]
    assert holder.hold()


def test_it_passes_on_when_released(database: Database) -> None:
    first, second = Lease(database, "job"), Lease(database, "job")
    assert first.hold()
    assert not second.hold()
    first.release()
    assert second.hold()


def test_a_silent_holder_loses_it(database: Database) -> None:
    silent, waiting = Lease(database, "job", seconds=1), Lease(database, "job", seconds=1)
    assert silent.hold()
    sleep(2.1)
    assert waiting.hold()
    assert not silent.hold()
