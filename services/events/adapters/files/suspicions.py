"""Characters that no other part of the suite could hold: U+0000, and what is left of bytes in another encoding."""

from __future__ import annotations

from collections.abc import Sequence

from services.events.domain.imports.rows import Row


class SuspiciousCells:
    """Looks at whole texts first, which is quick, and at single rows only if one of them held something."""

    def __init__(self, *, not_encoded: str = "bytes that are not of the file's encoding; say which it is") -> None:
        self.any = False
        self._not_encoded = not_encoded

    def look_at(self, text: str) -> None:
        """Take note of whether a text that rows will be read of holds anything."""
        self.any = self.any or "\x00" in text or not _is_encodable(text)

    def in_row(self, row: Row | Sequence[str]) -> str | None:
        """What is wrong with a row; None if nothing."""
        text = "\n".join([cell for cell in row if isinstance(cell, str)])
        if "\x00" in text:
            return "the character U+0000 cannot be stored"
        return None if _is_encodable(text) else self._not_encoded


def _is_encodable(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
