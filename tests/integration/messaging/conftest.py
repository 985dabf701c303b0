"""Messaging on a migrated database, SQLite and PostgreSQL, with a real mail server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from services.messaging.bootstrap import MIGRATIONS, Wiring
from services.messaging.settings import MessagingSettings
from tests.integration.messaging.mail_server import MailServer
from tests.integration.messaging.scenes import Shop

KEY = "rk_integration"


@pytest.fixture
def server() -> Iterator[MailServer]:
    with MailServer() as running:
        yield running


@pytest.fixture
def migrations() -> str:
    return MIGRATIONS


@pytest.fixture
def settings(database_url: str, tmp_path: Path, server: MailServer) -> MessagingSettings:
    return MessagingSettings(
        messaging_database_url=database_url,
        bus_url=str(tmp_path / "bus"),
        data_dir=tmp_path,
        smtp_url=SecretStr(server.url),
        messaging_retry_delays_s=(0.0, 0.0),
        messaging_window=4,
        dev_api_key=SecretStr(KEY),
    )


@pytest.fixture
def shop(settings: MessagingSettings) -> Iterator[Shop]:
    shop = Shop(Wiring(settings))
    yield shop
    shop.close()
