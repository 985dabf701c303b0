"""Profile on a migrated database, SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from services.profile.bootstrap import MIGRATIONS, Wiring
from services.profile.settings import ProfileSettings
from shared.sql.migrations import upgrade

KEY = "rk_integration"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.services)])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> ProfileSettings:
    on_sqlite = request.param == "sqlite"
    return ProfileSettings(
        profile_database_url=f"sqlite:///{tmp_path}/profile.db"
        if on_sqlite
        else request.getfixturevalue("postgres_url"),
        bus_url=str(tmp_path / "bus"),
        dev_api_key=SecretStr(KEY),
        data_dir=tmp_path,
    )


@pytest.fixture
def wiring(settings: ProfileSettings) -> Iterator[Wiring]:
    made = Wiring(settings)
    upgrade(made.database, MIGRATIONS)
    yield made
    made.database.dispose()
