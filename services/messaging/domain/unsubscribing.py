"""The way out: tokens that only this deployment can sign, and addresses remembered without keeping them."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from services.messaging.domain.addresses import canonical_address
from services.messaging.domain.errors import UnknownToken

_HASH_BYTES = 16
_MAC_BYTES = 16
SuppressedBy = Literal["one-click", "operator", "mail-server"]


@dataclass(frozen=True, slots=True)
class UnsubscribeClaim:
    """What a token says: the message it came with, and whose address that went to."""

    message_id: str
    address_hash: str


@dataclass(frozen=True, slots=True)
class Suppression:
    """Since when an address gets no marketing, and which message brought that about, if any of ours did.

    `bounced` says that it has no mailbox; else it was refused.
    """

    since: datetime
    message_id: str | None
    address_hash: str
    bounced: bool = False

    @property
    def by(self) -> SuppressedBy:
        """Who said so: the customer, somebody here in their name, or a mail server."""
        if self.bounced:
            return "mail-server"
        return "operator" if self.message_id is None else "one-click"


@dataclass(frozen=True, slots=True)
class Owner:
    """A customer who is written to under an address."""

    profile_id: str
    address: str
    address_hash: str


@dataclass(frozen=True, slots=True)
class SuppressionFilter:
    """Which are wanted: said by whom, from `since` on and before `until`, of this customer's address."""

    by: SuppressedBy | None = None
    since: datetime | None = None
    until: datetime | None = None
    profile_id: str | None = None


class Unsubscribing:
    """Signs and reads tokens and hashes addresses, under keys derived from one secret (of 32 characters or more)."""

    def __init__(self, secret: str) -> None:
        self._token_key = hashlib.blake2b(secret.encode(), person=b"rapport-token").digest()
        self._letter_key = hashlib.blake2b(secret.encode(), person=b"rapport-letter").digest()
        self._address_key = hashlib.blake2b(secret.encode(), person=b"rapport-address").digest()

    def address_hash(self, address: str) -> str:
        """32 hexadecimal digits that stand for the address; without the secret nobody can tell or test which."""
        data = canonical_address(address).encode("utf-8", "surrogatepass")
        return hashlib.blake2b(data, key=self._address_key, digest_size=_HASH_BYTES).hexdigest()

    def dedup_key(self, campaign_id: str, address_hash: str) -> str:
        """32 hexadecimal digits that stand for a campaign's one letter to an address; no two campaigns share any."""
        data = f"{campaign_id}:{address_hash}".encode()
        return hashlib.blake2b(data, key=self._letter_key, digest_size=_HASH_BYTES).hexdigest()

    def token(self, claim: UnsubscribeClaim) -> str:
        """A token of 64 URL-safe characters."""
        body = UUID(claim.message_id).bytes + bytes.fromhex(claim.address_hash)
        return base64.urlsafe_b64encode(body + self._mac(body)).decode("ascii")

    def read(self, token: str) -> UnsubscribeClaim:
        """What a token says. Raises UnknownToken when it was not signed with this secret."""
        try:
            raw = base64.b64decode(token.encode("ascii"), altchars=b"-_", validate=True)
        except (UnicodeEncodeError, binascii.Error) as error:
            raise UnknownToken("this link is not complete") from error
        body, mac = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
        if len(raw) != 16 + _HASH_BYTES + _MAC_BYTES or not hmac.compare_digest(mac, self._mac(body)):
            raise UnknownToken("this link is not complete")
        return UnsubscribeClaim(message_id=str(UUID(bytes=body[:16])), address_hash=body[16:].hex())

    def _mac(self, body: bytes) -> bytes:
        return hashlib.blake2b(body, key=self._token_key, digest_size=_MAC_BYTES).digest()
