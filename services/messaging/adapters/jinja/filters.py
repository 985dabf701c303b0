"""The filters a template may use. Each takes a bounded value and gives back one that is bounded, too."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from jinja2 import Undefined, UndefinedError
from jinja2.exceptions import TemplateRuntimeError
from jinja2.filters import do_title
from jinja2.runtime import LoopContext
from markupsafe import escape

from services.messaging.adapters.jinja.grammar import MAX_LIST, MAX_TEXT


class Missing(Undefined):
    """A value that this customer lacks: false and empty when asked, an error when printed."""

    __slots__ = ()

    def __str__(self) -> str:
        raise UndefinedError(f"{self._undefined_name} is missing")


class NeutralName(Undefined):
    """A name that is not known: false and subject to `default`, yet printed as a neutral word."""

    __slots__ = ()

    def __str__(self) -> str:
        return str(self._undefined_name)

    def __html__(self) -> str:
        return str(escape(str(self)))


def printable(value: Any) -> Any:
    """Jinja's `finalize`: what a printed value becomes. Raises TemplateRuntimeError for what is no text."""
    if isinstance(value, (str, Undefined)):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return f"{value:.15g}"
    raise TemplateRuntimeError(f"{_kind(value)} cannot be printed; use join or name one of its fields")


def text_of(value: Any) -> str:
    """A value as a bounded text. Raises TemplateRuntimeError, UndefinedError for one that is missing."""
    text = value if isinstance(value, str) else str(printable(value))
    if len(text) > 2 * MAX_TEXT:
        raise TemplateRuntimeError(f"a text of more than {2 * MAX_TEXT} characters cannot be filtered")
    return text


def default(value: Any, fallback: Any = "", _boolean: bool = False) -> Any:
    """`fallback` where the value is missing or empty."""
    return fallback if isinstance(value, Undefined) or value in ("", [], {}) else value


def truncate(value: Any, length: int = 255, end: str = "…") -> str:
    """At most `length` characters, the end of a longer text replaced by `end`."""
    text = text_of(value)
    return text if len(text) <= length else text[: max(0, length - len(end))].rstrip() + end


def join(value: Any, separator: str = "") -> str:
    """The items of a list with `separator` between; a text is refused, whose letters it would spread."""
    return text_of(text_of(separator).join(map(text_of, _items(value))))


def first(value: Any) -> Any:
    """The first item of a list."""
    return next(iter(_items(value)), Missing(name="first"))


def last(value: Any) -> Any:
    """The last item of a list."""
    items = _items(value)
    return items[-1] if items else Missing(name="last")


def length(value: Any) -> int:
    """How many items a list, or characters a text has."""
    return len(value) if isinstance(value, (str, list)) else 0


def escaped(value: Any) -> Any:
    """The value safe in HTML; what is printed in HTML is so anyhow."""
    return escape(text_of(value))


def urlencode(value: Any) -> str:
    """The value as part of a link, such as what follows `?name=`: all but letters, digits and `_.-~` is escaped."""
    return text_of(quote(text_of(value), safe=""))


def items_of(value: Any) -> list[Any]:
    """What a loop goes over: a list's items, none where it is missing. Raises TemplateRuntimeError for others."""
    return [] if isinstance(value, Undefined) else _items(value)


def _items(value: Any) -> list[Any]:
    if not isinstance(value, (list, tuple)):
        raise TemplateRuntimeError(f"{_kind(value)} is not a list")
    return list(value[:MAX_LIST])


def _kind(value: Any) -> str:
    match value:
        case Mapping():
            return "an object"
        case list() | tuple():
            return "a list"
        case str() | NeutralName():
            return "a text"
        case LoopContext():
            return "the loop"
        case _:
            return "this"


def _passing_on(use: Callable[..., Any]) -> Callable[..., Any]:
    """The filter, which leaves what is missing to a `default` behind it."""
    return lambda value, *arguments: value if isinstance(value, Missing) else use(value, *arguments)


_OF_WHAT_IS_THERE: dict[str, Callable[..., Any]] = {
    "upper": lambda value: text_of(value).upper(),
    "lower": lambda value: text_of(value).lower(),
    "capitalize": lambda value: text_of(value).capitalize(),
    "title": lambda value: do_title(text_of(value)),
    "trim": lambda value: text_of(value).strip(),
    "truncate": truncate,
    "join": join,
    "first": first,
    "last": last,
    "escape": escaped,
    "e": escaped,
    "urlencode": urlencode,
}
FILTERS: dict[str, Callable[..., Any]] = {
    "default": default,
    "d": default,
    "length": length,
    "count": length,
    **{name: _passing_on(use) for name, use in _OF_WHAT_IS_THERE.items()},
}
