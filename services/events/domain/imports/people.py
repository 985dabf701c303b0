"""Whom a row of a file is about."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from services.events.domain.imports.columns import Columns
from services.events.domain.inbound.pointers import ABSENT
from services.events.domain.subjects import MAX_ID_LENGTH, address_of, id_behind, is_phone


def named(columns: Columns, head: int, names: tuple[object, object, object, object]) -> dict[str, Any]:
    """The ids; an address or a telephone is a name too, and stands behind a hash where nothing else names anybody."""
    user_id, anonymous_id, email, phone = names
    named: dict[str, Any] = {}
    if user_id is not ABSENT:
        named["userId"] = user_id
    if anonymous_id is not ABSENT:
        named["anonymousId"] = anonymous_id
    if any(len(name) > MAX_ID_LENGTH for name in named.values()):
        columns.refuse(head, None, f"an identifier is longer than {MAX_ID_LENGTH} characters")
    others = list(_other_names(columns, head, email, phone))
    if others:
        named["context"] = {"externalIds": [{"type": k, "id": v, "collection": "users"} for k, v in others]}
        if others[0][0] == "email":
            named["email"] = others[0][1]
        if user_id is ABSENT and anonymous_id is ABSENT:
            named["anonymousId"] = id_behind(*others[0])
    elif not named and head not in columns.refused:
        columns.refuse(head, None, "nobody is named: user_id, anonymous_id, email and phone are empty")
    return named


def _other_names(columns: Columns, head: int, email: object, phone: object) -> Iterator[tuple[str, str]]:
    if isinstance(email, str):
        address = address_of(email)
        if address is None:
            columns.refuse(head, None, f"{email[:60]!r} is no e-mail address")
        else:
            yield "email", address
    if isinstance(phone, str):
        if is_phone(phone):
            yield "phone", phone
        else:
            columns.refuse(head, None, f"{phone[:60]!r} is no telephone number, such as +886 2 2345 6789")
