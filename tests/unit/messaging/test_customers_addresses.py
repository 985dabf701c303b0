"""Which of a customer's addresses is written to."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime

import pytest

from services.messaging.domain.addresses import canonical_address
from services.messaging.domain.deliveries import SkipReason
from services.messaging.use_cases.follow_profiles import contact_of
from shared.contracts.profile import Identifier, ProfileChangedV1

DECOMPOSED = unicodedata.normalize("NFD", "zoé@new.example")


def address(*known: str, stated: object) -> str | None:
    identifiers = tuple(Identifier(kind="email", value=each) for each in known)
    fact = ProfileChangedV1(
        profile_id="p", version=1, changed_at=datetime.now(UTC), identifiers=identifiers, traits={"email": stated}
    )
    return contact_of(fact).address


@pytest.mark.parametrize(
    ("known", "stated", "written_to"),
    [
        (["info@bücher.example"], "Info@xn--bcher-kva.example", "info@xn--bcher-kva.example"),
        (["zoé@new.example"], DECOMPOSED, "zoé@new.example"),
        (["jane@new.example"], " Jane@NEW.example ", "jane@new.example"),
        ([], "Jane@new.example", "Jane@new.example"),
    ],
)
def test_what_the_customer_stated_last_is_found_in_every_spelling(
    known: list[str], stated: str, written_to: str
) -> None:
    assert address("a@old.example", *known, "z@old.example", stated=stated) == written_to


def test_an_address_that_could_not_become_a_name_is_written_to_all_the_same() -> None:
    five = [f"jane{number}@old.example" for number in range(5)]
    assert address(*five, stated="jane@new.example") == "jane@new.example"


@pytest.mark.parametrize("stated", ["jane at new.example", "", 5, None])
def test_what_is_no_address_leaves_those_that_are_known(stated: object) -> None:
    assert address("jane@old.example", stated=stated) == "jane@old.example"


def test_who_took_the_address_back_has_none_whatever_else_they_are_known_by() -> None:
    known = (Identifier(kind="email", value="jane@old.example"),)
    taken_back = ProfileChangedV1(
        profile_id="p", version=2, changed_at=datetime.now(UTC), identifiers=known, email_withdrawn=True
    )
    assert contact_of(taken_back).unreachable is SkipReason.NO_ADDRESS


def test_one_mailbox_is_one_refusal_however_its_letters_are_composed() -> None:
    assert canonical_address(DECOMPOSED) == canonical_address("ZOÉ@new.example")
