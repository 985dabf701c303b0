"""Finding the fact that makes a batch fail, so that it alone is given up."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy.orm import Session

from shared.contracts.contract import Contract
from shared.inbox.deliveries import Delivery
from shared.sql.troubles import is_trouble

Handle = Callable[[Session, Sequence[Contract]], None]
"""The effect of facts, in order, in the transaction that also commits the position."""

Effect = Callable[[Session], None]
"""The same, bound to its facts."""

GiveUp = Callable[[Delivery, str, int], None]
"""Told the delivery, the reason and how often it was tried."""

ATTEMPTS = 3


def isolate(session: Session, deliveries: Sequence[Delivery], handle: Handle, give_up: GiveUp) -> None:
    """Handle `deliveries` in savepoints, halving until what fails stands alone; order is kept.

    Raises sqlalchemy.exc.DBAPIError when the database is in trouble: no fact is to blame for that.
    """
    attempts = ATTEMPTS if len(deliveries) == 1 else 1
    reason = ""
    for _ in range(attempts):
        try:
            with session.begin_nested():
                handle(session, [delivery.fact for delivery in deliveries])
            return
        except Exception as error:
            if is_trouble(error):
                raise
            reason = f"{type(error).__name__}: {error}"
    if len(deliveries) == 1:
        give_up(deliveries[0], reason, attempts)
        return
    middle = len(deliveries) // 2
    isolate(session, deliveries[:middle], handle, give_up)
    isolate(session, deliveries[middle:], handle, give_up)
