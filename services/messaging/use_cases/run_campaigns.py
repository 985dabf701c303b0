"""Asks profile for the segments of launched campaigns, takes their audience, and closes those that are over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from services.messaging.domain.contacts import Contact
from services.messaging.domain.deliveries import MessageStatus, SkipReason
from services.messaging.domain.unsubscribing import Unsubscribing
from services.messaging.use_cases.audience_ports import Audiences, Preparation, Recipient, Segments
from services.messaging.use_cases.ports import Suppressions
from services.messaging.use_cases.tell_outcomes import dispatched
from shared.clock import Clock
from shared.contracts.messaging import AudienceWantedV1, MessageDispatchedV1
from shared.ids import new_id

PAGE = 1_000


class RunCampaigns:
    """Moves campaigns on, one bounded piece of work at a time."""

    def __init__(self, unsubscribing: Unsubscribing, clock: Clock) -> None:
        self._unsubscribing = unsubscribing
        self._clock = clock

    def step(self, audiences: Audiences, segments: Segments, suppressions: Suppressions) -> int:
        """The next piece of work, within the caller's transaction; how much there was, 0 when nothing was left."""
        started = audiences.start_due() + self._ask(audiences, segments) + segments.complete()
        preparation = audiences.lock_preparing()
        if preparation is not None:
            return 1 + self._take_page(audiences, suppressions, preparation)
        skipped = audiences.skip_cancelled(PAGE)
        audiences.tell(
            dispatched(
                message_id=each.message_id,
                campaign_id=each.campaign_id,
                profile_id=each.profile_id,
                outcome=MessageStatus.SKIPPED,
                at=self._clock(),
                reason=SkipReason.CANCELLED,
                traceparent=each.traceparent,
            )
            for each in skipped
        )
        return started + len(skipped) + audiences.complete()

    def _ask(self, audiences: Audiences, segments: Segments) -> int:
        asked = segments.ask(PAGE)
        audiences.tell(
            AudienceWantedV1(
                audience_id=each.audience_id,
                segment_id=each.segment_id,
                members=each.members,
                traceparent=each.traceparent,
            )
            for each in asked
        )
        return len(asked)

    def _take_page(self, audiences: Audiences, suppressions: Suppressions, preparation: Preparation) -> int:
        members = audiences.members(preparation, PAGE)
        recipients = self._recipients(members, suppressions, preparation)
        stored = _store(audiences, preparation, recipients)
        audiences.tell(self._skipped(recipient, preparation) for recipient in stored if recipient.skipped)
        more = len(members) == PAGE
        audiences.advance(preparation, cursor=members[-1].profile_id if more else None, added=len(stored))
        return len(members)

    def _recipients(
        self, members: Sequence[Contact], suppressions: Suppressions, preparation: Preparation
    ) -> list[Recipient]:
        hashes = {each.profile_id: self._unsubscribing.address_hash(each.address) for each in members if each.address}
        marketing = preparation.kind == "marketing"
        suppressed = suppressions.among(set(hashes.values())) if marketing else {}

        def recipient(member: Contact) -> Recipient:
            digest = hashes.get(member.profile_id)
            if digest is None:
                return Recipient(new_id(), member.profile_id, member.unreachable)
            if digest in suppressed:
                return Recipient(new_id(), member.profile_id, suppressed[digest])
            key = self._unsubscribing.dedup_key(preparation.campaign_id, digest) if marketing else None
            return Recipient(new_id(), member.profile_id, dedup_key=key)

        return list(map(recipient, members))

    def _skipped(self, recipient: Recipient, preparation: Preparation) -> MessageDispatchedV1:
        return dispatched(
            message_id=recipient.message_id,
            campaign_id=preparation.campaign_id,
            profile_id=recipient.profile_id,
            outcome=MessageStatus.SKIPPED,
            at=self._clock(),
            reason=recipient.skipped,
            traceparent=preparation.traceparent,
        )


def _store(audiences: Audiences, preparation: Preparation, recipients: Sequence[Recipient]) -> list[Recipient]:
    """Those that became messages: of one address the first is to be sent, the others are skipped."""
    stored = audiences.add_messages(preparation, recipients)
    left = (each for each in recipients if each.dedup_key and each.message_id not in stored)
    others = [replace(each, skipped=SkipReason.SAME_ADDRESS, dedup_key=None) for each in left]
    stored_others = audiences.add_messages(preparation, others)
    return [
        *(each for each in recipients if each.message_id in stored),
        *(each for each in others if each.message_id in stored_others),
    ]
