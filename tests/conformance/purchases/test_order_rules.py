"""Profile and scoring each read orders by rules of their own, and both have the answers of one table."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import reduce
from itertools import permutations

import pytest

from services.profile.adapters.phone_numbers import read_e164
from services.profile.domain.orders import OrderRecord, Purchases
from services.profile.use_cases.read_sighting import read_sighting
from services.scoring.domain.orders import Account, settle
from services.scoring.use_cases.fact_ports import StatedOrder
from services.scoring.use_cases.record_orders import record_orders
from shared.contracts.events import TouchpointRecordedV1
from tests.support.purchases import add_up

from .order_cases import CASES, START, Case

cases = pytest.mark.parametrize("case", CASES, ids=lambda case: case.what)


class Ledger(list[StatedOrder]):
    def add(self, stated: Sequence[StatedOrder]) -> None:
        self.extend(stated)


def profiles_answer(said: Sequence[TouchpointRecordedV1]) -> Purchases:
    orders: dict[str, list[OrderRecord]] = {}
    for touchpoint in said:
        sighting = read_sighting(touchpoint, read_phone=read_e164, now=START)
        assert sighting is not None
        assert sighting.order is not None
        orders.setdefault(sighting.order.order_id, []).append(sighting.order)
    return add_up(reduce(OrderRecord.combine, records) for records in orders.values())


def scorings_answer(said: Sequence[TouchpointRecordedV1]) -> Account:
    ledger = Ledger()
    record_orders(said, ledger)
    return settle(each.statement for each in ledger)


@cases
def test_profile_keeps_the_rules_whatever_arrives_first(case: Case) -> None:
    for said in permutations(case.said):
        purchases = profiles_answer(said)
        assert (purchases.orders, purchases.refunds) == (case.orders, case.refunds)
        assert {code: net for code, net in purchases.spent_minor.items() if net} == nonzero(case)
        if case.first is not None:
            assert purchases.first_order_at == START + timedelta(hours=case.first)
            assert purchases.last_order_at == START + timedelta(hours=case.last)


@cases
def test_scoring_keeps_the_rules_whatever_arrives_first(case: Case) -> None:
    for said in permutations(case.said):
        account = scorings_answer(said)
        assert (len(account.purchases), account.refunds) == (case.orders, case.refunds)
        currencies = {touchpoint.order.currency for touchpoint in said}
        assert {code: account.net_minor(code) for code in currencies if account.net_minor(code)} == nonzero(case)
        if case.first is not None:
            assert account.purchases[0].placed_at == START + timedelta(hours=case.first)
            assert account.purchases[-1].placed_at == START + timedelta(hours=case.last)


def nonzero(case: Case) -> dict[str, int]:
    return {code: net for code, net in case.net.items() if net}
