"""What campaigns are told of the segment that they asked for."""

from __future__ import annotations

from collections.abc import Iterable

from services.profile.domain.segments.segment import Question
from shared.contracts.contract import Contract
from shared.contracts.profile import SegmentMissingV1, SegmentToldV1
from shared.contracts.topics import PROFILES


def tell_end(segment_id: str, asked: Iterable[Question]) -> list[Contract]:
    """On every partition: what was told of members before this is all there is to tell."""
    return [
        SegmentToldV1(
            audience_id=each.audience_id,
            segment_id=segment_id,
            partition=partition,
            partitions=PROFILES.partitions,
            traceparent=each.traceparent,
        )
        for each in asked
        for partition in range(PROFILES.partitions)
    ]


def tell_missing(segment_id: str, asked: Iterable[Question]) -> list[Contract]:
    """There is no such segment, or not any more."""
    return [
        SegmentMissingV1(audience_id=each.audience_id, segment_id=segment_id, traceparent=each.traceparent)
        for each in asked
    ]
