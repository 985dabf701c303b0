"""An endpoint of a partner: where it is, what it wants to hear, and the secrets that sign what it is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.events.domain.webhooks.errors import TooManySecrets

SECRETS_OVERLAP = timedelta(hours=24)
MAX_LIVE_SECRETS = 5
OF_ONE_NAME = "touchpoint.recorded:"
"""Before the name of an event: only touchpoints of that name."""


@dataclass(frozen=True, slots=True)
class Secret:
    """A `whsec_` secret; `until` is when a replaced one ceases to sign."""

    text: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """`owner` is the id of the API key that made it; `secrets` are the current one, then replaced ones.

    `concurrency` is how many deliveries may be under way at once; with 1 they arrive in order.
    """

    id: str
    owner: str
    url: str
    description: str
    event_types: tuple[str, ...]
    concurrency: int
    secrets: tuple[Secret, ...]
    created_at: datetime
    updated_at: datetime
    version: int = 1
    disabled_at: datetime | None = None
    disabled_reason: str | None = None

    def signing_secrets(self, now: datetime) -> list[str]:
        """The secrets that sign at `now`, the current one first."""
        return [secret.text for secret in self._live(now)]

    def rotate(self, text: str, now: datetime) -> Endpoint:
        """The endpoint with a new secret, beside which the old ones sign for a while. Raises TooManySecrets."""
        live = self._live(now)
        if len(live) >= MAX_LIVE_SECRETS:
            raise TooManySecrets(f"{MAX_LIVE_SECRETS} secrets sign already; wait until one has expired")
        old = [replace(secret, until=secret.until or now + SECRETS_OVERLAP) for secret in live]
        return replace(self, secrets=(Secret(text), *old), updated_at=now)

    def _live(self, now: datetime) -> Sequence[Secret]:
        return [secret for secret in self.secrets if secret.until is None or secret.until > now]


def names_wanted(event_type: str, *, touchpoint_name: str | None) -> tuple[str, ...]:
    """The filters that an event of this type passes; an endpoint without filters wants every event."""
    return (event_type,) if touchpoint_name is None else (event_type, OF_ONE_NAME + touchpoint_name)
