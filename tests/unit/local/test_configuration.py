"""Where a suite is, and which variables are nobody's."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.local.configuration import configure, unknown_variables


def test_every_service_has_an_address_under_the_name_that_clients_read(tmp_path: Path) -> None:
    urls = configure(data_dir=tmp_path, host="127.0.0.2", events_port=9104).urls
    assert urls["RAPPORT_EVENTS_URL"] == "http://127.0.0.2:9104"
    assert set(urls) == {f"RAPPORT_{name}_URL" for name in ("PROFILE", "MESSAGING", "SCORING", "EVENTS")}


def test_what_clients_read_is_no_misspelt_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = {*configure(data_dir=tmp_path).urls, "RAPPORT_API_KEY"}
    for name in (*read, "RAPPORT_EVENT_PORT"):
        monkeypatch.setenv(name, "1")
    assert not read & set(unknown_variables())
    assert "RAPPORT_EVENT_PORT" in unknown_variables()
