"""How long touchpoints are kept: rules by kind, event name and channel, of which the most specific counts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.events.domain.kinds import Kind

LONGEST_DAYS = 36_500


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Which touchpoints a rule is of; None is any. Without all three it is of every touchpoint: the default."""

    kind: Kind | None = None
    name: str | None = None
    channel: str | None = None

    @property
    def specificity(self) -> tuple[bool, bool, bool]:
        """A name says more than a channel, a channel more than a kind."""
        return self.name is not None, self.channel is not None, self.kind is not None

    def covers(self, *, kind: str, name: str | None, channel: str | None) -> bool:
        """Whether a touchpoint is meant."""
        stated = ((self.kind, kind), (self.name, name), (self.channel, channel))
        return all(asked is None or asked == is_so for asked, is_so in stated)


@dataclass(frozen=True, slots=True)
class Term:
    """Touchpoints of this scope are kept for so many days after they happened; None is for ever."""

    scope: Scope
    days: int | None


class RetentionPolicy:
    """All terms together. A touchpoint that no term covers is kept for ever."""

    def __init__(self, terms: Iterable[Term]) -> None:
        self.terms = tuple(sorted(terms, key=lambda term: term.scope.specificity, reverse=True))
        """The most specific first; two terms that cover one touchpoint are never equally specific."""

    @property
    def removes(self) -> bool:
        """Whether anything is ever due."""
        return any(term.days is not None for term in self.terms)

    def cutoffs(self, now: datetime) -> list[tuple[Scope, datetime | None]]:
        """Scopes, the most specific first: what happened before the time beside it is due."""
        return [(t.scope, None if t.days is None else now - timedelta(days=t.days)) for t in self.terms]
