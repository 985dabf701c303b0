"""Inbound sources and their secrets, as their owner sees them."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, insert, select, true, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.events.adapters.sql.tables import inbound_secrets, inbound_sources
from services.events.domain.inbound.errors import InboundNameTaken, InboundSourceNotFound
from services.events.domain.inbound.signatures import HmacSignature, SignedTimestamp, StandardWebhooks, Verification
from services.events.domain.owners import Owner
from services.events.use_cases.inbound.ports import InboundSecret, InboundSource

_c = inbound_sources.c


class SqlInboundSources:
    """The inbound sources of `owner` in the session's transaction."""

    def __init__(self, session: Session, owner: Owner) -> None:
        self._session = session
        self._mine: ColumnElement[bool] = true() if owner.id is None else _c.owner == owner.id

    def add(self, source: InboundSource) -> None:
        """Keep a new source. Raises InboundNameTaken."""
        row = {"id": source.id, "owner": source.owner, "created_at": source.created_at, **_changing(source)}
        row["verification"] = verification_document(source.verification)
        self._write(insert(inbound_sources).values(row), source.name)

    def get(self, source_id: str, *, lock: bool = False) -> InboundSource:
        """One source, held until the transaction ends with `lock`. Raises InboundSourceNotFound."""
        query = select(inbound_sources).where(_c.id == source_id, self._mine)
        row = self._session.execute(query.with_for_update() if lock else query).one_or_none()
        if row is None:
            raise InboundSourceNotFound(f"no inbound source {source_id}")
        return inbound_source(row)

    def page(self, *, limit: int, before: str | None) -> list[InboundSource]:
        """Sources, newest first, from behind the id `before`."""
        query = select(inbound_sources).where(self._mine).order_by(_c.id.desc()).limit(limit)
        if before is not None:
            query = query.where(_c.id < before)
        return [inbound_source(row) for row in self._session.execute(query)]

    def replace(self, source: InboundSource) -> None:
        """Put a source in the place of its former self. Raises InboundNameTaken."""
        change = update(inbound_sources).where(_c.id == source.id, self._mine)
        self._write(change.values(**_changing(source)), source.name)

    def remove(self, source_id: str) -> None:
        """Delete a source and its secrets. Raises InboundSourceNotFound."""
        self.get(source_id, lock=True)
        self._session.execute(delete(inbound_secrets).where(inbound_secrets.c.source_id == source_id))
        self._session.execute(delete(inbound_sources).where(_c.id == source_id, self._mine))

    def secrets(self, source_id: str) -> list[InboundSecret]:
        """The live secrets of a source, oldest first."""
        secret = inbound_secrets.c
        query = select(secret.id, secret.created_at).where(secret.source_id == source_id).order_by(secret.id)
        return [InboundSecret(row.id, row.created_at) for row in self._session.execute(query)]

    def secret_texts(self, source_id: str) -> list[str]:
        """The live secrets themselves, to verify with."""
        query = select(inbound_secrets.c.secret).where(inbound_secrets.c.source_id == source_id)
        return list(self._session.scalars(query))

    def add_secret(self, source_id: str, kept: InboundSecret, secret: str) -> None:
        """Keep a secret."""
        self._session.execute(
            insert(inbound_secrets).values(id=kept.id, source_id=source_id, secret=secret, created_at=kept.created_at)
        )

    def remove_secret(self, source_id: str, secret_id: str) -> bool:
        """Forget a secret; False when the source has none of this id."""
        secret = inbound_secrets.c
        gone = delete(inbound_secrets).where(secret.id == secret_id, secret.source_id == source_id)
        return self._session.scalar(gone.returning(secret.id)) is not None

    def _write(self, statement: Any, name: str) -> None:
        try:
            with self._session.begin_nested():
                self._session.execute(statement)
        except IntegrityError as error:
            raise InboundNameTaken(f"there is an inbound source named {name!r} already") from error


def inbound_source(row: Row[Any]) -> InboundSource:
    """A stored source."""
    created_at: datetime = row.created_at
    return InboundSource(
        id=row.id,
        owner=row.owner,
        name=row.name,
        verification=read_verification(row.verification),
        mapping=row.mapping,
        default_currency=row.default_currency,
        created_at=created_at,
        updated_at=row.updated_at,
        version=row.version,
    )


def verification_document(verification: Verification) -> dict[str, Any]:
    """How deliveries are signed, as it is stored and shown: without secrets."""
    kind = "standard-webhooks" if isinstance(verification, StandardWebhooks) else "hmac"
    return {"kind": kind, **asdict(verification, dict_factory=_without_unset_fields)}


def _without_unset_fields(stated: list[tuple[str, Any]]) -> dict[str, Any]:
    """Older versions, which may run beside this one, know of no `field`."""
    return {name: value for name, value in stated if (name, value) != ("field", None)}


def read_verification(document: dict[str, Any]) -> Verification:
    """The inverse of `verification_document`."""
    stated = {name: value for name, value in document.items() if name != "kind"}
    if document["kind"] == "standard-webhooks":
        return StandardWebhooks(**stated)
    timestamp = stated.pop("timestamp")
    return HmacSignature(**stated, timestamp=None if timestamp is None else SignedTimestamp(**timestamp))


def _changing(source: InboundSource) -> dict[str, Any]:
    return {
        "name": source.name,
        "mapping": source.mapping,
        "default_currency": source.default_currency,
        "updated_at": source.updated_at,
        "version": source.version,
    }
