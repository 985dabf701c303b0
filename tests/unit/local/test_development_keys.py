"""Keys are made once, kept for their owner alone, and never where the environment gives them."""

from __future__ import annotations

import stat
from pathlib import Path

from deploy.local.development_keys import development_keys

URLS = {"RAPPORT_EVENTS_URL": "http://127.0.0.1:8104"}


def test_keys_are_made_once(tmp_path: Path) -> None:
    first = development_keys({}, tmp_path / "dev.env", URLS)
    again = development_keys({}, tmp_path / "dev.env", URLS)
    assert first == again
    assert first.api_key.startswith("rk_")
    assert first.api_key != first.write_key


def test_only_the_owner_may_read_them(tmp_path: Path) -> None:
    development_keys({}, tmp_path / "dev.env", URLS)
    assert stat.S_IMODE((tmp_path / "dev.env").stat().st_mode) == 0o600


def test_the_environment_comes_first_and_is_not_written_down(tmp_path: Path) -> None:
    given = {"RAPPORT_DEV_API_KEY": "rk_given", "RAPPORT_DEV_WRITE_KEY": "wk_given"}
    keys = development_keys(given, tmp_path / "dev.env", URLS)
    assert (keys.api_key, keys.write_key) == ("rk_given", "wk_given")
    assert (tmp_path / "dev.env").read_text() == "RAPPORT_EVENTS_URL=http://127.0.0.1:8104\n"


def test_one_given_key_leaves_the_other_as_it_was(tmp_path: Path) -> None:
    made = development_keys({}, tmp_path / "dev.env", URLS)
    mixed = development_keys({"RAPPORT_DEV_WRITE_KEY": "wk_given"}, tmp_path / "dev.env", URLS)
    assert (mixed.api_key, mixed.write_key) == (made.api_key, "wk_given")
    assert development_keys({}, tmp_path / "dev.env", URLS) == made


def test_a_suite_that_moved_keeps_its_keys_and_says_where_it_is(tmp_path: Path) -> None:
    made = development_keys({}, tmp_path / "dev.env", URLS)
    moved = {"RAPPORT_EVENTS_URL": "http://127.0.0.1:9104"}
    assert development_keys({}, tmp_path / "dev.env", moved) == made
    assert "RAPPORT_EVENTS_URL=http://127.0.0.1:9104\n" in (tmp_path / "dev.env").read_text()
