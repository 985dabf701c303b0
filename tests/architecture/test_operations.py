"""What operators rely on exists: metrics that alerts ask for, the pages they point to, the groups that scale."""

from __future__ import annotations

import re
from typing import Any

import prometheus_client
import yaml

from shared.telemetry import metrics
from tests.architecture.manifests import KUBERNETES
from tests.architecture.suite import ROOT, SERVICES

ALERTS = yaml.safe_load((ROOT / "deploy" / "dashboards" / "alerts.yaml").read_text())["groups"][0]["rules"]


def exposed() -> set[str]:
    """Every series name that a process exposes."""
    kept = [value for value in vars(metrics).values() if isinstance(value, prometheus_client.metrics.MetricWrapperBase)]
    families = [family for metric in kept for family in metric.describe()]
    endings = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_count", "_sum")}
    return {f"{family.name}{ending}" for family in families for ending in endings[family.type]}


def test_alerts_ask_for_metrics_that_there_are() -> None:
    asked = {name for rule in ALERTS for name in re.findall(r"rapport_\w+", rule["expr"])}
    assert asked
    assert asked <= exposed()


def test_alerts_point_to_a_heading_of_the_operators_page() -> None:
    headings = set(re.findall(r"^#+ (.+)$", (ROOT / "docs" / "operations.md").read_text(), re.MULTILINE))
    pointed = [
        place.strip() for rule in ALERTS for place in re.findall(r"See: (.+)\.$", rule["annotations"]["description"])
    ]
    assert len(pointed) == len(ALERTS)
    assert set(pointed) <= headings


def test_workers_scale_by_the_groups_that_they_read_as() -> None:
    text = (KUBERNETES / "components" / "keda" / "scaled-workers.yaml").read_text()
    scaled: list[Any] = list(yaml.safe_load_all(text))
    metadata = [t["metadata"] for s in scaled for t in s["spec"]["triggers"]]
    groups = {each["consumerGroup"]: each.get("topic", "") for each in metadata}
    assert {s["spec"]["scaleTargetRef"]["name"] for s in scaled} == {f"{name}-worker" for name in SERVICES}
    houses = [ROOT / "services" / name for name in SERVICES]
    wired = [file for house in houses for file in (house / "bootstrap.py", *house.glob("wiring/*.py"))]
    source = "".join(file.read_text() for file in wired)
    assert set(groups) == set(re.findall(r"(?:consumer=|CONSUMER = )\"([\w.]+)\"", source))
    assert all(group.endswith(topic) for group, topic in groups.items())


def test_the_operators_page_lists_every_scope_that_a_key_of_a_service_can_have(document: Any) -> None:
    page = (ROOT / "docs" / "operations.md").read_text("utf-8")
    table = page.partition("### Scopes")[2].partition("\n## ")[0]
    of = (document["info"]["title"].removeprefix("Rapport "), "all")
    rows = re.findall(r"^\| (\w+) \| (.+?) \|", table, re.MULTILINE)
    listed = [scope for service, scopes in rows if service in of for scope in re.findall(r"`([\w:-]+)`", scopes)]
    granted = document["components"]["schemas"]["NewApiKey"]["properties"]["scopes"]["items"]["enum"]
    assert sorted(listed) == [scope for scope in granted if not scope.endswith("*")]
