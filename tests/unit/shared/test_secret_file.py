"""A secret is made once, and after that only read: also where nothing can be written any more."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from shared.secret_file import secret_of


def test_several_that_need_it_at_once_have_the_same_one(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "a.secret"
    with ThreadPoolExecutor(8) as pool:
        (secret,) = set(pool.map(lambda _: secret_of(None, path), range(16)))
    assert len(secret) >= 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_one_that_is_there_is_read_without_writing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "a.secret"
    secret = secret_of(None, path)
    before = tmp_path.stat().st_mtime_ns
    assert secret_of(None, path) == secret
    assert tmp_path.stat().st_mtime_ns == before
