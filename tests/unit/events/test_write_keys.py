"""Write keys are recognised from memory, while the database is away too, whatever strangers send."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy.exc import OperationalError

from services.events.api.ingest.write_keys import KnownWriteKeys
from services.events.domain.errors import UnknownWriteKey


class Database:
    """Knows one key until it is revoked, and counts what it is asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.is_away = False
        self.live = {"wk_shop": "shop"}

    def find(self, write_key: str) -> str | None:
        self.asked += 1
        if self.is_away:
            raise OperationalError("select", {}, Exception("away"))
        return self.live.get(write_key)


async def is_known(keys: KnownWriteKeys, write_key: str) -> bool:
    try:
        return await keys.source_of(write_key) == "shop"
    except UnknownWriteKey:
        return False


def test_strangers_do_not_displace_those_who_are_known() -> None:
    database = Database()

    async def scene() -> bool:
        keys = KnownWriteKeys(database.find)
        assert await is_known(keys, "wk_shop")
        for number in range(10_100):
            assert not await is_known(keys, f"wk_{number}")
        database.is_away = True
        with pytest.raises(OperationalError):
            await keys.source_of("wk_new")
        return await is_known(keys, "wk_shop")

    assert asyncio.run(scene())


def test_a_stranger_is_asked_about_once_a_second_and_a_long_key_never() -> None:
    database = Database()

    async def scene() -> None:
        keys = KnownWriteKeys(database.find)
        for _ in range(3):
            assert not await is_known(keys, "wk_nobody")
            assert not await is_known(keys, "k" * 10_000)

    asyncio.run(scene())
    assert database.asked == 1
