"""The ten million touchpoints of the timeline benchmark: who they are of, and how they get into PostgreSQL quickly."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from shared.http.pagination import Place
from shared.ids import first_id_at

BIG = 25
MANY_NAMED = 50
NAMES_OF_MANY = 40
EACH = 50
MONTHS = 30

# Each row is a function of its number, so that PostgreSQL makes them all by itself; an id begins with its row's time.
_ROWS = """
INSERT INTO {part} (id, subject, occurred_at, kind, name, channel, department, document)
SELECT id, subject, at, kind, name, channel, department, convert_to(
    json_build_object('touchpoint_id', id, 'message_id', 'm' || n, 'source_id', '00000000-0000-7000-8000-000000000001',
        'kind', kind, 'subject', subject, 'occurred_at', told, 'received_at', told, 'name', name, 'channel', channel,
        'department', department, 'properties', json_build_object('order_id', n, 'revenue', n % 1000))::text, 'UTF8')
FROM (
    SELECT n, at, to_char(at, 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS told,
        substr(x, 1, 8) || '-' || substr(x, 9, 4) || '-7' || substr(x, 13, 3) || '-8' || substr(x, 16, 3)
            || '-' || substr(x, 19, 12) AS id,
        CASE WHEN n % 4 = 0 THEN 'user_id:big-' || (who % {big})
             WHEN n % 50 = 1 THEN 'anonymous_id:many-' || (who % {many}) || '-' || (what % {names})
             WHEN who % {customers} % 5 = 0 AND what % 2 = 0
                THEN 'anonymous_id:c-' || (who % {customers}) || '-' || (what / 2 % 2)
             ELSE 'user_id:c-' || (who % {customers}) END AS subject,
        CASE WHEN what % 10 < 6 THEN 'track' WHEN what % 10 < 9 THEN 'page' ELSE 'identify' END AS kind,
        CASE WHEN what % 5000 = 5 THEN 'Contract Signed' WHEN what % 10 < 6 THEN 'Product Viewed' END AS name,
        CASE WHEN what % 5000 = 7 THEN 'kiosk' WHEN what % 3 = 0 THEN 'store' ELSE 'web' END AS channel,
        CASE WHEN what % 4000 = 9 THEN 'complaints' WHEN what % 4 = 0 THEN 'service desk' END AS department
    FROM (
        SELECT n, at, abs(hashint8(n)::bigint) AS who, abs(hashint8(n + 10000000000)::bigint) AS what,
            lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || md5(n::text) AS x
        FROM (SELECT n, timestamptz '{begins}' + (n - {first}) * {step} * interval '1 microsecond' AS at
              FROM generate_series({first}::bigint, {last}::bigint) AS n) AS numbers
    ) AS drawn
) AS told
"""
_SORTS = {"big": "b0000000", "many": "a0000000", "c": "c0000000"}


class Population:
    """Who there is among `rows` touchpoints, and when they happened: in the months before now."""

    def __init__(self, rows: int) -> None:
        self.rows = rows
        self.customers = max(rows // EACH, 100)
        this_month = datetime.now(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        self.months = [_months_before(this_month, back) for back in range(MONTHS - 1, -1, -1)]
        self.until = datetime.now(UTC)

    def profiles(self) -> list[str]:
        """Customers as most are, some of whom have more than one name."""
        return [_profile_id("c", number) for number in range(min(self.customers, 20_000))]

    def big_profiles(self) -> list[str]:
        """Those with very many touchpoints under one name."""
        return [_profile_id("big", number) for number in range(BIG)]

    def many_named_profiles(self) -> list[str]:
        """Those with very many names."""
        return [_profile_id("many", number) for number in range(MANY_NAMED)]

    def subjects(self, profile_id: str) -> list[str]:
        """The names of a customer."""
        sort = next(name for name, prefix in _SORTS.items() if profile_id.startswith(prefix))
        number = int(profile_id[9:], 16)
        if sort == "big":
            return [f"user_id:big-{number}"]
        if sort == "many":
            return [f"anonymous_id:many-{number}-{name}" for name in range(NAMES_OF_MANY)]
        named = [f"user_id:c-{number}"]
        return named + [f"anonymous_id:c-{number}-{name}" for name in range(2)] if number % 5 == 0 else named

    def everybody(self) -> Iterator[tuple[str, str]]:
        """Every profile with each of its names."""
        numbered = (("big", BIG), ("many", MANY_NAMED), ("c", self.customers))
        for sort, count in numbered:
            for number in range(count):
                profile_id = _profile_id(sort, number)
                for subject in self.subjects(profile_id):
                    yield profile_id, subject

    def moment(self, share: float) -> datetime:
        """A time so far into the months."""
        return self.months[0] + (self.until - self.months[0]) * (0.1 + 0.8 * share)

    def cursor(self, profile_id: str, moment: datetime) -> str:
        """A cursor at this time of a customer's timeline."""
        return Place(f"/v1/profiles/{profile_id}/timeline", ()).next(moment, "00000000-0000-7000-8000-000000000000")

    def a_month(self) -> dict[str, Any]:
        """A month in the middle, as the API is asked for it."""
        begins = self.months[MONTHS // 2]
        return {"from": begins.isoformat(), "to": (begins + timedelta(days=30)).isoformat()}


def fill(connection: psycopg.Connection[Any], population: Population) -> None:
    """Fill each month's partition before it has an index, then build them, so that nothing is sorted twice."""
    connection.execute("SET synchronous_commit = off")
    connection.execute("SET maintenance_work_mem = '512MB'")
    share = population.rows // len(population.months)
    connection.execute("ALTER TABLE touchpoints DETACH PARTITION touchpoints_before")
    connection.execute("DROP TABLE touchpoints_before")
    for number, month in enumerate(population.months):
        name, first = f"touchpoints_{month:%Y_%m}", number * share
        ends = population.months[number + 1] if number + 1 < len(population.months) else population.until
        step = (ends - month) / share / timedelta(microseconds=1)
        connection.execute(f"CREATE TABLE {name} (LIKE touchpoints INCLUDING DEFAULTS)")
        statement = _ROWS.format(
            part=name, first=first, last=first + share - 1, step=step, begins=month.isoformat(),
            big=BIG, many=MANY_NAMED, names=NAMES_OF_MANY, customers=population.customers,
        )  # fmt: skip
        connection.execute(statement)
        bounds = f"FROM ('{first_id_at(month)}') TO ('{first_id_at(_months_before(month, -1))}')"
        connection.execute(f"ALTER TABLE touchpoints ATTACH PARTITION {name} FOR VALUES {bounds}")
    with connection.cursor().copy("COPY profile_subjects (profile_id, subject) FROM STDIN") as copy:
        for row in population.everybody():
            copy.write_row(row)
    connection.execute(
        "INSERT INTO profile_versions (profile_id, version, changed_at) "
        "SELECT DISTINCT profile_id, 1, now() FROM profile_subjects"
    )
    connection.execute("VACUUM (ANALYZE)")


def _profile_id(sort: str, number: int) -> str:
    return f"{_SORTS[sort]}-{number:012x}"


def _months_before(month: datetime, back: int) -> datetime:
    year, index = divmod(month.year * 12 + month.month - 1 - back, 12)
    return month.replace(year=year, month=index + 1)
