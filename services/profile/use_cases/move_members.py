"""Keeping segments right: who enters and who leaves, now that something changed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from services.profile.domain.segments.conditions import aspects
from services.profile.domain.segments.reading import read_condition
from services.profile.domain.segments.segment import Membership, newcomer
from services.profile.use_cases.changes import Changes
from services.profile.use_cases.ports import Work
from shared.contracts.contract import Contract
from shared.contracts.profile import SegmentEnteredV1, SegmentLeftV1


def move_members(work: Work, changes: Changes, now: datetime) -> list[Contract]:
    """Try the changed profiles against every segment that looks at what changed, also one that is being computed: that
    may be past them already. The facts to publish."""
    if not changes.of:
        return []
    facts: list[Contract] = []
    for segment in work.segments.standing():
        condition = read_condition(segment.definition)
        looked_at = aspects(condition) | {"birth"}
        touched = [profile_id for profile_id, what in changes.of.items() if what & looked_at]
        if touched:
            matching = work.segments.matching(condition, now, among=touched)
            known = work.segments.memberships(segment.segment_id, among=touched)
            moves = moved(segment.segment_id, matching=matching, known=known, now=now)
            work.segments.move(moves)
            facts += tell_moves(moves, changes.traces)
    return facts


def moved(
    segment_id: str, *, matching: Collection[str], known: Mapping[str, Membership], now: datetime
) -> list[Membership]:
    """The memberships that change when exactly `matching` of the profiles at hand are members."""
    entered = [
        known.get(profile_id, newcomer(segment_id, profile_id, now)).moved(True, now)
        for profile_id in sorted(matching)
        if profile_id not in known or not known[profile_id].is_member
    ]
    left = [each.moved(False, now) for each in known.values() if each.is_member and each.profile_id not in matching]
    return entered + left


def leave_segments(work: Work, profile_ids: Collection[str], now: datetime) -> list[Contract]:
    """These profiles end, and so are members of nothing any more. The facts to publish."""
    left = [each.moved(False, now) for each in work.segments.held_by(profile_ids)]
    work.segments.move(left)
    return tell_moves(left, {})


def tell_moves(memberships: Collection[Membership], traces: Mapping[str, str]) -> list[Contract]:
    """One fact for each membership that changed."""
    return [
        SegmentEnteredV1(
            segment_id=each.segment_id,
            profile_id=each.profile_id,
            sequence=each.sequence,
            entered_at=each.since,
            traceparent=traces.get(each.profile_id),
        )
        if each.is_member
        else SegmentLeftV1(
            segment_id=each.segment_id,
            profile_id=each.profile_id,
            sequence=each.sequence,
            left_at=each.since,
            traceparent=traces.get(each.profile_id),
        )
        for each in memberships
    ]
