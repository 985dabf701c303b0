"""The demo on a real Kafka and a real PostgreSQL, put there by settings alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.local.configuration import SETTINGS
from tests.support.demo import Demo
from tests.support.kafka import KafkaBroker
from tests.support.postgres import PostgresServer


@pytest.mark.services
@pytest.mark.timeout(500)
def test_the_year_comes_out_right_on_kafka_and_postgresql(
    tmp_path: Path, kafka_broker: KafkaBroker, shared_postgres: PostgresServer
) -> None:
    databases = {f"RAPPORT_{name.upper()}_DATABASE_URL": shared_postgres.new_database() for name in SETTINGS}
    demo = Demo(tmp_path, one_in=40, settings=databases | {"RAPPORT_BUS_URL": kafka_broker.url})
    assert demo.end(within_s=480) == 0, demo.said
    demo.assert_nothing_is_left()
    assert not list(demo.data_dir.glob("*.db"))
    assert not (demo.data_dir / "bus").exists()
    for url in databases.values():
        shared_postgres.drop_database(url)
