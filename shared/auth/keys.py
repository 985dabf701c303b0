"""Making and recognising API keys."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from shared.clock import Clock
from shared.ids import new_id
from shared.sql.plumbing import api_keys

EVERYTHING = "*"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: the key's id, and what it may do."""

    key_id: str
    scopes: frozenset[str]

    def may(self, scope: str) -> bool:
        """Whether a scope such as `segments:write` is granted; `segments:*` and `*` grant it too."""
        return bool({EVERYTHING, scope, f"{scope.split(':')[0]}:*"} & self.scopes)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A stored key; the key itself is not in it. `hint` is how it begins."""

    id: str
    name: str
    hint: str
    scopes: tuple[str, ...]
    created_at: datetime
    revoked_at: datetime | None


def sha256_of(key: str) -> str:
    """The hexadecimal digest a key is stored and compared by."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def create_key(session: Session, *, name: str, scopes: Collection[str], clock: Clock) -> tuple[ApiKey, str]:
    """A new key and its text, which is shown this once."""
    text = f"rk_{secrets.token_urlsafe(32)}"
    row = ApiKey(
        id=new_id(), name=name, hint=text[:8], scopes=tuple(sorted(scopes)), created_at=clock(), revoked_at=None
    )
    session.execute(
        insert(api_keys).values(
            id=row.id,
            name=name,
            hint=row.hint,
            scopes=list(row.scopes),
            created_at=row.created_at,
            key_sha256=sha256_of(text),
        )
    )
    return row, text


def list_keys(session: Session, *, before: str | None, limit: int) -> list[ApiKey]:
    """Keys that were ever made, newest first, from behind the id `before`."""
    query = select(api_keys).order_by(api_keys.c.id.desc()).limit(limit)
    rows = session.execute(query if before is None else query.where(api_keys.c.id < before))
    return [
        ApiKey(
            id=row.id,
            name=row.name,
            hint=row.hint,
            scopes=tuple(row.scopes),
            created_at=row.created_at,
            revoked_at=row.revoked_at,
        )
        for row in rows
    ]


def revoke_key(session: Session, key_id: str, *, clock: Clock) -> bool:
    """End a key for good; False when there is none of that id."""
    gone = update(api_keys).where(api_keys.c.id == key_id, api_keys.c.revoked_at.is_(None))
    session.execute(gone.values(revoked_at=clock()))
    return session.scalar(select(api_keys.c.id).where(api_keys.c.id == key_id)) is not None


def find_caller(session: Session, digest: str) -> Caller | None:
    """The caller of a live key with this digest."""
    row = session.execute(
        select(api_keys).where(api_keys.c.key_sha256 == digest, api_keys.c.revoked_at.is_(None))
    ).one_or_none()
    return Caller(row.id, frozenset(row.scopes)) if row else None


def same_digest(one: str, other: str) -> bool:
    """Compared in constant time."""
    return hmac.compare_digest(one.encode(), other.encode())
