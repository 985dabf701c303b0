"""What the environment says is taken, or refused in one line by the variable's name."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from services.messaging.settings import MessagingSettings
from services.profile.settings import ProfileSettings
from shared.settings import ServiceSettings, explain


def refusal(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> str:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError) as refused:
        MessagingSettings()
    return explain(refused.value)


@pytest.mark.parametrize(
    "value", ["x", "60", "[60, -1]", "[NaN]", "[1e999]", "[1e10]", '["soon"]', "{}", "", str([1] * 21)]
)
def test_bad_delays_are_refused_by_name(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    told = refusal(monkeypatch, "RAPPORT_MESSAGING_RETRY_DELAYS_S", value)
    assert told.startswith("RAPPORT_MESSAGING_RETRY_DELAYS_S")
    assert "\n" not in told


def test_delays_are_a_list_in_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAPPORT_MESSAGING_RETRY_DELAYS_S", "[60, 0.5]")
    assert MessagingSettings().messaging_retry_delays_s == (60, 0.5)


@pytest.mark.parametrize("url", ["shop.example", "http://", "https://bücher.example", "https://a b", "https://a/u?x=1"])
def test_a_public_url_that_no_header_carries_is_refused(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    assert refusal(monkeypatch, "RAPPORT_PUBLIC_URL", url).startswith("RAPPORT_PUBLIC_URL: must be a URL of http")


@pytest.mark.parametrize("url", ["http://127.0.0.1:8102", "https://[::1]:8102/mail/", "https://xn--bcher-kva.example"])
def test_a_public_url_is_taken(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("RAPPORT_PUBLIC_URL", url)
    assert MessagingSettings().public_url == url


@pytest.mark.parametrize(
    ("settings", "name"), [(ProfileSettings, "PROFILE_DEFAULT_REGION"), (ServiceSettings, "ADMIN_KEY_SHA256")]
)
def test_what_a_setting_must_be_is_told_in_words(
    monkeypatch: pytest.MonkeyPatch, settings: type[ServiceSettings], name: str
) -> None:
    monkeypatch.setenv(f"RAPPORT_{name}", "taiwan")
    with pytest.raises(ValidationError) as refused:
        settings()
    told = explain(refused.value)
    assert told.startswith(f"RAPPORT_{name}: must be ")
    assert "^" not in told


def test_what_is_embedded_lies_in_the_data_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAPPORT_DATA_DIR", "/srv/rapport")
    read = MessagingSettings()
    assert read.messaging_database_url == "sqlite:////srv/rapport/messaging.db"
    assert read.bus_url == "/srv/rapport/bus"


def test_a_server_is_used_whatever_the_data_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAPPORT_DATA_DIR", "/srv/rapport")
    monkeypatch.setenv("RAPPORT_BUS_URL", "kafka://bus:9092")
    assert MessagingSettings().bus_url == "kafka://bus:9092"
