"""Where the surname of a Chinese name ends."""

from __future__ import annotations

COMPOUND_SURNAMES = frozenset([
    "歐陽", "司馬", "上官", "諸葛", "司徒", "夏侯", "皇甫", "尉遲", "公孫", "長孫", "慕容", "令狐", "宇文", "東方",
    "南宮", "西門", "端木", "司空", "軒轅", "獨孤", "聞人", "東郭", "百里", "呼延", "范姜", "張簡", "欧阳", "司马",
    "诸葛", "尉迟", "公孙", "长孙", "东方", "南宫", "西门", "轩辕", "独孤", "闻人", "东郭", "张简",
])  # fmt: skip
"""Surnames of two characters, in both scripts; 范姜 and 張簡 are Taiwanese joined surnames."""
LONGEST_PERSONAL_NAME = 4
"""Characters; a longer Han text is the name of a firm or a translation, and stays whole."""
LONGEST_SURNAME = 3
"""Characters of a surname that a space sets apart: 王 小明, 長谷川 太郎."""


def split_chinese_name(name: str, *given: str) -> tuple[str | None, str | None]:
    """(surname, given name) of a name in Han characters; a part that cannot be told is None. Where the name was written
    with spaces, `given` is what stands behind the first.

    One character alone, or a compound surname alone, is taken as the surname: 王, 歐陽.
    """
    if given:
        first = "".join(given)
        is_personal = len(name) <= LONGEST_SURNAME and len(first) <= LONGEST_PERSONAL_NAME
        return (name, first) if is_personal else (None, None)
    if len(name) > LONGEST_PERSONAL_NAME:
        return None, None
    if name[:2] in COMPOUND_SURNAMES:
        return name[:2], name[2:] or None
    if len(name) == LONGEST_PERSONAL_NAME:
        # Two joined single surnames, as married women in Taiwan carry them: 陳林美玉.
        return name[:2], name[2:]
    return name[:1], name[1:] or None
