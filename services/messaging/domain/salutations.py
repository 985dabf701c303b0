"""How a customer is addressed; what is not known falls back to a form that is right without it."""

from __future__ import annotations

from services.messaging.domain.languages import Language
from services.messaging.domain.names import PersonName

NEUTRAL: dict[Language, str] = {"en": "customer", "zh-TW": "顧客"}
"""What stands in for a name that is not known."""

_CHINESE_TITLES = {"Mr": "先生", "Mrs": "女士", "Ms": "小姐", "Miss": "小姐", "Dr": "博士", "Prof": "教授"}


def salutation(person: PersonName, language: Language) -> str:
    """The opening of a letter without its punctuation; never empty, never a word such as "None".

    en: "Dear Dr Smith", "Dear Ms Smith", "Dear Jane", "Dear customer".
    zh-TW: 王小明先生, 王小姐, 王小明您好, 親愛的顧客.
    """
    return _chinese(person) if language == "zh-TW" else f"Dear {_english_name(person)}"


def _english_name(person: PersonName) -> str:
    if person.is_chinese:
        # A Chinese name is said whole: "Dear Mr 王" is no English, and a given name alone is too familiar.
        return person.full if person.first and person.full else NEUTRAL["en"]
    title = person.title or {"male": "Mr", "female": "Ms"}.get(person.gender or "")
    if title and person.last:
        return f"{title} {person.last}"
    if person.first:
        return person.first
    whole = person.whole if not person.last else None
    return whole or NEUTRAL["en"]


def _chinese(person: PersonName) -> str:
    title = _CHINESE_TITLES.get(person.title or "") or {"male": "先生", "female": "小姐"}.get(person.gender or "")
    gap = "" if person.is_chinese else " "
    surname_alone = bool(person.last and not person.first)
    name = person.full
    if name and title and (person.last or not person.is_chinese):
        return f"{name}{gap}{title}"
    if name and not surname_alone:
        return f"{name}{gap}您好"
    return f"親愛的{NEUTRAL['zh-TW']}"
