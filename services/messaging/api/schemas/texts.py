"""The forms of texts that requests carry."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, WithJsonSchema

from services.messaging.domain.addresses import parse_address
from services.messaging.domain.errors import AddressInvalid
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
"""What a sender may have: any receiver takes it."""


def _is_an_address(text: str) -> str:
    try:
        parse_address(text)
    except AddressInvalid as error:
        hint = " (in a query, + is written %2B)" if " " in text else ""
        raise ValueError(f"{error}; expected an e-mail address, such as jane@example.com{hint}") from error
    return text


Address = Annotated[
    str,
    AfterValidator(_is_an_address),
    WithJsonSchema({"type": "string", "format": "email", "examples": ["jane@example.com"]}),
]
"""In any spelling: domains in Unicode or `xn--`, capitals, letters composed or not."""
