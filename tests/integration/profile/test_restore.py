"""Profile goes back to an earlier moment and reads the rest of the log again: the others know the same ids."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Table, insert, select

from services.profile.adapters.sql.tables import merges, metadata
from services.profile.bootstrap import Wiring
from services.profile.domain.founding import founded_id
from shared.contracts.events import TouchpointRecordedV1
from shared.ids import moment_of, new_id
from tests.integration.profile.scenes import clear, everybody, feed, touchpoint

Copy = dict[Table, list[dict[str, Any]]]
NAMES = st.fixed_dictionaries(
    {},
    optional={
        "user_id": st.sampled_from(["u1", "u2", "u3"]),
        "anonymous_id": st.sampled_from(["d1", "d2", "d3"]),
        "traits": st.fixed_dictionaries({"email": st.sampled_from(["a@example.com", "b@example.com"])}),
    },
).filter(bool)


def copy(wiring: Wiring) -> Copy:
    with wiring.database.reading() as session:
        tables = metadata.sorted_tables
        return {table: [dict(row._mapping) for row in session.execute(select(table))] for table in tables}


def restore(wiring: Wiring, kept: Copy) -> None:
    with wiring.database.transaction() as session:
        clear(session)
        for table, rows in kept.items():
            if rows:
                session.execute(insert(table), rows)


def who(wiring: Wiring) -> tuple[dict[str, set[str]], dict[str, str]]:
    """The names of each profile, and where merged ones live on."""
    with wiring.database.reading() as session:
        moved = {row.merged_id: row.profile_id for row in session.execute(select(merges))}
    return {whole.profile.profile_id: {str(name) for name in whole.names} for whole in everybody(wiring)}, moved


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    log=st.lists(NAMES.map(lambda names: touchpoint("identify", **names)), min_size=1, max_size=12),
    cut=st.integers(0, 11),
    size=st.integers(1, 12),
)
def test_what_is_read_again_founds_and_merges_the_same_profiles(
    wiring: Wiring, log: list[TouchpointRecordedV1], cut: int, size: int
) -> None:
    for each in log[:cut]:
        feed(wiring, each)
    kept, rest = copy(wiring), log[cut:]
    for each in rest:
        feed(wiring, each)
    known = who(wiring)
    restore(wiring, kept)
    for start in range(0, len(rest), size):
        feed(wiring, *rest[start : start + size])
    assert who(wiring) == known
    with wiring.database.transaction() as session:
        clear(session)


def test_an_id_sorts_where_its_touchpoint_does_and_is_of_no_other_touchpoint() -> None:
    touchpoints = [new_id() for _ in range(1_000)]
    ids = [founded_id(each) for each in touchpoints]
    assert len({*ids, *touchpoints}) == 2_000
    assert [moment_of(each) for each in ids] == [moment_of(each) for each in touchpoints]
    assert ids == sorted(ids)
    assert {UUID(each).version for each in ids} == {7}
    assert {UUID(each).variant for each in ids} == {UUID(new_id()).variant}
    strange = founded_id("not-a-uuid")
    assert (UUID(strange).version, founded_id("not-a-uuid")) == (8, strange)
