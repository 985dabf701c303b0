"""One suite for every implementation of the bus."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.bus.opening import open_bus
from shared.bus.ports import Bus, Publisher, Topic


@pytest.fixture(params=["embedded", pytest.param("kafka", marks=pytest.mark.services)])
def bus_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "kafka":
        return str(request.getfixturevalue("kafka_url"))
    return str(tmp_path / "bus")


@pytest.fixture
def bus(bus_url: str) -> Iterator[Bus]:
    bus = open_bus(bus_url)
    yield bus
    bus.close()


@pytest.fixture
def publisher(bus: Bus) -> Iterator[Publisher]:
    publisher = bus.publisher()
    yield publisher
    publisher.close()


@pytest.fixture
def topic(bus: Bus) -> Topic:
    topic = Topic(f"topic-{uuid.uuid4().hex[:12]}", partitions=4)
    bus.create_topics([topic])
    return topic


@pytest.fixture
def group() -> str:
    return f"group-{uuid.uuid4().hex[:12]}"
