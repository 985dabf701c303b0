"""Signs of life among the processes of one machine: a file that each holds locked until it ends, however it ends.

Who was killed cannot say so, and to wait until he was silent for long enough keeps his work waiting. The kernel lets go
of his locks at once (flock(2)). Without a sign, or without a folder to share, silence alone tells.
"""

from __future__ import annotations

import fcntl
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import IO


class SignsOfLife:
    """The signs that this process gives, and those of others, in `folder`; None where machines share the work."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._given: dict[str, IO[bytes]] = {}
        self._giving = Lock()

    def give(self, name: str) -> None:
        """Be seen to live under a name that is nobody else's, before anybody can read of it.

        Who was silent for so long that others removed the sign gives it again.
        """
        if self._folder is None:
            return
        with self._giving, suppress(OSError):  # threads that give one sign at once would wait for each other's lock
            if name in self._given and (self._folder / name).exists():
                return
            self._folder.mkdir(parents=True, exist_ok=True)
            unseen = self._folder / f".{name}"  # a sign that is seen before it is locked is that of a dead one
            file = unseen.open("wb")
            fcntl.flock(file, fcntl.LOCK_EX)
            unseen.rename(self._folder / name)
            self._given[name] = file

    def remove(self, name: str) -> None:
        """Be done with a sign: with one's own in an orderly end, with another's when what he held was taken over."""
        if self._folder is None:
            return
        with suppress(OSError):
            (self._folder / name).unlink(missing_ok=True)
        if file := self._given.pop(name, None):
            file.close()

    def dead(self, kind: str) -> list[str]:
        """Who of those whose names begin with `kind` and a point have died, by what stands behind it."""
        names = [path.name for path in self._folder.glob(f"{kind}.*")] if self._folder else []
        return [name.removeprefix(f"{kind}.") for name in names if self.has_died(name)]

    def has_died(self, name: str) -> bool:
        """Whether who gave this sign has ended without removing it."""
        if self._folder is None or name in self._given:
            return False
        try:
            with (self._folder / name).open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:  # he lives, or never gave one
            return False
        return True
