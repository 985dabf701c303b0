"""Keeping inbound sources: which partners send webhooks, with which secrets, and what their payloads mean."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace

from services.events.domain.inbound.errors import UnusableSecret
from services.events.domain.inbound.signatures import StandardWebhooks, Verification
from services.events.domain.standard_webhooks import SECRET_PREFIX, key_of, new_secret
from services.events.use_cases.inbound.ports import Document, InboundSecret, InboundSource, InboundSources
from shared.clock import Clock
from shared.ids import new_id
from shared.versions import check_seen

MAX_SECRETS = 2
"""One to leave and one to arrive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedInboundSource:
    """What may be changed of a source."""

    name: str
    mapping: Document
    default_currency: str | None


def create_inbound_source(
    sources: InboundSources,
    wanted: WantedInboundSource,
    verification: Verification,
    *,
    secret: str | None,
    owner: str,
    clock: Clock,
) -> tuple[InboundSource, str | None]:
    """A new source and, where the partner named none, the secret that was made for it, which is shown this once.

    Raises InboundNameTaken or UnusableSecret.
    """
    now = clock()
    source = InboundSource(
        id=new_id(),
        owner=owner,
        name=wanted.name,
        verification=verification,
        mapping=wanted.mapping,
        default_currency=wanted.default_currency,
        created_at=now,
        updated_at=now,
        version=1,
    )
    sources.add(source)
    _, made = _keep_secret(sources, source, secret, clock)
    return source, made


def change_inbound_source(
    sources: InboundSources, source_id: str, wanted: WantedInboundSource, *, seen: int | None, clock: Clock
) -> InboundSource:
    """Replace name, mapping and currency; the next delivery is read by them.

    Raises InboundSourceNotFound, InboundNameTaken, or VersionConflict when the version is not the one `seen`.
    """
    before = sources.get(source_id, lock=True)
    check_seen(seen, current=before.version)
    after = replace(
        before,
        name=wanted.name,
        mapping=wanted.mapping,
        default_currency=wanted.default_currency,
        updated_at=clock(),
        version=before.version + 1,
    )
    sources.replace(after)
    return after


def add_inbound_secret(
    sources: InboundSources, source_id: str, *, secret: str | None, clock: Clock
) -> tuple[InboundSecret, str | None]:
    """A second secret, and its text if it was made here. Raises InboundSourceNotFound or UnusableSecret."""
    source = sources.get(source_id, lock=True)
    if len(sources.secrets(source_id)) >= MAX_SECRETS:
        raise UnusableSecret(f"the source has {MAX_SECRETS} live secrets; remove one first")
    return _keep_secret(sources, source, secret, clock)


def remove_inbound_secret(sources: InboundSources, source_id: str, secret_id: str) -> bool:
    """End a secret; False when the source has none of this id.

    Raises InboundSourceNotFound, or UnusableSecret for the last one.
    """
    sources.get(source_id, lock=True)
    live = sources.secrets(source_id)
    if [one.id for one in live] == [secret_id]:
        raise UnusableSecret("this is the last secret; add another first, or delete the source")
    return sources.remove_secret(source_id, secret_id)


def _keep_secret(
    sources: InboundSources, source: InboundSource, stated: str | None, clock: Clock
) -> tuple[InboundSecret, str | None]:
    is_standard = isinstance(source.verification, StandardWebhooks)
    secret = stated or (new_secret() if is_standard else secrets.token_hex(32))
    if is_standard:
        try:
            key_of(secret)
        except ValueError as error:
            raise UnusableSecret(f"a Standard Webhooks secret is {SECRET_PREFIX} and Base64") from error
    kept = InboundSecret(new_id(), clock())
    sources.add_secret(source.id, kept, secret)
    return kept, None if stated else secret
