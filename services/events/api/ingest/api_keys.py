"""API keys that may send events: each is a source of its own."""

from __future__ import annotations

from collections.abc import Callable

from starlette.concurrency import run_in_threadpool

from shared.auth.access import Access
from shared.auth.keys import Caller

SENDING = "events:write"
_PREFIX = "rk_"

SourceOfCaller = Callable[[Caller], str]
"""The id of the source that stands for a caller, made when it is first asked for."""


class SendingApiKeys:
    """Recognises API keys that may send."""

    def __init__(self, access: Access, source_of_caller: SourceOfCaller) -> None:
        self._access = access
        self._source_of_caller = source_of_caller

    async def source_of(self, key: str) -> str:
        """The id of the key's source. Raises Problem 401 or 403, or sqlalchemy.exc.DBAPIError."""
        return await run_in_threadpool(self._source_of, key)

    def _source_of(self, key: str) -> str:
        return self._source_of_caller(self._access.admit(key, SENDING))


def bearer_key(authorization: bytes | None) -> str | None:
    """The API key of a Bearer header; None for any other."""
    scheme, _, rest = (authorization or b"").partition(b" ")
    return rest.strip().decode("latin-1") if scheme.lower() == b"bearer" else None


def is_api_key(text: str) -> bool:
    """Whether this is how API keys begin; clients may send one as the user of Basic, too."""
    return text.startswith(_PREFIX)
