"""What the use cases of inbound webhooks need of the world."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from services.events.domain.inbound.signatures import Verification
from shared.contracts.ingest import IngestWebhookReceivedV1

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundSource:
    """A partner that sends webhooks: how they are verified, and how they are mapped (`mapping` as the API took it)."""

    id: str
    owner: str
    name: str
    verification: Verification
    mapping: Document
    default_currency: str | None
    created_at: datetime
    updated_at: datetime
    version: int


@dataclass(frozen=True, slots=True)
class InboundSecret:
    """A live secret; the secret itself is not in it."""

    id: str
    created_at: datetime


class InboundSources(Protocol):
    """The inbound sources that an owner may see, in the caller's transaction."""

    def add(self, source: InboundSource) -> None:
        """Keep a new source. Raises InboundNameTaken."""
        ...

    def get(self, source_id: str, *, lock: bool = False) -> InboundSource:
        """One source, held until the transaction ends with `lock`. Raises InboundSourceNotFound."""
        ...

    def replace(self, source: InboundSource) -> None:
        """Put a source in the place of its former self. Raises InboundNameTaken."""
        ...

    def secrets(self, source_id: str) -> list[InboundSecret]:
        """The live secrets of a source, oldest first."""
        ...

    def add_secret(self, source_id: str, kept: InboundSecret, secret: str) -> None:
        """Keep a secret."""
        ...

    def remove_secret(self, source_id: str, secret_id: str) -> bool:
        """Forget a secret; False when the source has none of this id."""
        ...


class Deliveries(Protocol):
    """What reading partners' webhooks needs, in the caller's transaction."""

    def sources(self, ids: Collection[str]) -> Mapping[str, InboundSource]:
        """The sources of these ids, whoever owns them."""
        ...

    def known(self, hashes_by_bucket: Mapping[int, Collection[bytes]]) -> set[bytes]:
        """Which of these deliveries were read before, looking in their bucket and its neighbours."""
        ...

    def remember(self, seen: Sequence[tuple[int, bytes]]) -> None:
        """Deliveries that were read now, each with its bucket."""
        ...


class UnmappedDeliveries(Protocol):
    """The dead letters of webhooks, bound to the caller's transaction."""

    def add(self, received: IngestWebhookReceivedV1, reason: str) -> None:
        """Keep a webhook that could not be mapped, with the reason, so that it can be replayed."""
        ...
