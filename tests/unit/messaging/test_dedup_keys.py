from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.messaging.domain.unsubscribing import Unsubscribing

CAMPAIGNS = st.sampled_from(["0193f0a2-8d00-7d10-b0c4-93a1d7a4c001", "0193f0a2-8d00-7d10-b0c4-93a1d7a4c002"])
ADDRESSES = st.sampled_from(["jane@example.com", "Jane@EXAMPLE.com", " jane@example.com", "june@example.com"])


@given(CAMPAIGNS, ADDRESSES, CAMPAIGNS, ADDRESSES)
def test_a_key_is_of_one_campaign_and_one_mailbox(campaign: str, address: str, other: str, second: str) -> None:
    keyed = Unsubscribing("s" * 32)
    keys = [keyed.dedup_key(of, keyed.address_hash(to)) for of, to in ((campaign, address), (other, second))]
    same = (campaign, address.strip().casefold()) == (other, second.strip().casefold())
    assert (keys[0] == keys[1]) is same
    assert all(len(key) == 32 for key in keys)


def test_without_the_secret_nobody_makes_the_key() -> None:
    keys = {keyed.dedup_key("c", keyed.address_hash("jane@example.com")) for keyed in map(Unsubscribing, ("a", "b"))}
    assert len(keys) == 2
