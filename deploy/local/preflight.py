"""What is looked at before anything is started, so that a refusal is one clear line."""

from __future__ import annotations

import errno
import os
import socket
import tempfile
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

from deploy.local.configuration import Configuration
from deploy.local.refusals import CannotStart
from shared.bus.opening import open_bus
from shared.bus.ports import BusError
from shared.contracts import topics

_REFUSALS = {errno.EADDRINUSE: "is in use", errno.EACCES: "is not for this user"}


def check_folders(configuration: Configuration) -> None:
    """Raise CannotStart when a folder cannot be written."""
    for folder in (configuration.data_dir, configuration.logs):
        _require_writable(folder)


def check_ports(configuration: Configuration) -> None:
    """Raise CannotStart when ports are taken, naming all of them at once, or when one is wanted twice."""
    wanted = [(f"RAPPORT_{name.upper()}_PORT", port) for name, port in configuration.ports.items()]
    wanted += [("RAPPORT_WORKER_PORT", port) for port in configuration.worker_ports.values()]
    if configuration.mail_port:
        wanted.append(("make run ARGS='--mail-port N'", configuration.mail_port))
    _require_distinct(wanted)
    refused = [(setting, port, reason) for setting, port in wanted if (reason := _refusal(configuration.host, port))]
    if refused:
        told = ", ".join(f"port {port} {reason} ({setting})" for setting, port, reason in refused)
        raise CannotStart(f"on {configuration.host} {told}; choose others with what stands in brackets")


def prepare_bus(url: str) -> None:
    """Create the topics. Raises CannotStart when the bus cannot be had."""
    try:
        bus = open_bus(url)
    except ValueError as error:
        raise CannotStart(f"RAPPORT_BUS_URL: {error}") from error
    try:
        bus.create_topics(topics.ALL)
    except (BusError, OSError) as error:
        raise CannotStart(f"RAPPORT_BUS_URL: {url}: {error}") from error
    finally:
        bus.close()


def is_free(host: str, port: int) -> bool:
    """Whether a server may listen on the port now."""
    try:
        _try_port(host, port)
    except OSError:
        return False
    return True


def free_ports(host: str, preferred: Iterable[int]) -> list[int]:
    """For each preferred port itself, or another that is free when it is taken."""
    with ExitStack() as held:
        return [_listen(held, host, port if is_free(host, port) else 0) for port in preferred]


def _listen(held: ExitStack, host: str, port: int) -> int:
    """Listen until `held` ends, so that no port is given twice."""
    server = held.enter_context(socket.create_server((host, port)))
    return int(server.getsockname()[1])


def _try_port(host: str, port: int) -> None:
    """Raise OSError when a server may not listen on the port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))


def _refusal(host: str, port: int) -> str | None:
    """Why a server may not listen on the port; None when it may. Raises CannotStart when the host is elsewhere."""
    try:
        _try_port(host, port)
    except OSError as error:
        reason = _REFUSALS.get(error.errno or 0)
        if reason is None:
            raise CannotStart(f"RAPPORT_HOST: {host} is no address of this machine") from error
        return reason
    return None


def _require_writable(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # customers' data: for its owner only
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"\0")
    except OSError as error:
        raise CannotStart(f"{folder} cannot be written: {os.strerror(error.errno or 0)}") from error


def _require_distinct(wanted: Iterable[tuple[str, int]]) -> None:
    taken: dict[int, str] = {}
    for setting, port in wanted:
        if port in taken:
            raise CannotStart(f"{taken[port]} and {setting} are both {port}")
        taken[port] = setting
