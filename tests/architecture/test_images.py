"""An image holds every package that its service imports, and every file that its Dockerfile copies exists."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.architecture.suite import ROOT, SERVICES

OURS = {"services", "shared"}


def imported(file: Path) -> Iterator[str]:
    """The top-level packages a file imports, also inside functions."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name.partition(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def locked(service: str) -> set[str]:
    text = (ROOT / "deploy" / "locks" / f"{service}.txt").read_text()
    return {canonical(name) for name in re.findall(r"^([A-Za-z0-9._-]+)==", text, re.MULTILINE)}


@pytest.mark.parametrize("service", SERVICES)
def test_the_lock_of_a_service_has_what_it_and_the_plumbing_import(service: str) -> None:
    files = [*(ROOT / "services" / service).rglob("*.py"), *(ROOT / "shared").rglob("*.py")]
    names = {name for file in files for name in imported(file)} - set(sys.stdlib_module_names) - OURS
    providers = packages_distributions()
    missing = {name for name in names if not {canonical(d) for d in providers.get(name, [name])} & locked(service)}
    assert missing == set()


@pytest.mark.parametrize("lock", sorted((ROOT / "deploy" / "locks").glob("*.txt")), ids=lambda lock: lock.stem)
def test_a_lock_pins_every_package_by_hash_and_names_no_host(lock: Path) -> None:
    text = lock.read_text()
    assert "://" not in text
    packages = re.split(r"\n(?=[A-Za-z0-9])", text)[1:]
    assert packages
    assert all("==" in package and "--hash=sha256:" in package for package in packages)


@pytest.mark.parametrize("service", SERVICES)
def test_what_the_dockerfile_copies_exists_and_is_not_ignored(service: str) -> None:
    folder = ROOT / "deploy" / "docker"
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", (folder / "Dockerfile").read_text(), re.MULTILINE)
    kept = [line[1:] for line in (folder / "Dockerfile.dockerignore").read_text().splitlines() if line.startswith("!")]
    sources = [source.replace("${SERVICE}", service) for line in copied for source in line.split()]
    assert sources
    for source in sources:
        assert (ROOT / source).exists(), source
        assert any(Path(source).match(pattern) or source.startswith(f"{pattern}/") for pattern in kept), source
