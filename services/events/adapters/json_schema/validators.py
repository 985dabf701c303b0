"""Compiled JSON Schemas (2020-12). Nothing is fetched, patterns match in linear time, values stay out of messages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from jsonschema_rs import Draft202012Validator, RegexOptions, ValidationError, ValidationErrorKind

from services.events.domain.tracking_plan.errors import SchemaRefused
from services.events.domain.tracking_plan.plans import MAX_VIOLATIONS, Call, Check, Violation, pointer_of

MASK = "the value"
_MAX_MESSAGE = 300
_PATTERN_BYTES = 100_000
_AUTOMATON_BYTES = 1_000_000


def compile_schema(schema: Mapping[str, Any]) -> Check:
    """The check of a schema that is within limits. Raises SchemaRefused."""
    try:
        validator = Draft202012Validator(
            dict(schema),
            mask=MASK,
            offline=True,
            validate_formats=True,
            # Finite automata instead of backtracking: a pattern costs what its text is long, whoever wrote it.
            pattern_options=RegexOptions(size_limit=_PATTERN_BYTES, dfa_size_limit=_AUTOMATON_BYTES),
        )
    except (ValidationError, ValueError) as error:
        raise SchemaRefused(_reason(error)) from error

    def check(call: Call) -> Sequence[Violation]:
        if validator.is_valid(call):
            return ()
        return tuple(islice(_violations(validator.iter_errors(call)), MAX_VIOLATIONS))

    return check


def _violations(errors: Iterator[ValidationError]) -> Iterator[Violation]:
    """Each place and keyword once, however many items of a list are wrong there."""
    seen: set[tuple[str, str]] = set()
    for error in errors:
        path, keyword = error.instance_path, error.kind.name
        if isinstance(error.kind, ValidationErrorKind.Required):
            path = [*path, error.kind.property]
        pointer = pointer_of(path)
        if (pointer, keyword) not in seen:
            seen.add((pointer, keyword))
            yield Violation(pointer, keyword, error.message[:_MAX_MESSAGE])


def _reason(error: Exception) -> str:
    if not isinstance(error, ValidationError):
        return f"no JSON Schema: {str(error)[:_MAX_MESSAGE]}"
    place = pointer_of(error.instance_path)
    return f"no JSON Schema that is taken: at {place or 'its root'}: {error.message[:_MAX_MESSAGE]}"
