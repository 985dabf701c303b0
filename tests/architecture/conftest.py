"""What several checks look at."""

from __future__ import annotations

from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import pytest

from tests.architecture.suite import SERVICES, declared


@pytest.fixture(params=SERVICES)
def document(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """The OpenAPI document of each service, with nothing running."""
    service = declared(request.param)
    settings = service.settings(
        **{f"{request.param}_database_url": f"sqlite:///{tmp_path}/{request.param}.db"},
        data_dir=tmp_path,
        bus_url=str(tmp_path / "bus"),
    )
    return resolve_name(service.create_app)(settings).openapi()
