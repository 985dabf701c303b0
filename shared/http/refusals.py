"""Which of the refusals that routers list for all their routes an operation can answer with."""

from __future__ import annotations

from typing import Any

from shared.http.problems import PROBLEM_RESPONSES

_ALL = {str(status) for status in PROBLEM_RESPONSES}
_PAGING = {"limit", "cursor"}


def keep_possible_refusals(method: str, operation: dict[str, Any]) -> None:
    """Take out of an OpenAPI operation what it never answers; one that lists refusals of its own stays as it is."""
    responses = operation["responses"]
    if responses.keys() >= _ALL:
        for status, possible in _possibilities(method, operation).items():
            if not possible:
                del responses[status]


def _possibilities(method: str, operation: dict[str, Any]) -> dict[str, bool]:
    parameters = {parameter["name"] for parameter in operation.get("parameters", ())}
    takes_key, takes_body = bool(operation.get("security")), "requestBody" in operation
    return {
        "401": takes_key,
        "403": takes_key,
        "404": takes_body or bool(parameters - _PAGING),
        "409": method != "get",
        "412": "If-Match" in parameters,
        "413": takes_body,
        "415": takes_body,
    }
