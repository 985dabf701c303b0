"""How the errors of messaging are told over HTTP."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from services.messaging.domain.errors import (
    AddressInvalid,
    AddressRefused,
    CampaignNotFound,
    ContactNotFound,
    HeaderUnsafe,
    MessageNotFound,
    RenderFailed,
    SuppressionNotFound,
    TemplateInvalid,
    TemplateNotFound,
    TransitionRefused,
    UnknownToken,
)
from shared.http.problems import Flaw, Problem, ProblemSpec

PROBLEMS: Mapping[type[Exception], ProblemSpec] = {
    TemplateNotFound: ProblemSpec(status=404, code="template_not_found", title="There is no such template"),
    CampaignNotFound: ProblemSpec(status=404, code="campaign_not_found", title="There is no such campaign"),
    MessageNotFound: ProblemSpec(status=404, code="message_not_found", title="There is no such message"),
    ContactNotFound: ProblemSpec(status=409, code="contact_unknown", title="The customer is not known here yet"),
    SuppressionNotFound: ProblemSpec(status=404, code="suppression_not_found", title="There is no such refusal"),
    UnknownToken: ProblemSpec(status=404, code="unknown_link", title="This link is not complete"),
    TransitionRefused: ProblemSpec(status=409, code="wrong_status", title="The campaign's status does not allow this"),
    TemplateInvalid: ProblemSpec(status=422, code="invalid_template", title="The template cannot be saved"),
    RenderFailed: ProblemSpec(status=422, code="render_failed", title="The template cannot be filled in"),
    AddressInvalid: ProblemSpec(status=422, code="invalid_address", title="The address is no e-mail address"),
    AddressRefused: ProblemSpec(status=409, code="address_refused", title="The address refused marketing"),
    HeaderUnsafe: ProblemSpec(status=422, code="unsafe_header", title="The text cannot stand in a header"),
}


@contextmanager
def flaws_told() -> Iterator[None]:
    """Tell each flaw of a template at its own place in the request."""
    try:
        yield
    except TemplateInvalid as error:
        flaws = [
            Flaw("/variants/" + flaw.part.replace(".", "/"), f"line {flaw.line}: {flaw.reason}") for flaw in error.flaws
        ]
        raise Problem(422, "invalid_template", str(error)[:2_000], errors=flaws[:100]) from error
