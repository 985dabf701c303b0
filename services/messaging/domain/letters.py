"""One message to one customer, written out, before any protocol."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, replace

from services.messaging.domain.addresses import Address
from services.messaging.domain.campaigns import Sender
from services.messaging.domain.languages import Language
from services.messaging.domain.templates import Rendered

_WAY_OUT: dict[Language, str] = {"en": "Unsubscribe", "zh-TW": "取消訂閱"}


@dataclass(frozen=True, slots=True)
class Letter:
    """What goes to the mail server. `unsubscribe_url` is set for marketing and also goes into the headers."""

    message_id: str
    sender: Sender
    to: Address
    rendered: Rendered
    to_name: str | None = None
    unsubscribe_url: str | None = None


def with_way_out(rendered: Rendered, url: str) -> Rendered:
    """The message with a visible link to unsubscribe in each part: the template's own, else one below it."""
    word = _WAY_OUT[rendered.language]
    text, page = rendered.text, rendered.html
    if text is not None and url not in text:
        text = f"{text.rstrip()}\n\n{word}: {url}\n"
    quoted = html.escape(url)
    if page is not None and not any(f"href={mark}{quoted}{mark}" in page for mark in "\"'"):
        link = f'<p style="font-size:12px"><a href="{quoted}">{word}</a></p>'
        page = _before_the_end(page, link)
    if text is rendered.text and page is rendered.html:
        return rendered
    return replace(rendered, text=text, html=page)


def _before_the_end(page: str, link: str) -> str:
    ends = list(re.finditer(r"</(?:body|html)\s*>", page, re.IGNORECASE))
    at = ends[0].start() if ends else len(page)
    return f"{page[:at]}{link}{page[at:]}"
