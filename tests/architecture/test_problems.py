"""Every refusal of a domain has its answer over HTTP, and every route says which problems it may answer with."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest

from shared.http.problems import MEDIA_TYPE, STANDARD_PROBLEMS
from tests.architecture.suite import SERVICES


def leaves(error: type[Exception]) -> Iterator[type[Exception]]:
    """The errors below `error` that are raised themselves: those without children."""
    if not error.__subclasses__():
        yield error
    for child in error.__subclasses__():
        yield from leaves(child)


def domain_errors(service: str) -> list[type[Exception]]:
    module = import_module(f"services.{service}.domain.errors")
    own = [c for _, c in inspect.getmembers(module, inspect.isclass) if issubclass(c, Exception)]
    roots = [error for error in own if error.__base__ is Exception]
    return [leaf for root in roots for leaf in leaves(root) if leaf.__module__.startswith(f"services.{service}.")]


@pytest.mark.parametrize("service", SERVICES)
def test_every_domain_error_is_in_the_table(service: str) -> None:
    table = import_module(f"services.{service}.api.problems").PROBLEMS
    missing = [error.__name__ for error in domain_errors(service) if not set(error.__mro__) & set(table)]
    assert missing == []
    assert domain_errors(service)


@pytest.mark.parametrize("service", SERVICES)
def test_codes_of_problems_are_unique_and_statuses_are_4xx(service: str) -> None:
    table = import_module(f"services.{service}.api.problems").PROBLEMS
    codes = [spec.code for spec in (*table.values(), *STANDARD_PROBLEMS.values())]
    assert len(codes) == len(set(codes))
    assert all(400 <= spec.status < 500 for spec in table.values())


def operations(document: Any) -> Iterator[tuple[str, Any]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def test_every_documented_error_is_a_problem(document: Any) -> None:
    odd = [
        f"{name}: {status}"
        for name, operation in operations(document)
        for status, response in operation["responses"].items()
        if status.startswith(("4", "5")) and MEDIA_TYPE not in response.get("content", {})
    ]
    assert odd == []


def test_every_route_under_v1_says_that_it_needs_a_key_and_refuses_what_it_does_not_know(document: Any) -> None:
    silent = [
        name
        for name, operation in operations(document)
        if "/v1/" in name and not {"400", "401", "422"} & set(operation["responses"])
    ]
    assert silent == []


def test_every_operation_is_described_and_grouped(document: Any) -> None:
    bare = [
        name for name, operation in operations(document) if not operation.get("summary") or not operation.get("tags")
    ]
    assert bare == []
