"""SIGTERM under load: every process ends in order and in time, and nothing is lost."""

from __future__ import annotations

import pytest

from tests.faults.account import Books, expected
from tests.faults.shop import Load
from tests.support.suite import Suite

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]


def test_an_orderly_end_loses_nothing(suite: Suite) -> None:
    books, load = Books(suite), Load(suite.url("events"), prefix="shutdown")
    load.start()
    codes = {}
    for name in suite.names:
        codes[name] = suite.terminate(name, timeout_s=25)
        suite.start(name)
    customers = load.finish(at_least_calls=1_000)
    assert codes == dict.fromkeys(suite.names, 0), suite.log_ends()
    suite.wait_until_ready()
    assert books.account_of(customers) == expected(customers)
