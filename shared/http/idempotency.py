"""Idempotency-Key: a POST that is sent again has one effect and the same answer, for 48 hours at least."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Any, TypeVar

from fastapi import Header
from pydantic import BaseModel
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from shared.clock import utc_now
from shared.http.patterns import VISIBLE_ASCII
from shared.http.problems import Problem
from shared.sql.plumbing import idempotency_keys
from shared.sql.upsert import insert_for

M = TypeVar("M", bound=BaseModel)
KEEP = timedelta(hours=48)
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        pattern=VISIBLE_ASCII,
        description="the same key and body again get the first answer and have no second effect",
    ),
]


def once(
    session: Session, *, caller: str, key: str | None, request: BaseModel | str, answer: type[M], act: Callable[[], M]
) -> M:
    """What `act` answers, or what it answered when `caller` sent `key` before; in the caller's transaction.

    Raises Problem 422 when the key was used for another request.
    """
    if key is None:
        return act()
    digest = _digest(request)
    claim = insert_for(session, idempotency_keys).values(
        caller=caller, key=key, request_sha256=digest, created_at=utc_now()
    )
    mine = (idempotency_keys.c.caller == caller) & (idempotency_keys.c.key == key)
    if not session.execute(claim.on_conflict_do_nothing().returning(idempotency_keys.c.key)).all():
        before = session.execute(select(idempotency_keys).where(mine)).one()
        return answer.model_validate(_same(before, digest))
    session.execute(delete(idempotency_keys).where(idempotency_keys.c.created_at < utc_now() - KEEP))
    made = act()
    session.execute(update(idempotency_keys).where(mine).values(response=made.model_dump(mode="json")))
    return made


def _same(before: Any, digest: str) -> Any:
    if before.request_sha256 != digest:
        raise Problem(422, "idempotency_key_reused", "this Idempotency-Key was used for another request")
    return before.response


def _digest(request: BaseModel | str) -> str:
    text = request if isinstance(request, str) else f"{type(request).__name__}:{request.model_dump_json()}"
    return hashlib.sha256(text.encode()).hexdigest()
