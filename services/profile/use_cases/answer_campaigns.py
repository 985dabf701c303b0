"""Answering campaigns: whether there is the segment that they go to, and where all of its members are told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from services.profile.use_cases.ports import Work
from services.profile.use_cases.refresh_segment import RefreshSegment
from shared.contracts.contract import Contract
from shared.contracts.messaging import AudienceWantedV1
from shared.contracts.profile import SegmentMissingV1, SegmentToldV1
from shared.contracts.topics import PROFILES


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerCampaigns:
    """Call it with an open transaction and what was asked; it answers with the facts to publish.

    Nobody else writes profiles meanwhile, so what was told of members before has a lower place in the outbox.
    """

    refresh: RefreshSegment

    def __call__(self, work: Work, asked: Iterable[AudienceWantedV1]) -> list[Contract]:
        return [fact for wanted in asked for fact in self._answer(work, wanted)]

    def _answer(self, work: Work, wanted: AudienceWantedV1) -> list[Contract]:
        segment = work.segments.get(wanted.segment_id)
        if segment is None or segment.state == "deleting":
            return [SegmentMissingV1(**_answering(wanted))]
        if not wanted.members:
            return []
        moves = self.refresh(work, segment.segment_id) if segment.state == "computing" else []
        every = range(PROFILES.partitions)
        return [*moves, *(SegmentToldV1(partition=n, partitions=len(every), **_answering(wanted)) for n in every)]


def _answering(wanted: AudienceWantedV1) -> dict[str, Any]:
    return {
        "audience_id": wanted.audience_id,
        "segment_id": wanted.segment_id,
        "traceparent": wanted.traceparent,
    }
