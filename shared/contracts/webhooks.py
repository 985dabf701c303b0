"""What events publishes about its outgoing webhooks, beside the touchpoints."""

from __future__ import annotations

from typing import ClassVar

from shared.contracts.contract import Contract, Time, contract


@contract
class WebhookEndpointDisabledV1(Contract, frozen=True, kw_only=True):
    """A partner's endpoint is told nothing any more, because it failed for days or said that it is gone (410).

    `owner` is the id of the API key that made it; `host` is where it is, without what a URL may hold in secret.
    """

    event_type: ClassVar[str] = "rapport.touchpoints.webhook-endpoint-disabled.v1"
    topic: ClassVar[str] = "touchpoints"

    endpoint_id: str
    owner: str
    host: str
    reason: str
    disabled_at: Time

    @property
    def bus_key(self) -> str:
        return self.endpoint_id
