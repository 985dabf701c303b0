"""Compiled JSON Schemas (2020-12). Nothing is fetched, patterns match in linear time, values stay out of messages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from jsonschema_rs import Draft202012Validator, RegexOptions, ValidationError, ValidationErrorKind

from services.events.adapters.json_schema.allowance import Allowance
from services.events.domain.tracking_plan.errors import SchemaRefused
from services.events.domain.tracking_plan.plans import MAX_VIOLATIONS, Call, Check, Violation, pointer_of
from services.events.domain.tracking_plan.schema_limits import parts_of

MASK = "the value"
_MAX_MESSAGE = 300
_PATTERN_BYTES = 100_000
_AUTOMATON_BYTES = 1_000_000
_LISTED = 20_000
"""In so many values, times the parts of a schema, all that is wrong is looked for: some seconds' work at most."""
_SHARED = Allowance(1.0, 0.1)


def compile_schema(schema: Mapping[str, Any], *, allowance: Allowance = _SHARED) -> Check:
    """The check of a schema that is within limits. Raises SchemaRefused.

    It tells the first violation alone of a call that is very large, or when `allowance` is used up: whoever may send
    has three bytes to write for an error that takes fifty microseconds for each alternative, and all are made at once.
    """
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

    most_values = _LISTED // parts_of(schema)

    def check(call: Call) -> Sequence[Violation]:
        if validator.is_valid(call):
            return ()
        if not allowance.is_left() or next(islice(_values_in(call), most_values, None), None):
            return tuple(_violations([_first_error(validator, call)]))
        with allowance.spending():
            return tuple(islice(_violations(validator.iter_errors(call)), MAX_VIOLATIONS))

    return check


def _first_error(validator: Draft202012Validator, call: Call) -> ValidationError:
    try:
        validator.validate(call)
    except ValidationError as error:
        return error
    raise AssertionError("a call that is not valid has an error")


def _values_in(value: Any) -> Iterator[bool]:
    """True for each value of a call."""
    yield True
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _values_in(each)


def _violations(errors: Iterable[ValidationError]) -> Iterator[Violation]:
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
