"""Why a score is what it is, in sentences, in English and in traditional Chinese."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from services.scoring.domain.money import format_money

_ONE = re.compile(r"(?<![\d.,])1 (day|time)s\b")

Language = Literal["en", "zh-TW"]
DEFAULT_LANGUAGE: Language = "en"


@dataclass(frozen=True, slots=True)
class Driver:
    """A feature that moved a score: the customer's value, and the median customer's where that compares."""

    feature: str
    value: float | str
    typical: float | None = None


def sentence(driver: Driver, *, currency: str, language: Language) -> str:
    """The driver, said to people. Raises KeyError for a feature without a sentence."""
    template = _SENTENCES[driver.feature][language]
    show: Callable[[float | str, str], str] = _FORMATS.get(driver.feature, _number)
    typical = "" if driver.typical is None else show(driver.typical, currency)
    said = template.format(value=show(driver.value, currency), typical=typical)
    return _ONE.sub(r"1 \1", said)


def strongest(drivers: Sequence[tuple[float, Driver]], limit: int = 3) -> tuple[Driver, ...]:
    """The drivers with the largest strength, strongest first; of equals the earlier one."""
    ordered = sorted(drivers, key=lambda pair: -pair[0])
    return tuple(driver for _, driver in ordered[:limit])


def _number(value: float | str, _: str) -> str:
    return value if isinstance(value, str) else f"{value:,.1f}".removesuffix(".0")


def _percent(value: float | str, _: str) -> str:
    return f"{float(value):.0%}"


def _money(value: float | str, currency: str) -> str:
    return format_money(float(value), currency)


_FORMATS: dict[str, Callable[[float | str, str], str]] = {
    "p_alive": _percent,
    "net_minor": _money,
    "average_value_minor": _money,
}

_SENTENCES: dict[str, dict[Language, str]] = {
    "block_A": {
        "en": "Block A: spends much and comes often; to be kept.",
        "zh-TW": "A 區塊：消費高且常來，應用心維繫。",
    },
    "block_B": {
        "en": "Block B: spends much but comes less often; the most worth developing.",
        "zh-TW": "B 區塊：消費高但來得較少，最值得開發。",
    },
    "block_C": {
        "en": "Block C: spent much and hardly came back.",
        "zh-TW": "C 區塊：消費高但很少再來。",
    },
    "block_D": {
        "en": "Block D: comes often and spends little.",
        "zh-TW": "D 區塊：常來但消費低。",
    },
    "block_E": {
        "en": "Block E: comes now and then and spends little.",
        "zh-TW": "E 區塊：偶爾來且消費低。",
    },
    "block_F": {
        "en": "Block F: came rarely and spent little.",
        "zh-TW": "F 區塊：很少來且消費低。",
    },
    "lapsing": {
        "en": "Silent for {value} days, where {typical} days between visits were to be expected.",
        "zh-TW": "已有 {value} 天未消費，而預期的消費間隔為 {typical} 天。",
    },
    "recency_days": {
        "en": "Last bought {value} days ago (typical: {typical}).",
        "zh-TW": "最近一次消費在 {value} 天前（一般顧客：{typical} 天）。",
    },
    "visits": {
        "en": "Bought on {value} days (typical: {typical}).",
        "zh-TW": "共在 {value} 天有消費（一般顧客：{typical} 天）。",
    },
    "net_minor": {
        "en": "Spent {value} after refunds (typical: {typical}).",
        "zh-TW": "扣除退款後共消費 {value}（一般顧客：{typical}）。",
    },
    "p_alive": {
        "en": "Still a customer with a probability of {value} (typical: {typical}).",
        "zh-TW": "仍為顧客的機率為 {value}（一般顧客：{typical}）。",
    },
    "purchases_365": {
        "en": "Expected to buy {value} times within a year (typical: {typical}).",
        "zh-TW": "預期一年內消費 {value} 次（一般顧客：{typical} 次）。",
    },
    "average_value_minor": {
        "en": "A visit is expected to bring {value} (typical: {typical}).",
        "zh-TW": "預期每次消費 {value}（一般顧客：{typical}）。",
    },
    "flagged": {
        "en": "The model gave no finite figures for this customer, so nothing is expected.",
        "zh-TW": "模型無法為此顧客算出有限的數值，故預期為零。",
    },
}
