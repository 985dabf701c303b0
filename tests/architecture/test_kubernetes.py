"""The manifests and the code say the same: settings, secrets, ports, paths, times, versions."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

import shared.http.server
import shared.workers.process
from shared.settings import ServiceSettings
from tests.architecture.manifests import (
    KUBERNETES,
    OVERLAYS,
    component_of,
    containers,
    environment,
    named,
    of_kind,
    pod_of,
    service_of,
)
from tests.architecture.suite import ROOT, SERVICES, declared, environment_names

SECRETS = {
    "database-url": "postgresql://rapport:secret@127.0.0.1/rapport",
    "admin-key-sha256": "0" * 64,
    "unsubscribe-secret": "x" * 40,
    "erasure-secret": "x" * 40,
    "smtp-url": "smtp://127.0.0.1:25",
}


def servers(overlay: str) -> list[tuple[str, str, dict[str, Any]]]:
    """(service, component, object) of everything that runs a service's code."""
    found = []
    for manifest in of_kind(overlay, "Deployment", "Job"):
        service, component = service_of(manifest), component_of(manifest)
        if service and component:
            found.append((service, component, manifest))
    return found


def settings_of(overlay: str, service: str, container: dict[str, Any], directory: Path) -> dict[str, Any]:
    """The settings a container starts with, its Secrets filled with examples."""
    known = environment_names(declared(service).settings)
    found = {"RAPPORT_ENVIRONMENT": "production"} | environment(overlay, container)  # the image says production
    keys = {e["name"]: e["valueFrom"]["secretKeyRef"]["key"] for e in container.get("env", []) if "valueFrom" in e}
    filled = {name: SECRETS[keys[name]] if name in keys else value or "rk_x" for name, value in found.items()}
    return {known[name]: value for name, value in filled.items()} | {"data_dir": directory}


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_each_service_has_an_api_a_worker_and_a_migration(overlay: str) -> None:
    expected = sorted((service, part) for service in SERVICES for part in ("api", "migration", "worker"))
    assert sorted((service, component) for service, component, _ in servers(overlay)) == expected


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_setting_exists_in_the_settings_class(overlay: str) -> None:
    unknown = [
        f"{manifest['metadata']['name']}: {variable}"
        for service, _, manifest in servers(overlay)
        for container in containers(manifest)
        for variable in environment(overlay, container)
        if variable not in environment_names(declared(service).settings)
    ]
    assert unknown == []


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_container_starts_with_what_it_is_given(overlay: str, tmp_path: Path) -> None:
    for service, _, manifest in servers(overlay):
        for container in containers(manifest):
            settings = declared(service).settings(**settings_of(overlay, service, container, tmp_path))
            assert declared(service).database_url(settings).startswith("postgresql://"), manifest["metadata"]["name"]


def test_production_would_not_start_with_development_keys(tmp_path: Path) -> None:
    with pytest.raises(ValidationError):
        ServiceSettings(environment="production", dev_api_key="rk_x", data_dir=tmp_path)  # type: ignore[arg-type]
    keys = [environment("production", c) for _, _, m in servers("production") for c in containers(m)]
    assert not any("RAPPORT_DEV_API_KEY" in found or "RAPPORT_DEV_WRITE_KEY" in found for found in keys)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_secrets_are_by_reference_and_each_is_in_the_example(overlay: str) -> None:
    examples = {
        secret["metadata"]["name"]: set(secret["stringData"])
        for secret in yaml.safe_load_all((KUBERNETES / "example-secrets.yaml").read_text())
    }
    for _, _, manifest in servers(overlay):
        for container in containers(manifest):
            for entry in container.get("env", []):
                reference = entry["valueFrom"]["secretKeyRef"]
                name = re.sub(r"-[a-z0-9]{10}$", "", reference["name"])
                assert reference["key"] in examples[name], f"{name} has no {reference['key']}"


def test_production_brings_no_secret_of_its_own_and_development_every_one() -> None:
    assert of_kind("production", "Secret") == []
    for service in SERVICES:
        made = named("development", "Secret", f"{service}-secrets")["data"]
        url = base64.b64decode(made["database-url"]).decode()
        assert url.endswith(f"@postgres/{service}"), "the role and database that databases.sh makes"


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_servers_listen_where_probes_and_services_look(overlay: str, tmp_path: Path) -> None:
    for service, component, manifest in servers(overlay):
        if component == "migration":
            continue
        (container,) = pod_of(manifest)["containers"]
        settings = declared(service).settings(**settings_of(overlay, service, container, tmp_path))
        listens = declared(service).port(settings) if component == "api" else settings.worker_port
        ports = {port["name"]: port["containerPort"] for port in container["ports"]}
        assert list(ports.values()) == [listens]
        assert settings.host == "0.0.0.0"
        probes = [container[probe]["httpGet"] for probe in ("startupProbe", "livenessProbe", "readinessProbe")]
        assert {probe["port"] for probe in probes} == set(ports)


@pytest.mark.parametrize("service", SERVICES)
def test_liveness_looks_at_no_dependency_and_readiness_at_the_database(service: str) -> None:
    (container,) = pod_of(named("production", "Deployment", f"{service}-api"))["containers"]
    assert container["livenessProbe"]["httpGet"]["path"] == "/healthz"
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_pods_get_longer_to_end_than_the_code_takes(overlay: str) -> None:
    for _, component, manifest in servers(overlay):
        if component == "migration":
            continue
        before_stop = 5 if component == "api" else 0
        drain = shared.http.server._DRAIN_S if component == "api" else shared.workers.process._DRAIN_S
        assert pod_of(manifest)["terminationGracePeriodSeconds"] >= before_stop + drain + 5


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_jobs_are_named_for_the_version_of_their_image(overlay: str) -> None:
    jobs = of_kind(overlay, "Job")
    assert len(jobs) == len(SERVICES) + 1
    for job in jobs:
        (container,) = pod_of(job)["containers"]
        version = container["image"].rpartition(":")[2]
        assert job["metadata"]["name"].endswith(version.replace(".", "-"))
        assert f'version = "{version}"' in (ROOT / "pyproject.toml").read_text()


def test_everything_is_denied_that_is_not_opened_and_selects_somebody() -> None:
    policies = of_kind("production", "NetworkPolicy")
    denial = named("production", "NetworkPolicy", "deny-by-default")["spec"]
    assert denial == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    pods = [m["spec"]["template"]["metadata"]["labels"] for m in of_kind("production", "Deployment", "Job")]
    for policy in policies:
        wanted = policy["spec"]["podSelector"].get("matchLabels", {}).items()
        assert any(wanted <= labels.items() for labels in pods), policy["metadata"]["name"]


def test_only_ingestion_and_links_in_mails_face_the_internet(tmp_path: Path) -> None:
    (ingress,) = of_kind("production", "Ingress")
    backends = {
        (path["path"], path["backend"]["service"]["name"])
        for rule in ingress["spec"]["rules"]
        for path in rule["http"]["paths"]
    }
    assert backends == {("/v1", "events-api"), ("/u", "messaging-api")}
    messaging = declared("messaging")
    app = resolve_name(messaging.create_app)(
        messaging.settings(messaging_database_url=f"sqlite:///{tmp_path}/m.db", data_dir=tmp_path)
    )
    assert any(path.startswith("/u/") for path in app.openapi()["paths"])


def test_production_keeps_two_of_each_and_lets_one_go_at_a_time() -> None:
    for service in SERVICES:
        assert named("production", "HorizontalPodAutoscaler", f"{service}-api")["spec"]["minReplicas"] >= 2
        assert named("production", "Deployment", f"{service}-worker")["spec"]["replicas"] >= 2
        for component in ("api", "worker"):
            budget = named("production", "PodDisruptionBudget", f"{service}-{component}")["spec"]
            assert budget["maxUnavailable"] == 1
