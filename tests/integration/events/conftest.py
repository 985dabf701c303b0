"""An events service in a folder of its own, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from services.events.bootstrap import MIGRATIONS, Wiring
from services.events.settings import EventsSettings
from services.events.wiring.archive import ArchiveWiring
from tests.integration.events.partner import Partner
from tests.integration.events.suite import IMPATIENT, Events, events_service, settings_in


@pytest.fixture
def migrations() -> str:
    return MIGRATIONS


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> EventsSettings:
    """Settings on each kind of database."""
    return settings_in(tmp_path, events_database_url=database_url)


@pytest.fixture
def events(settings: EventsSettings) -> Iterator[Events]:
    """The whole service: API and worker."""
    with events_service(settings) as service:
        yield service


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Events]:
    """The API alone, on SQLite."""
    with events_service(settings_in(tmp_path), worker=False) as service:
        yield service


@pytest.fixture
def hub(settings: EventsSettings) -> Iterator[Events]:
    """The whole service, with an impatient schedule of webhooks."""
    with events_service(settings.model_copy(update=IMPATIENT)) as service:
        yield service


@pytest.fixture
def desk(settings: EventsSettings) -> Iterator[Events]:
    """The same without its worker: what is asked for stays as it is."""
    with events_service(settings.model_copy(update=IMPATIENT), worker=False) as service:
        yield service


@pytest.fixture
def wiring(settings: EventsSettings) -> Iterator[Wiring]:
    """The parts of a process on a migrated database."""
    made = Wiring(settings)
    yield made
    made.database.dispose()


@pytest.fixture
def archive(wiring: Wiring) -> ArchiveWiring:
    """The archive of a worker that leads."""
    assert wiring.archive is not None
    assert wiring.archive.lease.hold()
    wiring.archive.keep.take_over()
    return wiring.archive


@pytest.fixture(scope="module")
def partner() -> Iterator[Partner]:
    """A partner's server, which keeps what it was sent."""
    with Partner() as running:
        yield running
