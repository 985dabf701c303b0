"""Who may call a route."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from time import monotonic
from typing import Annotated

from fastapi import Request, Security, params
from fastapi.security import HTTPBearer
from fastapi.security.http import HTTPAuthorizationCredentials

from shared.auth.keys import EVERYTHING, Caller, find_caller, same_digest, sha256_of
from shared.http.problems import Problem
from shared.settings import ServiceSettings
from shared.sql.database import Database

_REMEMBER_S = 10.0
_bearer = HTTPBearer(auto_error=False, description="an API key `rk_…` as a bearer token")


class Access:
    """Recognises API keys: those in the database, and the ones that settings name."""

    def __init__(self, database: Database, settings: ServiceSettings) -> None:
        self._database = database
        self._known: dict[str, tuple[float, Caller]] = {}
        self._from_settings = {}
        if settings.admin_key_sha256:
            self._from_settings[settings.admin_key_sha256] = Caller("administrator", frozenset({EVERYTHING}))
        if settings.dev_api_key:
            digest = sha256_of(settings.dev_api_key.get_secret_value())
            self._from_settings[digest] = Caller("development", frozenset({EVERYTHING}))

    def recognise(self, key: str) -> Caller | None:
        """The caller of `key`, or None. A revoked key is refused within ten seconds everywhere."""
        digest = sha256_of(key)
        for known, caller in self._from_settings.items():
            if same_digest(known, digest):
                return caller
        since, cached = self._known.get(digest, (0.0, None))
        if cached and monotonic() - since < _REMEMBER_S:
            return cached
        with self._database.reading() as session:
            found = find_caller(session, digest)
        if found:
            self._known[digest] = (monotonic(), found)
        else:
            self._known.pop(digest, None)
        return found


def require(scope: str) -> Callable[..., Caller]:
    """A dependency that lets only callers with `scope` through; 401 without a live key, 403 without the scope."""

    def caller(
        request: Request, _shown: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)] = None
    ) -> Caller:
        access: Access = request.app.state.access
        key = _key_in(request.headers.get("authorization", ""))
        found = access.recognise(key) if key else None
        if found is None:
            raise Problem(401, "unauthorized", "send a live API key: Authorization: Bearer rk_…")
        if not found.may(scope):
            raise Problem(403, "forbidden", f"this key lacks the scope {scope}")
        return found

    return caller


def Requires(scope: str) -> params.Depends:  # noqa: N802 - reads as a dependency in a decorator
    """`dependencies=[Requires("segments:write")]` of a route."""
    return params.Depends(require(scope))


def _key_in(authorization: str) -> str | None:
    scheme, _, rest = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip() or None
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(rest, validate=True).decode().partition(":")[0] or None
        except (binascii.Error, UnicodeDecodeError):
            return None
    return None
