from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.profile.adapters.phone_numbers import read_e164
from services.profile.domain.identifiers import USER_ID, Identifier, email, external, opaque


@pytest.mark.parametrize(
    "value", ["null", " NULL ", "undefined", "", "  ", "00000000-0000-0000-0000-000000000000", None, 7, "x" * 501]
)
def test_what_broken_trackers_send_names_nobody(value: object) -> None:
    assert opaque(USER_ID, value) is None


@pytest.mark.parametrize("value", ["0", "17850", " padded ", "王小明"])
def test_an_opaque_id_is_kept_as_it_was_sent(value: str) -> None:
    assert opaque(USER_ID, value) == Identifier(USER_ID, value)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (" Jane@Example.COM ", "jane@example.com"),
        ("jose\u0301@example.com", "jos\u00e9@example.com"),
        ("jane", None),
        ("jane@", None),
        ("a@b@c", None),
        ("jane doe@example.com", None),
        ("jane@example..com", None),
        ("jane@example.com\r\nBcc: x@y.z", None),
        ("a" * 250 + "@example.com", None),
        ("Jane@XN--Bcher-kva.Example", "jane@bücher.example"),
        ("jane@BÜCHER.example", "jane@bücher.example"),
        ("jane@xn--strae-oqa.example", "jane@straße.example"),
        ("jane@xn--a.example", "jane@xn--a.example"),
        (5, None),
    ],
)
def test_addresses(written: object, read: str | None) -> None:
    found = email(written)
    assert (found.value if found else None) == read


@given(st.text(max_size=60) | st.from_regex(r"x@xn--[a-z0-9-]{1,9}\.de", fullmatch=True))
def test_a_read_address_reads_the_same_again(text: str) -> None:
    found = email(text)
    assert found is None or email(found.value) == found


@pytest.mark.parametrize(
    ("written", "region", "read"),
    [
        ("0912-345-678", "TW", "+886912345678"),
        ("+886 912 345 678", None, "+886912345678"),
        ("020 7946 0958", "GB", "+442079460958"),
        ("0912345678", None, None),
        ("12", "TW", None),
        ("call me", "TW", None),
        ("9" * 5000, "TW", None),
    ],
)
def test_telephone_numbers(written: str, region: str | None, read: str | None) -> None:
    assert read_e164(written, region) == read


def test_external_ids_name_their_system() -> None:
    assert external("Shopify Plus", "42") == Identifier("external:shopify_plus", "42")
    assert external("../x", "42") is None
    assert external("shop", "null") is None
