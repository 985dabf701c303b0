"""What a worker runs is made whether or not the bus answers: each loop waits for it by itself."""

from __future__ import annotations

from pathlib import Path
from pkgutil import resolve_name

import pytest

from tests.architecture.suite import SERVICES, declared
from tests.support.real_servers import free_ports


@pytest.mark.parametrize("name", SERVICES)
def test_a_worker_starts_while_the_bus_is_away(name: str, tmp_path: Path) -> None:
    service = declared(name)
    settings = service.settings(
        **{f"{name}_database_url": f"sqlite:///{tmp_path}/{name}.db"},
        data_dir=tmp_path,
        bus_url=f"kafka://127.0.0.1:{free_ports(1)[0]}",
    )
    assert {"topics", "relay", "housekeeping"} <= resolve_name(service.loops)(settings).keys()
