"""Answering campaigns: whether there is the segment that they go to, and where all of its members are told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from services.profile.domain.segments.segment import Question
from services.profile.use_cases.ports import Work
from services.profile.use_cases.tell_audiences import tell_end, tell_missing
from shared.contracts.contract import Contract
from shared.contracts.messaging import AudienceWantedV1


def answer_campaigns(work: Work, asked: Iterable[AudienceWantedV1]) -> list[Contract]:
    """The facts that answer, to be published with the open transaction.

    Nobody else writes profiles meanwhile, so what was told of members before has a lower place in the outbox. What is
    asked of a segment that is still being evaluated is kept with it, and answered with its last page.
    """
    return [fact for wanted in asked for fact in _answer(work, wanted)]


def _answer(work: Work, wanted: AudienceWantedV1) -> list[Contract]:
    question = Question(wanted.audience_id, wanted.traceparent)
    segment = work.segments.get(wanted.segment_id)
    if segment is None or segment.state == "deleting":
        return tell_missing(wanted.segment_id, [question])
    if not wanted.members:
        return []
    if segment.state == "computing":
        work.segments.save(replace(segment, asked=(*segment.asked, question)))
        return []
    return tell_end(segment.segment_id, [question])
