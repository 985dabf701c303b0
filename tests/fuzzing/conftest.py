"""One API at a time, as a real process, for requests that nobody sane would send."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.suite import SERVICES, Suite


@pytest.fixture(scope="module", params=SERVICES)
def api(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Suite]:
    """A suite of which only one service's API runs; webhooks may go to this machine."""
    directory: Path = tmp_path_factory.mktemp(request.param)
    settings = {"RAPPORT_WEBHOOK_ALLOW_NETWORKS": "127.0.0.0/8"}
    with Suite(directory, settings, services=(request.param,), roles=("api",)) as suite:
        yield suite
