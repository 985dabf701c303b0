"""Checks templates when they are saved, and fills them in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from jinja2 import Template, nodes
from jinja2.exceptions import TemplateRuntimeError, UndefinedError

from services.messaging.adapters.jinja.checking import flaws_of
from services.messaging.adapters.jinja.data import data_of
from services.messaging.adapters.jinja.grammar import MAX_OUTPUT
from services.messaging.adapters.jinja.pieces import Pieces, pieces_of
from services.messaging.adapters.jinja.sandbox import Sandbox, compile_checked
from services.messaging.domain.campaigns import Sender
from services.messaging.domain.contacts import Contact, LastPurchase
from services.messaging.domain.errors import Flaw, RenderFailed, TemplateInvalid
from services.messaging.domain.languages import Language, choose_language
from services.messaging.domain.templates import LONGEST_FILLED_SUBJECT, Rendered, TemplateVersion, Variant, check_shape

_KEPT_COMPILED = 256
_SENDER, _URL = Sender("shop@example.com", "The Shop"), "https://shop.example/u/1"
_READERS = (
    Contact(""),
    Contact("", last_purchase=LastPurchase(datetime(2026, 5, 1, tzinfo=UTC), "o-1", 1250, "EUR", ("Tea", "Cup"))),
)


class JinjaTemplates:
    """The template language of Rapport. Safe to share between threads."""

    def __init__(self) -> None:
        self._plain, self._html = Sandbox(html=False), Sandbox(html=True)
        self._compiled = lru_cache(maxsize=_KEPT_COMPILED)(self._compile)

    def check(self, version: TemplateVersion) -> None:
        """Raise TemplateInvalid, listing every flaw with its line, unless the version can be saved."""
        check_shape(version)
        flaws = [
            flaw
            for language, variant in version.variants.items()
            for part, source in variant.parts().items()
            for flaw in flaws_of(self._sandbox(part), source, part=f"{language}.{part}")
        ]
        if flaws := flaws or list(dict.fromkeys(self._flaws_tried(version))):
            raise TemplateInvalid(tuple(flaws))

    def _flaws_tried(self, version: TemplateVersion) -> Iterator[Flaw]:
        """What keeps letters from customers of whom nothing is known, or a last purchase alone."""
        for language, variant in version.variants.items():
            for reader in _READERS:
                try:
                    self._filled(variant, reader, language=language, sender=_SENDER, unsubscribe_url=_URL)
                except RenderFailed as error:
                    yield error.flaw

    def render(self, version: TemplateVersion, contact: Contact, *, sender: Sender, unsubscribe_url: str) -> Rendered:
        """A checked version, filled in for `contact` in the best language. Raises RenderFailed."""
        language = choose_language(contact.language, version.variants, default=version.default_language)
        return self._filled(
            version.variants[language], contact, language=language, sender=sender, unsubscribe_url=unsubscribe_url
        )

    def _filled(
        self, variant: Variant, contact: Contact, *, language: Language, sender: Sender, unsubscribe_url: str
    ) -> Rendered:
        compiled = self._compiled(variant)
        data = data_of(contact, compiled.names, language=language, sender=sender, unsubscribe_url=unsubscribe_url)
        filled = {name: _fill(part, data, f"{language}.{name}") for name, part in compiled.parts.items()}
        return Rendered(
            language=language,
            subject=_one_line(filled["subject"]),
            html=filled.get("html"),
            text=filled.get("text"),
        )

    def _sandbox(self, part: str) -> Sandbox:
        return self._html if part == "html" else self._plain

    def _compile(self, variant: Variant) -> CompiledVariant:
        parts: dict[str, CompiledPart] = {}
        names: set[str] = set()
        for part, source in variant.parts().items():
            sandbox, is_html = self._sandbox(part), part == "html"
            tree = sandbox.parse(source)
            names.update(name.name for name in tree.find_all(nodes.Name))
            parts[part] = CompiledPart(compile_checked(sandbox, source), pieces_of(sandbox, tree, html=is_html))
        return CompiledVariant(parts, frozenset(names))


@dataclass(frozen=True, slots=True)
class CompiledPart:
    """One part of a variant as the sandbox runs it, and as pieces where it has no more to it."""

    template: Template
    pieces: Pieces | None


@dataclass(frozen=True, slots=True)
class CompiledVariant:
    """The parts of a variant by name, and the variables that they ask for."""

    parts: Mapping[str, CompiledPart]
    names: frozenset[str]


def _one_line(subject: str) -> str:
    line = " ".join(subject.split())
    return line if len(line) <= LONGEST_FILLED_SUBJECT else f"{line[: LONGEST_FILLED_SUBJECT - 1].rstrip()}…"


def _fill(part: CompiledPart, data: dict[str, Any], place: str) -> str:
    if part.pieces is not None:
        try:
            text = part.pieces.fill(data)
        except (UndefinedError, TemplateRuntimeError):
            return fill_in_sandbox(part.template, data, place)
        if len(text) <= MAX_OUTPUT:
            return text
    return fill_in_sandbox(part.template, data, place)


def fill_in_sandbox(template: Template, data: dict[str, Any], place: str) -> str:
    """The text of one part; `place` is where it stands, such as `en.html`. Raises RenderFailed."""
    pieces, size = [], 0
    try:
        for piece in template.root_render_func(template.new_context(data)):
            size += len(piece)
            if size > MAX_OUTPUT:
                raise RenderFailed(Flaw(place, 1, f"gives more than {MAX_OUTPUT} characters"))
            pieces.append(piece)
    except (UndefinedError, TemplateRuntimeError) as error:
        raise RenderFailed(Flaw(place, _line_of(error, template), _reason(error))) from error
    return "".join(pieces)


def _reason(error: TemplateRuntimeError) -> str:
    return error.message or "cannot be filled in"


def _line_of(error: BaseException, template: Template) -> int:
    """The source line where the compiled template stopped."""
    found, trace = 1, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "<template>":
            found = template.get_corresponding_lineno(trace.tb_lineno)
        trace = trace.tb_next
    return found
