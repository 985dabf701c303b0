"""What can be wrong with outgoing webhooks and their replays.

Tree::

    EventsError
     +-- EndpointNotFound      no webhook endpoint of the caller's has this id
     +-- DeliveryNotFound      no webhook delivery of the caller's has this id
     +-- DestinationRefused    a webhook's URL leads where webhooks may not go
     +-- TooManySecrets        too many secrets of a webhook endpoint sign at once
     +-- TooManyEndpoints      one owner has as many webhook endpoints as there may be
     +-- ReplayNotFound        no replay of the caller's has this id
     +-- ReplayRunning         a replay to this webhook endpoint is under way
     +-- WindowRefused         a replay cannot cover the time that was asked for; says why
"""

from __future__ import annotations

from services.events.domain.errors import EventsError


class EndpointNotFound(EventsError):
    """No webhook endpoint that the caller may see has this id."""


class DeliveryNotFound(EventsError):
    """No webhook delivery that the caller may see has this id."""


class DestinationRefused(EventsError):
    """A webhook's URL leads where webhooks may not go; says why."""


class TooManySecrets(EventsError):
    """Too many secrets of a webhook endpoint sign at once."""


class TooManyEndpoints(EventsError):
    """One owner has as many webhook endpoints as there may be."""


class ReplayNotFound(EventsError):
    """No replay that the caller may see has this id."""


class ReplayRunning(EventsError):
    """A replay to this webhook endpoint is under way; wait for its end or cancel it."""


class WindowRefused(EventsError):
    """A replay cannot cover the time that was asked for; says why."""
