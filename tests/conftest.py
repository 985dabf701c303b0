"""Opens and closes the run that tests on real servers share, and offers their fixtures to every test."""

from __future__ import annotations

import gc
import os
import signal

import pytest
from hypothesis import HealthCheck, settings

from tests.support.fixtures import (
    database_url,
    kafka_broker,
    kafka_url,
    migrations,
    postgres_server,
    postgres_url,
    shared_postgres,
)
from tests.support.real_servers import close_run, open_run

__all__ = [
    "database_url",
    "kafka_broker",
    "kafka_url",
    "migrations",
    "postgres_server",
    "postgres_url",
    "shared_postgres",
]

LONG = {"fuzzing", "faults", "end_to_end"}

# How long an example takes says something about the machine, not about the code.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


def pytest_xdist_auto_num_workers() -> int:
    """Three workers for two cores: tests wait for processes of their own about as long as they work."""
    return max(2, (os.cpu_count() or 1) * 3 // 2)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long begins first, so that no worker is left alone with it in the end."""
    items.sort(key=lambda item: LONG.isdisjoint(item.path.parts))


def pytest_collection_finish() -> None:
    """Keep what was imported and collected out of every later search for garbage, as the services do."""
    gc.collect()
    gc.freeze()


def pytest_configure(config: pytest.Config) -> None:
    # Started in the background of a script, Python ignores Ctrl-C, and so would every program that a test starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if not hasattr(config, "workerinput"):  # an xdist worker joins the run of the process that started it
        open_run()


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        close_run()
