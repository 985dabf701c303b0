"""Which scopes there are: those that the routes of a service demand."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from fastapi import APIRouter
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from shared.auth.access import Demand
from shared.auth.keys import EVERYTHING


def scopes_of(routers: Iterable[APIRouter], further: Collection[str] = ()) -> tuple[str, ...]:
    """What a key may be granted: what a route of `routers` demands and `further`, all of a resource, and everything."""
    routes = [route for router in routers for route in router.routes if isinstance(route, APIRoute)]
    demanded = {*further, *(scope for route in routes for scope in _demanded(route.dependant))}
    of_resources = {f"{scope.partition(':')[0]}:*" for scope in demanded}
    return EVERYTHING, *sorted(demanded | of_resources)


def describe_scopes(document: dict[str, Any], scopes: Collection[str]) -> None:
    """Name the scopes in an OpenAPI document, where keys are made."""
    granted = document["components"]["schemas"]["NewApiKey"]["properties"]["scopes"]
    granted["items"]["enum"] = list(scopes)


def _demanded(dependant: Dependant) -> Iterator[str]:
    if isinstance(dependant.call, Demand):
        yield dependant.call.scope
    for each in dependant.dependencies:
        yield from _demanded(each)
