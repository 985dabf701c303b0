"""Locks by number that PostgreSQL keeps until a transaction ends; SQLite has one writer anyway.

Every lock of a database has a number of its own: what all services have in common takes 7_235_400 and up, a service
its port followed by three digits.
"""

from __future__ import annotations

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session


def hold(transaction: Session | Connection, lock: int, *, shared: bool = False) -> None:
    """Wait for the lock and hold it until the transaction ends; several may hold it at once when all share it."""
    bind = transaction.get_bind() if isinstance(transaction, Session) else transaction
    if bind.dialect.name == "postgresql":
        function = "pg_advisory_xact_lock_shared" if shared else "pg_advisory_xact_lock"
        transaction.execute(text(f"SELECT {function}(:lock)"), {"lock": lock})
