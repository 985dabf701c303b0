"""What the suite on one machine is configured with: the four services' own settings, and defaults for the rest."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from deploy.local.refusals import CannotStart
from services.events.settings import EventsSettings
from services.messaging.settings import MessagingSettings
from services.profile.settings import ProfileSettings
from services.scoring.settings import ScoringSettings
from shared.settings import ServiceSettings, explain

SETTINGS: Mapping[str, type[ServiceSettings]] = {
    "profile": ProfileSettings,
    "messaging": MessagingSettings,
    "scoring": ScoringSettings,
    "events": EventsSettings,
}
_APART = ("archive", "events.webhooks", "webhooks", "imports")
WORKERS: Mapping[str, tuple[str, ...]] = {
    **{f"{service}-worker": (service, "worker") for service in SETTINGS},
    "events-worker": ("events", "worker", *(f"--except={loop}" for loop in _APART)),
    "events-second-worker": ("events", "worker", *(f"--only={loop}" for loop in _APART)),
}
"""What each worker is started with. What is busy for long has a process apart: it would take turns with recording."""
_PORTS = 65_536
_AWKWARD = re.compile(r"[%?#\x00-\x1f\x7f]")
_OF_TESTS = frozenset({"RAPPORT_REQUIRE_SERVICES"})
_OF_THE_COMMAND = frozenset({"RAPPORT_API_KEY"})


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """Where everything of one suite listens and lies.

    `environment` is what the processes get beyond this process's own; `mail_port` is None when mail goes to a
    server that RAPPORT_SMTP_URL names. `worker_ports` are those of health and metrics by the names of `WORKERS`, empty
    where none are wanted.
    """

    host: str
    data_dir: Path
    bus_url: str
    databases: Mapping[str, str]
    ports: Mapping[str, int]
    worker_ports: Mapping[str, int]
    mail_port: int | None
    environment: Mapping[str, str]

    def url(self, service: str) -> str:
        """The base URL of a service's HTTP API."""
        return f"http://{self.host}:{self.ports[service]}"

    @property
    def urls(self) -> dict[str, str]:
        """Every service's base URL, under the names that clients and examples read them from."""
        return {_url_variable(service): self.url(service) for service in self.ports}

    @property
    def logs(self) -> Path:
        """The folder of every process's log."""
        return self.data_dir / "logs"

    @property
    def mailbox(self) -> Path:
        """The mail catcher's file."""
        return self.data_dir / "mail" / "caught.db"


def configure(*, mail_port: int = 8125, **chosen: Any) -> Configuration:
    """Read the environment; `chosen` settings, by field name, come before it.

    Raises CannotStart for the first setting that a service refuses.
    """
    data_dir = _read(ProfileSettings, chosen).data_dir.absolute()
    if awkward := _AWKWARD.search(str(data_dir)):
        holds = f"{str(data_dir)!r} holds {awkward[0]!r}"
        raise CannotStart(f"RAPPORT_DATA_DIR: {holds}, which means something else in a database's URL; choose another")
    chosen["data_dir"] = data_dir
    environment = {_variable(field): str(value) for field, value in chosen.items()}
    settings = {name: _read(cls, chosen) for name, cls in SETTINGS.items()}
    profile, messaging = settings["profile"], settings["messaging"]
    databases = {name: getattr(read, f"{name}_database_url") for name, read in settings.items()}
    catches = "smtp_url" not in messaging.model_fields_set
    if catches:
        environment["RAPPORT_SMTP_URL"] = f"smtp://127.0.0.1:{mail_port}"
    ports = {name: getattr(read, f"{name}_port") for name, read in settings.items()}
    if "public_url" not in messaging.model_fields_set:
        environment["RAPPORT_PUBLIC_URL"] = f"http://{profile.host}:{ports['messaging']}"
    return Configuration(
        host=profile.host,
        data_dir=data_dir,
        bus_url=profile.bus_url,
        databases=databases,
        ports=ports,
        worker_ports=_worker_ports(profile.worker_port),
        mail_port=mail_port if catches else None,
        environment=environment,
    )


def unknown_variables() -> list[str]:
    """RAPPORT_* variables of the environment that neither a service nor a client reads: most likely misspelt."""
    known = {_variable(field) for cls in SETTINGS.values() for field in cls.model_fields}
    known |= {_url_variable(service) for service in SETTINGS} | _OF_THE_COMMAND | _OF_TESTS
    return sorted(name for name in os.environ if name.startswith("RAPPORT_") and name not in known)


def _worker_ports(first: int) -> dict[str, int]:
    """A port for each worker, one behind the other: all of them run on this machine."""
    if not first:
        return {}
    if first + len(WORKERS) > _PORTS:
        raise CannotStart(f"RAPPORT_WORKER_PORT: {first} leaves no ports for {len(WORKERS)} workers behind each other")
    return {name: first + number for number, name in enumerate(WORKERS)}


def _read(settings: type[ServiceSettings], chosen: Mapping[str, Any]) -> ServiceSettings:
    try:
        return settings(**{field: value for field, value in chosen.items() if field in settings.model_fields})
    except ValidationError as error:
        raise CannotStart(explain(error)) from error


def _variable(field: str) -> str:
    return f"RAPPORT_{field.upper()}"


def _url_variable(service: str) -> str:
    return _variable(f"{service}_url")
