"""Keeping webhook endpoints: making, changing, disabling and signing anew."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from services.events.domain.standard_webhooks import new_secret
from services.events.domain.webhooks.endpoints import Endpoint, Secret
from services.events.use_cases.webhooks.ports import Endpoints
from shared.clock import Clock
from shared.ids import new_id
from shared.versions import check_seen

DISABLED_BY_HAND = "disabled over the API"


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedEndpoint:
    """What a caller says of an endpoint; None leaves as it is what there is."""

    url: str | None = None
    description: str | None = None
    event_types: tuple[str, ...] | None = None
    concurrency: int | None = None
    disabled: bool | None = None


def create_endpoint(endpoints: Endpoints, wanted: WantedEndpoint, *, owner: str, clock: Clock) -> Endpoint:
    """A new endpoint with a secret of its own; its URL was checked. Raises TooManyEndpoints."""
    now = clock()
    made = Endpoint(
        id=new_id(),
        owner=owner,
        url=wanted.url or "",
        description=wanted.description or "",
        event_types=wanted.event_types or (),
        concurrency=wanted.concurrency or 1,
        secrets=(Secret(new_secret()),),
        created_at=now,
        updated_at=now,
    )
    endpoint = _switched(made, wanted.disabled, now)
    endpoints.add(endpoint)
    return endpoint


def change_endpoint(
    endpoints: Endpoints, endpoint_id: str, wanted: WantedEndpoint, *, seen: int | None, clock: Clock
) -> Endpoint:
    """Change what `wanted` names; its URL was checked, and `seen` is the version that the caller knows.

    Raises EndpointNotFound or VersionConflict.
    """
    before, now = endpoints.get(endpoint_id, lock=True), clock()
    check_seen(seen, current=before.version)
    changed = replace(
        before,
        url=before.url if wanted.url is None else wanted.url,
        description=before.description if wanted.description is None else wanted.description,
        event_types=before.event_types if wanted.event_types is None else wanted.event_types,
        concurrency=before.concurrency if wanted.concurrency is None else wanted.concurrency,
        updated_at=now,
        version=before.version + 1,
    )
    endpoint = _switched(changed, wanted.disabled, now)
    endpoints.save(endpoint)
    return endpoint


def rotate_secret(endpoints: Endpoints, endpoint_id: str, *, clock: Clock) -> Endpoint:
    """A new secret; the old ones sign beside it for 24 hours. Raises EndpointNotFound or TooManySecrets."""
    endpoint = endpoints.get(endpoint_id, lock=True).rotate(new_secret(), clock())
    endpoints.save(endpoint)
    return endpoint


def _switched(endpoint: Endpoint, disabled: bool | None, now: datetime) -> Endpoint:
    if disabled and endpoint.disabled_at is None:
        return replace(endpoint, disabled_at=now, disabled_reason=DISABLED_BY_HAND)
    if disabled is False:
        return replace(endpoint, disabled_at=None, disabled_reason=None)
    return endpoint
