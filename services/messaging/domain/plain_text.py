"""A readable text out of HTML, for readers whose template has no text of its own.

Any markup is read in time that grows with its length, as browsers read it (WHATWG HTML, section 13.2.5): Python's own
`html.parser` takes minutes for 100 KB of `<a `, and fails at `<![`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

_TOKEN = re.compile(
    r"""
      <!--(?:-?>|.*?(?:--!?>|\Z))
    | <(?P<silent>script|style|title)(?=[\s/>]|\Z)[^>]*+>?.*?(?:</(?P=silent)(?=[\s/>]|\Z)[^>]*+>?|\Z)
    | <(?P<end>/?)(?P<tag>[a-z][^\s/>]*+)(?P<attributes>(?:[^>=]++|=\s*+(?:"[^"]*+"?|'[^']*+'?)?+)*+)>?
    | <[!?/][^>]*+>?
    | (?P<text><|[^<]++)
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
"""Comments; what is not shown; tags; what is taken for comments; texts. What never ends lasts until the page does."""
_ATTRIBUTE = re.compile(r"""([^\s/=]++)(?:\s*+=\s*+(?:"([^"]*+)"?|'([^']*+)'?|(\S*+)))?""")
_SPACES = re.compile(r"\s+")
_BLOCKS = frozenset([
    "p", "div", "br", "tr", "li", "h1", "h2", "h3", "h4", "h5", "h6", "table", "ul", "ol", "hr", "section",
    "article", "header", "footer", "blockquote",
])  # fmt: skip


def text_of_html(page: str) -> str:
    """What `page` says, a line for each block, the target of a link in brackets behind it."""
    lines = (" ".join(line.split()) for line in "".join(_pieces(page)).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"


def _pieces(page: str) -> Iterator[str]:
    links: list[str] = []
    for token in _TOKEN.finditer(page):
        if token["text"] is not None:
            yield _SPACES.sub(" ", unescape(token["text"]))
            continue
        tag, is_end = (token["tag"] or "").lower(), bool(token["end"])
        if tag in _BLOCKS:
            yield _break(tag, is_end)
        elif tag == "a" and not is_end:
            links.append(_target(token["attributes"]))
        elif tag == "a" and links and (target := links.pop()):
            yield f" ({target})"


def _break(tag: str, is_end: bool) -> str:
    if is_end:
        return "" if tag == "br" else "\n"
    return "\n- " if tag == "li" else "\n"


def _target(attributes: str) -> str:
    """Where a link leads; the first of several attributes counts."""
    for name, *values in _ATTRIBUTE.findall(attributes):
        if name.lower() == "href":
            return unescape("".join(values))
    return ""
