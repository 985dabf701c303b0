"""Webhook endpoints as rows."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Row

from services.events.domain.webhooks.endpoints import Endpoint, Secret


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
