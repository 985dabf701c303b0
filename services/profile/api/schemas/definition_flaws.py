"""A type, operator, measure or field that no definition has: refused with those that there are and the nearest one."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from shared.no_such import no_such


def chosen(definition: Mapping[str, Any], field: str, choices: Collection[str]) -> str:
    """The one of `choices` that `field` names. Raises ValidationError."""
    name = definition.get(field)
    if field not in definition:
        raise _refused({field: PydanticCustomError("missing", f"needed; there are {', '.join(choices)}")})
    if not isinstance(name, str) or name not in choices:
        raise _refused({field: _unknown(field, name, choices)})
    return name


def refuse_other_fields(definition: Mapping[str, Any], model: type[BaseModel]) -> None:
    """Raise ValidationError of each field that `model` does not have."""
    names = [field.alias or name for name, field in model.model_fields.items()]
    if flaws := {str(name): _unknown("field", name, names) for name in definition if name not in names}:
        raise _refused(flaws)


def _unknown(what: str, name: Any, known: Collection[str]) -> PydanticCustomError:
    return PydanticCustomError("unknown", "{said}", {"said": no_such(what, name, known)})


def _refused(flaws: Mapping[str, PydanticCustomError]) -> ValidationError:
    errors = [InitErrorDetails(type=flaw, loc=(field,), input=None) for field, flaw in flaws.items()]
    return ValidationError.from_exception_data("definition", errors)
