"""One API at a time, as a real process, for requests that nobody sane would send."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.suite import SERVICES, Suite


@pytest.fixture(scope="module", params=SERVICES)
def api(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Suite]:
    """A suite of which only one service's API runs."""
    directory: Path = tmp_path_factory.mktemp(request.param)
    with Suite(directory, services=(request.param,), roles=("api",)) as suite:
        yield suite
