"""Webhook endpoints as rows."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Row

from services.events.domain.webhooks.endpoints import Endpoint, Secret
from services.events.domain.webhooks.failing import Failing


def endpoint_from(row: Row[Any]) -> Endpoint:
    """The endpoint in a row of `webhook_endpoints`."""
    return Endpoint(
        id=row.id,
        owner=row.owner,
        url=row.url,
        description=row.description,
        event_types=tuple(row.event_types),
        concurrency=row.concurrency,
        secrets=msgspec.convert(row.secrets, tuple[Secret, ...]),
        created_at=row.created_at,
        updated_at=row.updated_at,
        version=row.version,
        disabled_at=row.disabled_at,
        disabled_reason=row.disabled_reason,
    )


def failing_from(row: Row[Any]) -> Failing | None:
    """How long every attempt has failed, from a row of `webhook_lanes`; None when the last one succeeded."""
    since = row.failing_since
    return None if since is None else Failing(since, row.failed_at or since, row.tried_s)


def failing_values(failing: Failing | None) -> dict[str, Any]:
    """The part of such a row that says it."""
    if failing is None:
        return {"failing_since": None, "failed_at": None, "tried_s": 0.0}
    return {"failing_since": failing.since, "failed_at": failing.last_at, "tried_s": failing.tried_s}


def values_of(endpoint: Endpoint) -> dict[str, Any]:
    """The row of an endpoint."""
    return {
        "id": endpoint.id,
        "owner": endpoint.owner,
        "url": endpoint.url,
        "description": endpoint.description,
        "event_types": list(endpoint.event_types),
        "concurrency": endpoint.concurrency,
        "secrets": msgspec.to_builtins(endpoint.secrets),
        "created_at": endpoint.created_at,
        "updated_at": endpoint.updated_at,
        "version": endpoint.version,
        "disabled_at": endpoint.disabled_at,
        "disabled_reason": endpoint.disabled_reason,
    }
