"""Keys are made once, kept for their owner alone, and never where the environment gives them."""

from __future__ import annotations

import stat
from pathlib import Path

from deploy.local.development_keys import development_keys


def test_keys_are_made_once(tmp_path: Path) -> None:
    first = development_keys({}, tmp_path / "dev.env")
    again = development_keys({}, tmp_path / "dev.env")
    assert first == again
    assert first.api_key.startswith("rk_")
    assert first.api_key != first.write_key


def test_only_the_owner_may_read_them(tmp_path: Path) -> None:
    development_keys({}, tmp_path / "dev.env")
    assert stat.S_IMODE((tmp_path / "dev.env").stat().st_mode) == 0o600


def test_the_environment_comes_first_and_is_not_written_down(tmp_path: Path) -> None:
    given = {"RAPPORT_DEV_API_KEY": "rk_given", "RAPPORT_DEV_WRITE_KEY": "wk_given"}
    keys = development_keys(given, tmp_path / "dev.env")
    assert (keys.api_key, keys.write_key) == ("rk_given", "wk_given")
    assert not (tmp_path / "dev.env").exists()


def test_one_given_key_leaves_the_other_as_it_was(tmp_path: Path) -> None:
    made = development_keys({}, tmp_path / "dev.env")
    mixed = development_keys({"RAPPORT_DEV_WRITE_KEY": "wk_given"}, tmp_path / "dev.env")
    assert (mixed.api_key, mixed.write_key) == (made.api_key, "wk_given")
    assert development_keys({}, tmp_path / "dev.env") == made
