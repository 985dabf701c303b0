from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import text

from services.messaging.bootstrap import MIGRATIONS, Wiring
from services.messaging.settings import MessagingSettings
from shared.ids import new_id
from shared.sql.migrations import check, upgrade
from shared.sql.types import to_microseconds
from tests.integration.messaging.scenes import SEGMENT, WHEN, Shop, changed, entered


@pytest.fixture
def migrations() -> None:
    """None: each test begins with the schema that it names."""


def test_the_history_makes_the_tables_that_the_code_expects(shop: Shop) -> None:
    upgrade(shop.wiring.database, MIGRATIONS)
    check(shop.wiring.database, MIGRATIONS)


@pytest.fixture
def old_shop(settings: MessagingSettings) -> Iterator[Shop]:
    """A shop whose database is that of before letters had keys."""
    wiring = Wiring(settings)
    upgrade(wiring.database, MIGRATIONS, revision="4b1f6ad2c7e8")
    shop = Shop(wiring)
    yield shop
    shop.close()


def test_messages_of_before_there_were_keys_are_sent(old_shop: Shop) -> None:
    _fill(old_shop, "jane@example.com", "jane@example.com")
    upgrade(old_shop.wiring.database, MIGRATIONS)
    check(old_shop.wiring.database, MIGRATIONS)
    old_shop.send_all()
    assert [(row.status, row.dedup_key) for row in old_shop.messages()] == [("sent", None)] * 2


def test_contacts_of_before_malformed_addresses_were_told_have_none_until_profile_tells_again(old_shop: Shop) -> None:
    _fill(old_shop, None)
    upgrade(old_shop.wiring.database, MIGRATIONS)
    old_shop.send_all()
    (told,) = old_shop.messages()
    assert (told.status, told.reason) == ("skipped", "no-address")
    old_shop.tell(changed(told.profile_id, "not an address", version=2), entered(told.profile_id))
    old_shop.campaign()
    old_shop.send_all()
    assert {row.reason for row in old_shop.messages()} == {"no-address", "malformed-address"}


def _fill(shop: Shop, *addresses: str | None) -> None:
    """A campaign that is being sent, with a queued message for each address."""
    now: Any = WHEN if shop.wiring.database.dialect == "postgresql" else to_microseconds(WHEN)
    shared = {"template": new_id(), "campaign": new_id(), "segment": SEGMENT, "now": now}
    variants = '{"en": {"subject": "Hello", "html": null, "text": "Hello"}}'
    with shop.wiring.database.transaction() as session:
        for statement in _CAMPAIGN:
            session.execute(text(statement), {**shared, "variants": variants})
        for profile_id, address in ((new_id(), address) for address in addresses):
            one = {**shared, "id": new_id(), "profile": profile_id, "address": address}
            for statement in _MESSAGE:
                session.execute(text(statement), one)


_CAMPAIGN = (
    "INSERT INTO templates (id, name, version, created_at, updated_at) VALUES (:template, 't', 1, :now, :now)",
    "INSERT INTO template_versions (template_id, version, default_language, variants, created_at)"
    " VALUES (:template, 1, 'en', :variants, :now)",
    "INSERT INTO campaigns (id, name, kind, topic, segment_id, template_id, template_version, sender_address, status,"
    " created_at, launched_at, audience_cursor, audience_size) VALUES (:campaign, 'c', 'marketing', 'news', :segment,"
    " :template, 1, 'shop@example.com', 'sending', :now, :now, '', 2)",
)
_MESSAGE = (
    "INSERT INTO contacts (profile_id, version, address, traits) VALUES (:profile, 1, :address, '{}')",
    "INSERT INTO messages (id, campaign_id, profile_id, status, due_at, attempts, created_at)"
    " VALUES (:id, :campaign, :profile, 'queued', :now, 0, :now)",
)
