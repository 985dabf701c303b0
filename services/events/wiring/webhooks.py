"""The part of events' wiring that is about outgoing webhooks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import cached_property

from sqlalchemy.orm import Session

from services.events.adapters.http.resolver import Resolver
from services.events.adapters.http.webhook_sender import WebhookSender
from services.events.adapters.sql.webhooks.deliveries import forget_deliveries
from services.events.adapters.sql.webhooks.endpoints import SqlEndpoints
from services.events.adapters.sql.webhooks.lanes import SqlLanes
from services.events.adapters.sql.webhooks.mailbox import SqlMailbox
from services.events.domain.owners import Owner
from services.events.settings import EventsSettings
from services.events.use_cases.webhooks.feed_webhooks import feed_webhooks
from shared.contracts.contract import Contract
from shared.contracts.topics import PUBLIC
from shared.inbox.subscription import Subscription
from shared.outbox.outbox import Outbox
from shared.sql.database import Database

WEBHOOKS_CONSUMER = "events.webhooks"
Living = Callable[[Session, Sequence[Contract]], Sequence[Contract]]
"""Takes out the facts about erased customers."""

_OWNER_LEFT = "the last API key of its owner was revoked"
_TESTS_AT_ONCE = 20
_FED_BYTES = 64 * 1024
"""Read at a time, or one record of 200 facts: in one commit each becomes a row for each of hundreds of endpoints."""
_STORING_S = 5.0
"""How long storing a turn may take before another worker takes the lane for abandoned."""


class WebhookWiring:
    """What outgoing webhooks are made of."""

    def __init__(self, settings: EventsSettings, database: Database, outbox: Outbox, living: Living) -> None:
        self.settings = settings
        self.database = database
        self._outbox = outbox
        self._living = living

    @cached_property
    def resolver(self) -> Resolver:
        """The process's way from names to addresses."""
        return Resolver()

    @cached_property
    def test_sender(self) -> WebhookSender:
        """The sender of the API's event loop."""
        return self.sender()

    @cached_property
    def test_sends(self) -> asyncio.Semaphore:
        """What bounds the test sends that are under way."""
        return asyncio.Semaphore(_TESTS_AT_ONCE)

    def sender(self) -> WebhookSender:
        """A sender for one event loop."""
        return WebhookSender(self.resolver, self.settings.borders, deadline_s=self.settings.webhook_deadline_s)

    def check_url(self, url: str) -> None:
        """Raise DestinationRefused for a URL that may not be kept."""
        self.resolver.check_url(url, self.settings.borders)

    def lanes(self) -> SqlLanes:
        """The queue as a worker of its own sees it."""
        turn_s = self.settings.delivery_limits.turn_s + self.settings.webhook_deadline_s
        return SqlLanes(self.database, self._outbox, seconds=turn_s + _STORING_S)

    def subscription(self) -> Subscription:
        """What becomes webhooks."""
        return Subscription(
            consumer=WEBHOOKS_CONSUMER,
            topics=PUBLIC,
            handle=self._feed,
            is_wanted=_anybody_listens,
            max_records=20,
            max_bytes=_FED_BYTES,
        )

    def owner_left(self, session: Session, owner: str) -> None:
        """Disable the endpoints of an owner whose last API key was revoked."""
        SqlEndpoints(session, Owner(owner)).disable_all(_OWNER_LEFT)

    def forget(self) -> None:
        """Forget deliveries that are older than they are kept."""
        with self.database.transaction() as session:
            forget_deliveries(session, keep=timedelta(days=self.settings.webhook_keep_days))

    def _feed(self, session: Session, facts: Sequence[Contract]) -> None:
        feed_webhooks(self._living(session, facts), SqlMailbox(session))


def _anybody_listens(session: Session) -> bool:
    return bool(SqlMailbox(session).listeners())
