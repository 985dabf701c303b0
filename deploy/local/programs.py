"""The processes of the suite, as supervisor's configuration file tells them."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator, Mapping
from configparser import RawConfigParser
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local.configuration import SETTINGS, WORKERS, Configuration

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Program:
    """One process. `order` is when it starts: low first; the end is the other way round.

    `environment` is its own, beside what all get.
    """

    name: str
    order: int
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def group(self) -> str:
        """Programs of one group end together."""
        return f"rank-{self.order}"


def programs_of(configuration: Configuration) -> list[Program]:
    """The mail catcher first, then workers, then the APIs that give them work."""
    return list(_programs(configuration))


def _programs(configuration: Configuration) -> Iterator[Program]:
    if configuration.mail_port:
        options = ("--port", str(configuration.mail_port), "--mailbox", str(configuration.mailbox))
        yield Program("mail-catcher", 1, (sys.executable, "-m", "deploy.local.mail_catcher", *options))
    for name, (service, *command) in WORKERS.items():
        own = {"RAPPORT_WORKER_PORT": str(configuration.worker_ports.get(name, 0))}
        yield Program(name, 2, (sys.executable, "-m", f"services.{service}", *command), own)
    for service in SETTINGS:
        yield Program(f"{service}-api", 3, (sys.executable, "-m", f"services.{service}", "api"))


def write_supervisor_file(path: Path, programs: list[Program], *, socket: Path, logs: Path) -> None:
    """A configuration for supervisord that restarts what ends, keeps logs small and listens on `socket` only."""
    file = RawConfigParser()
    file["supervisord"] = _escaped(
        nodaemon="true",
        silent="true",
        logfile=logs / "supervisord.log",
        logfile_maxbytes="2MB",
        logfile_backups="1",
        pidfile=socket.with_name("supervisord.pid"),
        childlogdir=logs,
        directory=ROOT,
    )
    file["unix_http_server"] = _escaped(file=socket, chmod="0600")
    file["rpcinterface:supervisor"] = {
        "supervisor.rpcinterface_factory": "supervisor.rpcinterface:make_main_rpcinterface"
    }
    for program in programs:
        file[f"program:{program.name}"] = _program_section(program, logs)
    for order in sorted({program.order for program in programs}):
        members = [program for program in programs if program.order == order]
        names = ",".join(program.name for program in members)
        file[f"group:{members[0].group}"] = {"programs": names, "priority": str(order)}
    with path.open("w") as out:
        file.write(out)


def _program_section(program: Program, logs: Path) -> dict[str, str]:
    tied = (sys.executable, "-m", "deploy.local.tied_to_parent", *program.command)
    return _escaped(
        command=shlex.join(tied),
        autorestart="true",
        startsecs="1",
        startretries="30",
        stopwaitsecs="30",
        redirect_stderr="true",
        stdout_logfile=logs / f"{program.name}.log",
        stdout_logfile_maxbytes="10MB",
        stdout_logfile_backups="1",
        environment=",".join(f'{name}="{value}"' for name, value in program.environment.items()),
    )


def _escaped(**options: str | Path) -> dict[str, str]:
    """supervisor expands %(...)s in values."""
    return {name: str(value).replace("%", "%%") for name, value in options.items()}
