"""What profile answers to campaigns that asked for their segment."""

from __future__ import annotations

from collections.abc import Iterable

from services.messaging.use_cases.audience_ports import Segments
from services.messaging.use_cases.ports import Campaigns
from shared.clock import Clock
from shared.contracts.contract import Contract
from shared.contracts.profile import SegmentMissingV1, SegmentToldV1

NO_SEGMENT = "no-segment"


def hear_answers(segments: Segments, campaigns: Campaigns, facts: Iterable[Contract], *, clock: Clock) -> None:
    """Note where all members are told, which holds as soon as the facts before it are followed; give up the rest."""
    for fact in facts:
        if isinstance(fact, SegmentToldV1):
            segments.add_part(fact.audience_id, partition=fact.partition, partitions=fact.partitions)
        elif isinstance(fact, SegmentMissingV1):
            campaign = campaigns.lock_asking(fact.audience_id)
            if campaign is not None:
                campaigns.save(campaign.fail(clock(), NO_SEGMENT))
