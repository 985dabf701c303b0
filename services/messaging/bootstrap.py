"""The one place where messaging is wired."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

from sqlalchemy.orm import Session

from services.messaging.adapters.jinja.templates import JinjaTemplates
from services.messaging.adapters.smtp.server import parse_smtp_url
from services.messaging.adapters.smtp.transport import SmtpTransport
from services.messaging.adapters.sql.audiences import SqlAudiences
from services.messaging.adapters.sql.campaigns import SqlCampaigns
from services.messaging.adapters.sql.dispatch_queue import SqlDispatchQueue
from services.messaging.adapters.sql.erasing import erase
from services.messaging.adapters.sql.read_copies import SqlReadCopies
from services.messaging.adapters.sql.segments import SqlSegments
from services.messaging.adapters.sql.senders import Senders
from services.messaging.adapters.sql.suppressions import SqlSuppressions
from services.messaging.domain.contacts import Contact
from services.messaging.domain.unsubscribing import Unsubscribing
from services.messaging.settings import MessagingSettings
from services.messaging.use_cases.dispatch_messages import DispatchLimits, DispatchMessages
from services.messaging.use_cases.dispatch_ports import Programme
from services.messaging.use_cases.follow_profiles import follow_profiles
from services.messaging.use_cases.hear_answers import hear_answers
from services.messaging.use_cases.keep_suppressions import KeepSuppressions
from services.messaging.use_cases.run_campaigns import RunCampaigns
from services.messaging.use_cases.save_template import SaveTemplate
from services.messaging.use_cases.send_test import Trial, send_test
from services.messaging.use_cases.unsubscribe import unsubscribe
from services.messaging.use_cases.write_letter import WriteLetter
from shared.bus.opening import open_bus
from shared.bus.ports import Bus
from shared.clock import Clock, utc_now
from shared.contracts.about import moment_of, names_in
from shared.contracts.contract import Contract
from shared.contracts.profile import ProfileErasedV1, ProfilesMergedV1
from shared.contracts.topics import PROFILES
from shared.erased_names import ErasedNames, NameHash
from shared.inbox.dead_letters import DeadLetters
from shared.inbox.subscription import Subscription
from shared.outbox.outbox import Outbox
from shared.secret_file import secret_of
from shared.sql.advisory_locks import hold
from shared.sql.database import Database
from shared.telemetry.trace import current_traceparent

SOURCE = "rapport/messaging"
MIGRATIONS = "services.messaging.migrations"
_LONGEST_WAIT_S = 10.0
_PROFILES_END = 8_102_001
"""Held alone by whom a merge or an erasure is told: what others write about a profile meanwhile would outlive it."""


class Wiring:
    """Everything a process of messaging is made of."""

    def __init__(self, settings: MessagingSettings, *, clock: Clock = utc_now) -> None:
        self.settings = settings
        self.clock = clock
        self.database = Database(settings.messaging_database_url)
        self.outbox = Outbox(SOURCE, clock)
        self.dead_letters = DeadLetters("messaging", self.outbox, clock)
        secret = secret_of(settings.messaging_secret, settings.data_dir / "messaging.secret")
        self.unsubscribing = Unsubscribing(secret)
        self.template_language = JinjaTemplates()
        self.save_template = SaveTemplate(self.template_language, clock)
        self.write_letter = WriteLetter(self.template_language, self.unsubscribing, settings.public_url)
        self.run_campaigns = RunCampaigns(self.unsubscribing, clock)

    @cached_property
    def bus(self) -> Bus:
        """The event bus that settings name."""
        return open_bus(self.settings.bus_url)

    @cached_property
    def name_hash(self) -> NameHash:
        """What hashes the names of erased customers."""
        return NameHash.of(self.settings)

    def subscriptions(self) -> Sequence[Subscription]:
        """What messaging reads from the bus."""
        return (Subscription(consumer="messaging.profiles", topics=(PROFILES,), handle=self.handle_profiles),)

    def handle_profiles(self, session: Session, facts: Sequence[Contract]) -> None:
        """Follow what profile tells, in the transaction of `session`."""
        ends = any(isinstance(fact, (ProfilesMergedV1, ProfileErasedV1)) for fact in facts)
        hold(session, _PROFILES_END, shared=not ends)
        names = ErasedNames(session, self.name_hash)
        for fact in facts:
            if isinstance(fact, ProfileErasedV1):
                erase(session, fact, names=names, outbox=self.outbox)
        living = names.without(facts, names=names_in, moment=moment_of)
        follow_profiles(self._copies(session), living)
        hear_answers(SqlSegments(session), SqlCampaigns(session), living, clock=self.clock)

    def hash_addresses(self) -> int:
        """Hash some addresses that an older version kept without; 0 when all are."""
        with self.database.transaction() as session:
            return self._copies(session).hash_addresses()

    def _copies(self, session: Session) -> SqlReadCopies:
        return SqlReadCopies(session, self.outbox, self.unsubscribing.address_hash)

    def move_campaigns(self) -> int:
        """Do the next piece of work on audiences; 0 when there was none."""
        with self.database.transaction() as session:
            hold(session, _PROFILES_END, shared=True)
            audiences = SqlAudiences(session, self.outbox)
            return self.run_campaigns.step(audiences, SqlSegments(session), SqlSuppressions(session, self.outbox))

    def waiting_campaigns(self) -> int:
        """How many campaigns are due and wait for members of their segment."""
        with self.database.reading() as session:
            return SqlSegments(session).waiting()

    def unsubscribe(self, token: str) -> None:
        """One click out. Raises UnknownToken."""
        with self.database.transaction() as session:
            unsubscribe(
                token,
                unsubscribing=self.unsubscribing,
                suppressions=SqlSuppressions(session, self.outbox),
                clock=self.clock,
                traceparent=current_traceparent.get(),
            )

    def suppressions(self, session: Session) -> KeepSuppressions:
        """The list of refusals, in the transaction of `session`."""
        kept = SqlSuppressions(session, self.outbox)
        return KeepSuppressions(kept, self.unsubscribing, self.clock, traceparent=current_traceparent.get())

    def senders(self) -> Senders:
        """A new sender of this process."""
        return Senders(self.database, seconds=self.settings.messaging_sender_timeout_s)

    def transport(self) -> SmtpTransport:
        """Connections to the mail server that settings name; its user closes it."""
        return SmtpTransport(parse_smtp_url(self.settings.smtp_url.get_secret_value()), clock=self.clock)

    def send_test(self, programme: Programme, contact: Contact, to: str) -> Trial:
        """Send one letter while somebody waits, for a few seconds at most.

        Raises RenderFailed, AddressInvalid, AddressRefused.
        """
        if programme.campaign.kind == "marketing":
            with self.database.reading() as session:
                self.suppressions(session).ensure_open(to)
        server = parse_smtp_url(self.settings.smtp_url.get_secret_value())
        quick = replace(server, timeout_s=min(server.timeout_s, _LONGEST_WAIT_S))
        transport = SmtpTransport(quick, clock=self.clock)
        try:
            return send_test(programme, contact, to=to, write=self.write_letter, transport=transport)
        finally:
            transport.close()

    def dispatch(self, senders: Senders, transport: SmtpTransport) -> DispatchMessages:
        """What sends in the name of one sender."""
        limits = DispatchLimits(
            window=self.settings.messaging_window, retry_delays_s=self.settings.messaging_retry_delays_s
        )
        queue = SqlDispatchQueue(self.database, self.outbox, senders)
        return DispatchMessages(queue, transport, self.write_letter, limits)
