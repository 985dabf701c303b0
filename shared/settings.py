"""What every service is configured with. A service has one class of its own that extends this one."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from shared.http.patterns import told, worded

SHORTEST_SECRET = 32
"""Characters of a secret that hashes or signs."""


def _listed(value: Any) -> Any:
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError as error:
        raise ValueError("not a list of numbers such as [60, 300]") from error


_Delay = Annotated[float, Field(ge=0, le=365 * 86_400, allow_inf_nan=False)]
Delays = Annotated[tuple[_Delay, ...], NoDecode, BeforeValidator(_listed), Field(max_length=20)]
"""Seconds after each attempt, as a list in JSON: read here, so that a bad one is refused as any other setting is."""


def under_data_dir(name: str, *, scheme: str = "", description: str | None = None) -> Any:
    """A setting that is a file or folder of this name in `data_dir` where nothing else is set."""
    return Field(default_factory=lambda known: f"{scheme}{known['data_dir'] / name}", description=description)


def _sendable(value: Any) -> Any:
    if isinstance(value, str) and not _SENDABLE.fullmatch(value):
        raise ValueError("no header can carry it; use letters, digits, - and _")
    return value


_SENDABLE = re.compile(r"[!-9;-~]*")
"""What a key may hold that travels as a user name of Basic authentication (RFC 7617): no space and no colon."""
_Key = Annotated[SecretStr | None, BeforeValidator(_sendable)]


class SuiteSettings(BaseSettings):
    """What every process of the suite reads from the environment (`RAPPORT_*`), also one that is no service."""

    model_config = SettingsConfigDict(env_prefix="RAPPORT_", frozen=True, extra="ignore", populate_by_name=True)

    environment: Literal["development", "production"] = "development"
    data_dir: Path = Field(Path("var"), description="folder of the embedded databases and of the embedded log")
    bus_url: str = under_data_dir(
        "bus", description="the event bus: a folder for the embedded log, or `kafka://host:port[,host:port]`"
    )
    host: str = Field("127.0.0.1", description="the address that APIs and workers listen on")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    worker_port: int = Field(0, ge=0, le=65535, description="port of a worker's health and metrics; 0: none")


class ServiceSettings(SuiteSettings):
    """What all services have in common; unsafe defaults are refused outside development.

    `page_bytes` is nothing to set: how large the pages of the service's database are if it is a new SQLite file.
    """

    page_bytes: ClassVar[int] = 4_096

    admin_key_sha256: str | None = Field(
        None,
        pattern=worded("^[0-9a-f]{64}$", "64 digits from 0 to 9 and a to f, as sha256sum prints them"),
        description="SHA-256 of the first administrator's API key, in hexadecimal digits",
    )
    erasure_secret: SecretStr | None = Field(
        None, description="the key to hashes of erased names; development makes one in RAPPORT_DATA_DIR"
    )
    dev_api_key: _Key = Field(None, description="an API key with every scope; development only")
    dev_write_key: _Key = Field(None, description="a write key for events; development only")

    @model_validator(mode="after")
    def _hashes_are_keyed(self) -> Self:
        check_secret("RAPPORT_ERASURE_SECRET", self.erasure_secret, needed=self.environment == "production")
        return self

    @model_validator(mode="after")
    def _refuse_development_keys_in_production(self) -> Self:
        if self.environment == "production" and (self.dev_api_key or self.dev_write_key):
            raise ValueError("RAPPORT_DEV_API_KEY and RAPPORT_DEV_WRITE_KEY are for development; unset them")
        return self


def check_secret(variable: str, secret: SecretStr | None, *, needed: bool) -> None:
    """Raise ValueError of a secret that is too short, or that is needed and missing."""
    if secret is not None and len(secret.get_secret_value()) < SHORTEST_SECRET:
        raise ValueError(f"{variable} has fewer than {SHORTEST_SECRET} characters")
    if secret is None and needed:
        raise ValueError(f"{variable} is missing")


def explain(error: ValidationError) -> str:
    """What is wrong with which settings, in one line and by the variables' names."""
    return "; ".join(f"{_variable(flaw['loc'])}: {told(flaw)}".lstrip(": ") for flaw in error.errors())


def _variable(place: tuple[int | str, ...]) -> str:
    name = ".".join(map(str, place)).upper()
    return name if name.startswith("RAPPORT_") or not name else f"RAPPORT_{name}"
