"""Whom the demo writes to, and what: two segments, each with a letter in two languages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from deploy.demo.suite_api import Json

_LETTERS = Path(__file__).with_name("letters")
SENDER = {"address": "hello@gift-shop.example", "name": "The Gift Shop"}
THANKED_DAYS = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Programme:
    """A segment and the letter that goes to it. `key` names its effects, so that asking twice has one."""

    key: str
    name: str
    segment: str
    meaning: str
    definition: Json


def win_back() -> Programme:
    """To customers who have gone quiet and whose spending makes them worth the effort."""
    lapsing_and_worth_saving = [
        {"type": "score", "model": "rfm", "field": field, "operator": "equals", "value": True}
        for field in ("lapsing", "worth_saving")
    ]
    return Programme(
        key="win_back",
        name="Win back",
        segment="Worth winning back",
        meaning="silent for twice their usual gap, and high spenders",
        definition={"type": "and", "conditions": lapsing_and_worth_saving},
    )


def thank_you(as_of: datetime) -> Programme:
    """To every registered customer who bought in the week before `as_of`."""
    bought = {"type": "last_purchase", "within_days": THANKED_DAYS, "as_of": as_of.isoformat()}
    registered = {"type": "trait", "key": "locale", "operator": "exists"}
    return Programme(
        key="thank_you",
        name="Thank you",
        segment="Last week's buyers",
        meaning="registered, and bought in the last seven days of the data",
        definition={"type": "and", "conditions": [registered, bought]},
    )


def letter_of(programme: Programme) -> Json:
    """The template as messaging takes it: from `letters/<key>/<language>.txt`, whose first line is the subject."""
    variants = {}
    for path in sorted((_LETTERS / programme.key).glob("*.txt")):
        subject, _, text = path.read_text(encoding="utf-8").partition("\n\n")
        page = path.with_suffix(".html").read_text(encoding="utf-8")
        variants[path.stem] = {"subject": subject.removeprefix("Subject: "), "text": text, "html": page}
    return {"name": programme.name, "default_language": "en", "variants": variants}
