"""Telling what is wrong with the database from what is wrong with a statement."""

from __future__ import annotations

import sqlite3

from sqlalchemy.exc import DBAPIError, OperationalError

_SQLITE = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL,
    }
)
_POSTGRESQL = ("08", "25006", "40", "53", "55P03", "57P", "58")
"""How the codes begin of connections that broke, a standby, deadlocks, no room, locks, shutdowns and failing disks
(PostgreSQL, appendix A)."""
_PRIMARY = 0xFF


def is_trouble(error: BaseException | None) -> bool:
    """Whether the database is away, locked or out of room, so that any other statement may fail as well, until later.

    Also of an error that came of such a one: SQLite that is out of room ends the whole transaction, and then knows no
    savepoint to go back to.
    """
    return error is not None and (_says_so(error) or is_trouble(error.__context__))


def _says_so(error: BaseException) -> bool:
    if not isinstance(error, DBAPIError):
        return False
    if error.connection_invalidated:
        return True
    if isinstance(error.orig, sqlite3.Error):
        return getattr(error.orig, "sqlite_errorcode", 0) & _PRIMARY in _SQLITE
    code = getattr(error.orig, "sqlstate", None)
    if code is None:  # no answer to a statement: there was no connection, or it broke
        return isinstance(error, OperationalError)
    return str(code).startswith(_POSTGRESQL)
