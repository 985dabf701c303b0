"""Profile on a migrated database, SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from services.profile.bootstrap import MIGRATIONS, Wiring
from services.profile.settings import ProfileSettings

KEY = "rk_integration"


@pytest.fixture
def migrations() -> str:
    return MIGRATIONS


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> ProfileSettings:
    return ProfileSettings(
        profile_database_url=database_url,
        bus_url=str(tmp_path / "bus"),
        dev_api_key=SecretStr(KEY),
        data_dir=tmp_path,
    )


@pytest.fixture
def wiring(settings: ProfileSettings) -> Iterator[Wiring]:
    made = Wiring(settings)
    yield made
    made.database.dispose()
