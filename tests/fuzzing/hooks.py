"""What OpenAPI cannot say of a parameter, told to Schemathesis."""

from __future__ import annotations

import re
from itertools import count
from typing import Any

import schemathesis

_WELL_FORMED_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_WELL_FORMED_CURSOR = re.compile(r"[A-Za-z0-9_-]{1,1000}")
_numbers = count(1)


@schemathesis.hook
def before_call(context: schemathesis.HookContext, case: schemathesis.Case, kwargs: dict[str, Any]) -> None:
    """A key of idempotency belongs to one request, a cursor to the list and a version to the thing it came from."""
    key = case.headers.get("Idempotency-Key")
    if isinstance(key, str) and _WELL_FORMED_KEY.fullmatch(key):
        case.headers["Idempotency-Key"] = f"fuzz-{next(_numbers)}"
    cursor = case.query.get("cursor")
    if isinstance(cursor, str) and _WELL_FORMED_CURSOR.fullmatch(cursor):
        del case.query["cursor"]
    case.headers.pop("If-Match", None)
