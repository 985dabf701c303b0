"""The part of events' wiring that is about tracking plans and the quarantine."""

from __future__ import annotations

from sqlalchemy.orm import Session

from services.events.adapters.bus.ingest_outbox import IngestOutbox
from services.events.adapters.json_schema.validators import compile_schema
from services.events.adapters.sql.tracking_plan.quarantine import SqlQuarantine
from services.events.adapters.sql.tracking_plan.shelf import PlanShelf
from services.events.adapters.sql.tracking_plan.violations import SqlViolations
from services.events.use_cases.accept_calls import CallLimits
from services.events.use_cases.tracking_plan.check_plans import PlanChecks
from services.events.use_cases.tracking_plan.mend_quarantine import Mending
from shared.clock import Clock
from shared.outbox.outbox import Outbox


class PlanWiring:
    """What tracking plans are made of."""

    def __init__(self, outbox: Outbox, limits: CallLimits, clock: Clock) -> None:
        self.compile_schema = compile_schema
        self.clock = clock
        self._outbox = outbox
        self._limits = limits
        self._shelf = PlanShelf(compile_schema)

    def checks(self, session: Session) -> PlanChecks:
        """What recording checks calls with, in the transaction of `session`."""
        return PlanChecks(self._shelf.current(session), SqlViolations(session), SqlQuarantine(session))

    def mending(self, session: Session) -> Mending:
        """What calls in quarantine are mended with, in the transaction of `session`."""
        return Mending(
            quarantine=SqlQuarantine(session),
            book=self._shelf.current(session),
            limits=self._limits,
            clock=self.clock,
        )

    def sender(self, session: Session) -> IngestOutbox:
        """The way back into the ingest topic, in the transaction of `session`."""
        return IngestOutbox(session, self._outbox)
