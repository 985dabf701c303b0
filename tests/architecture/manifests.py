"""The deployment's files as data: rendered overlays, compose, and what a container is told."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from functools import cache
from typing import Any

import yaml

from tests.architecture.suite import ROOT
from tests.support.real_servers import ServerMissingError, give_up

OVERLAYS = ("development", "production")
KUBERNETES = ROOT / "deploy" / "kubernetes"
Manifest = dict[str, Any]


@cache
def rendered(overlay: str) -> tuple[Manifest, ...]:
    """Every object of an overlay; skips, or fails in CI, where nothing on the machine can render it."""
    told = subprocess.run([KUBERNETES / "render.sh", overlay], capture_output=True, text=True, check=False)
    if told.returncode == 69:
        give_up(ServerMissingError(told.stderr.strip()))
    assert told.returncode == 0, told.stderr
    return tuple(yaml.safe_load_all(told.stdout))


def of_kind(overlay: str, *kinds: str) -> list[Manifest]:
    """The objects of these kinds."""
    return [manifest for manifest in rendered(overlay) if manifest["kind"] in kinds]


def named(overlay: str, kind: str, name: str) -> Manifest:
    """One object; names of generated ones begin with `name`."""
    return next(m for m in of_kind(overlay, kind) if re.fullmatch(rf"{name}(-[a-z0-9]{{10}})?", m["metadata"]["name"]))


def pod_of(manifest: Manifest) -> Manifest:
    """The pod's specification of a Deployment, StatefulSet or Job."""
    pod: Manifest = manifest["spec"]["template"]["spec"]
    return pod


def containers(manifest: Manifest) -> Iterator[Manifest]:
    """Every container of a pod, those that run first included."""
    yield from pod_of(manifest).get("initContainers", [])
    yield from pod_of(manifest)["containers"]


def environment(overlay: str, container: Manifest) -> dict[str, str | None]:
    """What a container finds in its environment; None where the value is in a Secret."""
    found: dict[str, str | None] = {}
    for source in container.get("envFrom", []):
        if "configMapRef" in source:
            found |= named(overlay, "ConfigMap", source["configMapRef"]["name"])["data"]
        else:
            found |= dict.fromkeys(named(overlay, "Secret", source["secretRef"]["name"])["data"])
    return found | {entry["name"]: entry.get("value") for entry in container.get("env", [])}


def service_of(manifest: Manifest) -> str | None:
    """Which of the four services an object belongs to."""
    labels: dict[str, str] = manifest["metadata"].get("labels", {})
    return labels.get("app.kubernetes.io/name") if "app.kubernetes.io/part-of" in labels else None


def component_of(manifest: Manifest) -> str | None:
    """`api`, `worker`, `migration` or `topics`."""
    component: str | None = manifest["metadata"].get("labels", {}).get("app.kubernetes.io/component")
    return component


def composed() -> Manifest:
    """deploy/compose/compose.yaml."""
    file: Manifest = yaml.safe_load((ROOT / "deploy" / "compose" / "compose.yaml").read_text())
    return file


def example_environment() -> dict[str, str]:
    """deploy/compose/example.env."""
    lines = (ROOT / "deploy" / "compose" / "example.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
