"""Compose and the code say the same."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.architecture.manifests import composed, example_environment
from tests.architecture.suite import ROOT, SERVICES, declared, environment_names

CONTAINERS: dict[str, Any] = composed()["services"]


def filled(value: str) -> str:
    """A value with what example.env says in place of its variables."""
    return re.sub(r"\$\{(\w+)[^}]*\}", lambda found: example_environment()[found[1]], value)


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("command", ["api", "worker", "migrate"])
def test_each_service_starts_with_what_the_example_gives(service: str, command: str, tmp_path: Path) -> None:
    container = CONTAINERS[f"{service}-{command}"]
    known = environment_names(declared(service).settings)
    given = {name: filled(value) for name, value in container["environment"].items()}
    assert set(given) <= set(known)
    settings = declared(service).settings(**{known[name]: value for name, value in given.items()}, data_dir=tmp_path)
    assert declared(service).database_url(settings).endswith(f"@postgres/{service}")
    assert container["command"] == [command]
    assert container["build"]["args"] == {"SERVICE": service}


@pytest.mark.parametrize("service", SERVICES)
def test_an_api_is_published_on_this_machine_only(service: str) -> None:
    port = declared(service).settings.model_fields[f"{service}_port"].default
    assert CONTAINERS[f"{service}-api"]["ports"] == [f"127.0.0.1:{port}:{port}"]
    assert f":{port}/readyz" in CONTAINERS[f"{service}-api"]["healthcheck"]["test"][-1]


def test_every_published_port_is_on_the_loopback_interface() -> None:
    published = [port for container in CONTAINERS.values() for port in container.get("ports", [])]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_images_name_their_versions_and_kafka_is_the_one_that_is_tested_with() -> None:
    foreign = {c["image"] for c in CONTAINERS.values() if not c["image"].startswith("rapport/")}
    assert all(re.search(r":v?\d", image) for image in foreign)
    tested = re.search(r"<kafka.version>(.+)</kafka.version>", (ROOT / "deploy" / "kafka" / "pom.xml").read_text())
    assert tested is not None
    assert f"apache/kafka:{tested[1]}" in foreign


def test_what_is_waited_for_exists() -> None:
    for container in CONTAINERS.values():
        assert set(container.get("depends_on", {})) <= set(CONTAINERS)


def test_every_variable_is_in_the_example() -> None:
    text = (ROOT / "deploy" / "compose" / "compose.yaml").read_text()
    assert set(re.findall(r"\$\{(\w+)", text)) == set(example_environment())
