"""Refused rows as a CSV file that can be opened safely, mended and sent again.

A cell that a spreadsheet would take for a formula is quoted with `'`; when the file comes back, which its last two
columns tell, the quote is taken off again.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence

from services.events.domain.imports.rows import BadRow, Row

ROW, ERROR = "rapport_row", "rapport_error"
ADDED = (ROW, ERROR)
_BEGINNING = r"[=+\-@\t\r\n＝＋－＠]"
"""Of a formula (OWASP, CSV injection): in East Asia spreadsheets take wide signs for the narrow ones."""
_FORMULA = re.compile(rf"'*{_BEGINNING}")
_QUOTED_FORMULA = re.compile(rf"''*{_BEGINNING}")


def errors_csv(header: Sequence[str], bad: Iterable[BadRow], *, delimiter: str = ",") -> Iterator[str]:
    """The file, piece by piece: the rows' own columns, then their number and what is wrong. It begins with a BOM."""
    written = io.StringIO()
    writer = csv.writer(written, delimiter=delimiter)
    writer.writerow(list(map(_quoted, [*header, *ADDED])))
    yield "\ufeff" + written.getvalue()
    for row in bad:
        written.seek(0)
        written.truncate()
        writer.writerow(list(map(_quoted, [*_whole(row.cells, len(header)), str(row.number), _told(row)])))
        yield written.getvalue()


def is_errors_file(header: Sequence[str]) -> bool:
    """Whether a file with this header was made by `errors_csv`."""
    return tuple(header[-2:]) == ADDED


def unquoted(row: Row) -> list[str]:
    """A row of such a file as it stood in the first one."""
    return [_plain(cell) if isinstance(cell, str) else "" for cell in row[:-2]]


def _whole(cells: Row, width: int) -> list[str]:
    """A row as wide as the header; what is too much is joined to its last cell, so that it can be seen there."""
    texts = ["" if cell is None else str(cell) for cell in cells]
    if len(texts) > width:
        texts = [*texts[: width - 1], " | ".join(texts[width - 1 :])]
    return texts + [""] * (width - len(texts))


def _told(row: BadRow) -> str:
    return "; ".join(
        (f"row {flaw.row}, " if flaw.row != row.number else "")
        + (f"column {flaw.column}: " if flaw.column else "")
        + flaw.reason
        for flaw in row.flaws
    )


def _quoted(text: str) -> str:
    text = text.encode("utf-8", "replace").decode().replace("\x00", "\ufffd")
    return f"'{text}" if _FORMULA.match(text) else text


def _plain(text: str) -> str:
    return text[1:] if _QUOTED_FORMULA.match(text) else text
