"""One click out: no log-in, no question, and nothing to be undone by a second click."""

from __future__ import annotations

from services.messaging.domain.deliveries import is_stand_in
from services.messaging.domain.unsubscribing import Unsubscribing
from services.messaging.use_cases.ports import Suppressions
from services.messaging.use_cases.tell_outcomes import CHANNEL
from shared.clock import Clock
from shared.contracts.messaging import UnsubscribedV1


def unsubscribe(
    token: str, *, unsubscribing: Unsubscribing, suppressions: Suppressions, clock: Clock, traceparent: str | None
) -> None:
    """Suppress the address that the token's message went to, and tell so the first time. Raises UnknownToken."""
    claim = unsubscribing.read(token)
    now = clock()
    if not suppressions.add(claim.address_hash, message_id=claim.message_id, at=now):
        return
    profile_id = suppressions.profile_of(claim.message_id)
    if profile_id is not None and not is_stand_in(profile_id):
        fact = UnsubscribedV1(
            profile_id=profile_id, channel=CHANNEL, at=now, message_id=claim.message_id, traceparent=traceparent
        )
        suppressions.tell([fact])
