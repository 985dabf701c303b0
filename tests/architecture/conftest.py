"""What several checks look at."""

from __future__ import annotations

from pkgutil import resolve_name
from typing import Any

import pytest

from tests.architecture.suite import SERVICES, declared


@pytest.fixture(scope="session", params=SERVICES)
def document(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The OpenAPI document of each service, with nothing running. Not to be changed: all tests look at the same."""
    service, folder = declared(request.param), tmp_path_factory.mktemp(request.param)
    settings = service.settings(
        **{f"{request.param}_database_url": f"sqlite:///{folder}/{request.param}.db"},
        data_dir=folder,
        bus_url=str(folder / "bus"),
    )
    return resolve_name(service.create_app)(settings).openapi()
