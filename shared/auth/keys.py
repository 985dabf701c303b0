"""Making and recognising API keys."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, func, insert, select, update
from sqlalchemy.orm import Session

from shared.clock import Clock
from shared.ids import new_id
from shared.sql.plumbing import api_keys

EVERYTHING = "*"
_owner: ColumnElement[str] = func.coalesce(api_keys.c.owner, api_keys.c.id)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: the key's id, what it may do, and whose it is: what one key of an owner made is every one's."""

    key_id: str
    scopes: frozenset[str]
    owner: str

    def may(self, scope: str) -> bool:
        """Whether a scope such as `segments:write` is granted; `segments:*` and `*` grant it too."""
        return bool({EVERYTHING, scope, f"{scope.split(':')[0]}:*"} & self.scopes)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A stored key; the key itself is not in it. `hint` is how it begins, `owner` the id of its owner's first key."""

    id: str
    owner: str
    name: str
    hint: str
    scopes: tuple[str, ...]
    created_at: datetime
    revoked_at: datetime | None


def sha256_of(key: str) -> str:
    """The hexadecimal digest a key is stored and compared by."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def create_key(
    session: Session, *, name: str, scopes: Collection[str], owner: str | None = None, clock: Clock
) -> tuple[ApiKey, str]:
    """A new key and its text, which is shown this once. It is an owner of its own unless one is named."""
    text = f"rk_{secrets.token_urlsafe(32)}"
    key_id = new_id()
    key = ApiKey(
        id=key_id,
        owner=owner or key_id,
        name=name,
        hint=text[:8],
        scopes=tuple(sorted(set(scopes))),
        created_at=clock(),
        revoked_at=None,
    )
    row = {**asdict(key), "scopes": list(key.scopes), "key_sha256": sha256_of(text)}
    session.execute(insert(api_keys).values(row))
    return key, text


def list_keys(session: Session, *, before: str | None, limit: int) -> list[ApiKey]:
    """Keys that were ever made, newest first, from behind the id `before`."""
    query = select(api_keys).order_by(api_keys.c.id.desc()).limit(limit)
    rows = session.execute(query if before is None else query.where(api_keys.c.id < before))
    return [_stored(row) for row in rows]


def find_key(session: Session, key_id: str) -> ApiKey | None:
    """The key of this id, live or not."""
    row = session.execute(select(api_keys).where(api_keys.c.id == key_id)).one_or_none()
    return _stored(row) if row else None


def revoke_key(session: Session, key: ApiKey, *, clock: Clock) -> bool:
    """End a key for good; True when this has ended the last live key of its owner."""
    # All are held, so that of two that end at the same moment one sees that it is the last.
    live = select(api_keys.c.id).where(_owner == key.owner, api_keys.c.revoked_at.is_(None))
    ids = list(session.scalars(live.order_by(api_keys.c.id).with_for_update()))
    if key.id in ids:
        session.execute(update(api_keys).where(api_keys.c.id == key.id).values(revoked_at=clock()))
    return ids == [key.id]


def find_caller(session: Session, digest: str) -> Caller | None:
    """The caller of a live key with this digest."""
    row = session.execute(
        select(api_keys).where(api_keys.c.key_sha256 == digest, api_keys.c.revoked_at.is_(None))
    ).one_or_none()
    return Caller(row.id, frozenset(row.scopes), row.owner or row.id) if row else None


def same_digest(one: str, other: str) -> bool:
    """Compared in constant time."""
    return hmac.compare_digest(one.encode(), other.encode())


def _stored(row: Row[Any]) -> ApiKey:
    return ApiKey(
        id=row.id,
        owner=row.owner or row.id,
        name=row.name,
        hint=row.hint,
        scopes=tuple(row.scopes),
        created_at=row.created_at,
        revoked_at=row.revoked_at,
    )
