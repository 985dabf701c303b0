"""What a Kafka cluster that has seen no group yet is asked."""

import pytest

from shared.bus.opening import open_bus
from shared.contracts.topics import PROFILES
from tests.support.kafka import KafkaBroker


@pytest.mark.services
def test_of_a_group_that_never_was_nothing_is_reported(kafka_broker: KafkaBroker) -> None:
    bus = open_bus(kafka_broker.url)
    bus.create_topics([PROFILES])
    assert bus.reported_positions("nobody", [PROFILES.name]) == {}
    bus.close()
