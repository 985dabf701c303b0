"""A bus by its URL: what is one, and one line for what is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.bus.embedded.bus import EmbeddedBus
from shared.bus.kafka.bus import KafkaBus
from shared.bus.kafka.url import connection_of
from shared.bus.opening import open_bus
from shared.bus.ports import Topic


@pytest.mark.parametrize("form", ["{}/bus", "file://{}/bus", "file:{}/bus", "file://localhost{}/b%75s"])
def test_a_path_is_the_embedded_log(form: str, tmp_path: Path) -> None:
    bus = open_bus(form.format(tmp_path))
    assert isinstance(bus, EmbeddedBus)
    bus.create_topics([Topic("orders")])
    assert (tmp_path / "bus" / "topics" / "orders.sqlite").exists()
    bus.close()


def test_opening_creates_and_connects_nothing(tmp_path: Path) -> None:
    open_bus(str(tmp_path / "bus"))
    assert list(tmp_path.iterdir()) == []
    assert isinstance(open_bus("kafka://127.0.0.1:1"), KafkaBus)


@pytest.mark.parametrize(
    "url",
    ["", " ", "redis://here", "file://elsewhere/bus", "kafka://", "kafka://host", "kafka://host:0", "kafka://host:x",
     "kafka://a:1,", "kafka://a:1/topic", "kafka://a:1?acks=0", "kafka://a:1?security_protocol=NONE",
     "kafka://a:1?compression=zstd"],
)  # fmt: skip
def test_anything_else_is_refused_in_one_line(url: str) -> None:
    with pytest.raises(ValueError) as refused:
        open_bus(url)
    assert "\n" not in str(refused.value)


def test_a_kafka_url_names_servers_user_and_options() -> None:
    connection = connection_of(
        "kafka://rapport:p%40ss@a:9092,b:9093?sasl_mechanism=SCRAM-SHA-512&ssl_cafile=/ca.pem&compression=lz4"
    )
    settings = connection.settings()
    assert settings["bootstrap_servers"] == ["a:9092", "b:9093"]
    assert settings["security_protocol"] == "SASL_SSL"
    assert settings["sasl_mechanism"] == "SCRAM-SHA-512"
    assert (settings["sasl_plain_username"], settings["sasl_plain_password"]) == ("rapport", "p@ss")
    assert settings["ssl_cafile"] == "/ca.pem"
    assert connection.compression == "lz4"


def test_the_password_is_not_shown() -> None:
    assert "secret" not in repr(connection_of("kafka://rapport:secret@a:9092"))
    with pytest.raises(ValueError) as refused:
        connection_of("kafka://rapport:secret@a:9092/nowhere")
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("name", ["", ".hidden", "a/b", "../up", "a" * 201, "space here", "nul\0"])
def test_a_topic_needs_a_name_that_every_log_takes(name: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no name for a topic"):
        open_bus(str(tmp_path)).create_topics([Topic(name)])
