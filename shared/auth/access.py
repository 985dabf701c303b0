"""Who may call a route."""

import base64
import binascii
from dataclasses import dataclass
from time import monotonic
from typing import Annotated

from fastapi import Request, Security, params
from fastapi.security import HTTPBearer
from fastapi.security.http import HTTPAuthorizationCredentials

from shared.auth.keys import EVERYTHING, Caller, find_caller, same_digest, sha256_of
from shared.http.problems import Problem
from shared.settings import ServiceSettings
from shared.sql.database import Database

_REMEMBER_S = 7.0
"""With the two seconds in which what stays open asks again, a revoked key has ended within ten."""
_bearer = HTTPBearer(auto_error=False, description="an API key `rk_…` as a bearer token")


class Access:
    """Recognises API keys: those in the database, and the ones that settings name."""

    def __init__(self, database: Database, settings: ServiceSettings) -> None:
        self._database = database
        self._known: dict[str, tuple[float, Caller]] = {}
        self._from_settings = {}
        if settings.admin_key_sha256:
            self._from_settings[settings.admin_key_sha256] = _all_powerful("administrator")
        if settings.dev_api_key:
            digest = sha256_of(settings.dev_api_key.get_secret_value())
            self._from_settings[digest] = _all_powerful("development")

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

    def admit(self, key: str | None, scope: str) -> Caller:
        """The caller of `key`. Raises Problem: 401 when it is no live key, 403 when it lacks `scope`."""
        found = self.recognise(key) if key else None
        if found is None:
            raise Problem(401, "unauthorized", "send a live API key: Authorization: Bearer rk_…")
        if not found.may(scope):
            raise Problem(403, "forbidden", f"this key lacks the scope {scope}")
        return found


@dataclass(frozen=True, slots=True)
class Demand:
    """What a route demands of its caller's key. FastAPI reads the annotations of an object only as they stand."""

    scope: str

    def __call__(
        self, request: Request, _shown: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)] = None
    ) -> Caller:
        """Who calls. Raises Problem 401 or 403; what stays open asks again."""
        access: Access = request.app.state.access
        return access.admit(_key_in(request.headers.get("authorization", "")), self.scope)


def require(scope: str) -> Demand:
    """A dependency that lets only callers with `scope` through, and tells who it is."""
    return Demand(scope)


def Requires(scope: str) -> params.Depends:  # noqa: N802 - reads as a dependency in a decorator
    """`dependencies=[Requires("segments:write")]` of a route."""
    return params.Depends(Demand(scope))


def _all_powerful(name: str) -> Caller:
    return Caller(name, frozenset({EVERYTHING}), owner=name)


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
