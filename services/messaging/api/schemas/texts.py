"""The forms of texts that requests carry."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from shared.http.patterns import worded

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_TOP_LEVEL = r"[A-Za-z]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"

SOMETHING = worded(r"\S", "a text with more than spaces in it")
ONE_LINE = worded(
    r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*[^\s\x00-\x1f\x7f-\x9f\u2028\u2029][^\x00-\x1f\x7f-\x9f\u2028\u2029]*$",
    "one line with more than spaces in it, without control characters",
)
"""Something visible, and neither line ends nor other control characters."""

Name = Annotated[str, Field(min_length=1, max_length=200, pattern=ONE_LINE)]
EmailAddress = Annotated[
    str,
    Field(
        min_length=6,
        max_length=254,
        pattern=worded(
            rf"^{_ATOM}(\.{_ATOM})*@({_LABEL}\.)+{_TOP_LEVEL}$", "an e-mail address in ASCII, such as shop@example.com"
        ),
        examples=["shop@example.com"],
    ),
]
