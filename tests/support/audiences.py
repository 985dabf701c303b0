"""What profile answers to campaigns, where messaging runs without it."""

from __future__ import annotations

from sqlalchemy import select

from services.messaging.adapters.sql.tables import campaigns
from services.messaging.bootstrap import Wiring
from shared.contracts.profile import SegmentToldV1
from shared.contracts.topics import PROFILES


def all_told(audience_id: str, segment_id: str) -> list[SegmentToldV1]:
    """One answer for each partition."""
    return [
        SegmentToldV1(
            audience_id=audience_id, segment_id=segment_id, partition=partition, partitions=PROFILES.partitions
        )
        for partition in range(PROFILES.partitions)
    ]


def answer_campaigns(wiring: Wiring) -> None:
    """Let campaigns that are due know that every member of their segment was told."""
    c = campaigns.c
    waiting = select(c.audience_id, c.segment_id).where(c.status == "preparing", c.audience_whole_at.is_(None))
    with wiring.database.transaction() as session:
        for audience_id, segment_id in session.execute(waiting).all():
            wiring.handle_profiles(session, all_told(audience_id, segment_id))
