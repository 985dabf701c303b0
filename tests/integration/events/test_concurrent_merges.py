"""Two workers hear of merges at once: on PostgreSQL both write at the same time."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import permutations
from pathlib import Path

import pytest

from services.events.adapters.sql.identity_map import SqlIdentityMap
from services.events.bootstrap import MIGRATIONS, Wiring
from shared.clock import utc_now
from shared.contracts.contract import Contract
from shared.contracts.profile import Identifier, ProfileChangedV1, ProfilesMergedV1
from shared.sql.migrations import upgrade
from tests.integration.events.suite import settings_in
from tests.support.waiting_transactions import meet

pytestmark = pytest.mark.services
A, B, C = "0a", "0b", "0c"
SUBJECT = "anonymous_id:a"


@pytest.fixture
def wiring(tmp_path: Path, postgres_url: str) -> Iterator[Wiring]:
    made = Wiring(settings_in(tmp_path, events_database_url=postgres_url))
    upgrade(made.database, MIGRATIONS)
    yield made
    made.database.dispose()


def merged(gone: str, into: str) -> ProfilesMergedV1:
    return ProfilesMergedV1(profile_id=into, merged_profile_id=gone, merged_at=utc_now())


@pytest.mark.parametrize("told", list(permutations([merged(A, B), merged(B, C)])))
def test_of_two_merges_in_a_row_both_lead_to_the_last(wiring: Wiring, told: tuple[Contract, Contract]) -> None:
    name = Identifier(kind="anonymous_id", value="a")
    known = ProfileChangedV1(profile_id=A, version=1, changed_at=utc_now(), identifiers=(name,))
    with wiring.database.transaction() as session:
        wiring.erasing.follow(session, [known])
    meet(wiring.database, *(partial(wiring.erasing.follow, facts=[fact]) for fact in told))
    with wiring.database.reading() as session:
        identities = SqlIdentityMap(session)
        assert [identities.survivor_of(each) for each in (A, B, C)] == [C, C, C]
        assert [identities.subjects_of(each) for each in (A, B, C)] == [[SUBJECT]] * 3
