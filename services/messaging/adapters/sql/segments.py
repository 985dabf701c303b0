"""Campaigns that wait for their segment, and what profile has answered."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, delete, exists, func, select, update
from sqlalchemy.orm import Session

from services.messaging.adapters.sql.tables import audience_parts, campaigns
from services.messaging.domain.campaigns import CampaignStatus
from services.messaging.use_cases.audience_ports import Asked
from shared.ids import new_id
from shared.sql.present import database_now
from shared.sql.upsert import insert_for

_IS_DUE = campaigns.c.status == CampaignStatus.PREPARING
_WAITS = _IS_DUE & campaigns.c.audience_whole_at.is_(None)


class SqlSegments:
    """Segments as campaigns wait for them, in one session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def ask(self, limit: int) -> Sequence[Asked]:
        """Give campaigns that wait an id to ask profile under: each that has none.

        Whether there is the segment is asked at the launch, so that nobody learns it when the campaign is due.
        """
        launched = _WAITS | (campaigns.c.status == CampaignStatus.SCHEDULED)
        unasked = (
            select(campaigns.c.id, campaigns.c.segment_id, campaigns.c.traceparent, _IS_DUE.label("is_due"))
            .where(launched, campaigns.c.audience_id.is_(None))
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        asked = {
            row.id: Asked(new_id(), row.segment_id, bool(row.is_due), row.traceparent)
            for row in self._session.execute(unasked)
        }
        if asked:
            remember = update(campaigns).where(campaigns.c.id == bindparam("asking"))
            self._session.connection().execute(
                remember.values(audience_id=bindparam("asked")),
                [{"asking": campaign_id, "asked": each.audience_id} for campaign_id, each in asked.items()],
            )
        return list(asked.values())

    def add_part(self, audience_id: str, *, partition: int, partitions: int) -> None:
        """All is told on one partition of the bus."""
        part = {"audience_id": audience_id, "partition": partition, "partitions": partitions}
        self._session.execute(insert_for(self._session, audience_parts).values(part).on_conflict_do_nothing())

    def complete(self) -> int:
        """Let the audience be taken of campaigns that all is told for; how many. Answers that none waits for go."""
        c = audience_parts.c
        told = select(c.audience_id).group_by(c.audience_id).having(func.count() == func.max(c.partitions))
        whole = update(campaigns).where(_WAITS, campaigns.c.audience_id.in_(told))
        now = database_now(self._session)
        found = self._session.scalars(whole.values(audience_whole_at=now).returning(campaigns.c.audience_id)).all()
        waits = exists().where(_WAITS, campaigns.c.audience_id == c.audience_id)
        self._session.execute(delete(audience_parts).where(~waits))
        return len(found)

    def waiting(self) -> int:
        """How many campaigns are due and wait for members."""
        number: int = self._session.execute(select(func.count()).select_from(campaigns).where(_WAITS)).scalar_one()
        return number
