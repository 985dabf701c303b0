"""Plots say what they show to those who cannot see them."""

from __future__ import annotations

from xml.etree import ElementTree

from deploy.demo.findings import SegmentFound
from deploy.demo.report import charts


def heard(svg: str) -> str:
    plot = ElementTree.fromstring(svg)
    assert plot.get("role") == "img"
    return plot.attrib["aria-label"]


def test_messages_are_told_by_campaign_and_outcome() -> None:
    svg = charts.sends_by_outcome({'"Spring" <&>': {"sent": 1_200, "failed": 0, "skipped": 3}, "Autumn": {"sent": 7}})
    assert heard(svg) == '"Spring" <&>: 1,200 sent, 3 skipped; Autumn: 7 sent'


def test_segments_are_told_with_their_sizes() -> None:
    found = SegmentFound(name="Loyal", meaning="bought often", size=30)
    assert heard(charts.segment_sizes([found], 120)) == "Loyal: 30 of 120"


def test_blocks_are_told_with_customers_and_money() -> None:
    block = {"block": "B", "customers": 1_500, "net_minor": 4_200_000, "lapsing": 12}
    assert heard(charts.six_block_grid([block])) == "B: 1,500 customers, £42k · 12 lapsing"


def test_values_are_told_by_their_middles_and_without_customers_by_none() -> None:
    assert heard(charts.value_distribution([1_000, 2_000, 6_000])) == "3 customers; median £20; mean £30"
    assert heard(charts.value_distribution([])) == "0 customers"


def test_repeat_purchases_are_told_to_the_last_week() -> None:
    weeks = [
        {"ends_on": "2026-01-04", "expected": 2.5, "actual": 2, "holdout": False},
        {"ends_on": "2026-01-11", "expected": None, "actual": 3, "holdout": True},
    ]
    assert heard(charts.repeat_purchases(weeks)) == "week to 2026-01-11: 5 repeat purchases, 2 expected"
