"""What `run` tells the person who started it."""

from __future__ import annotations

import time

from rich.console import Console

from deploy.local.process_manager import ProcessState
from deploy.local.suite import Suite

_LOOK_EVERY_S = 1.0


def show_addresses(suite: Suite, console: Console) -> None:
    """Where everything is, and with which keys."""
    where = suite.configuration
    lines = {name: f"{where.url(name)}/docs" for name in where.ports}
    lines |= {name: f"http://{where.host}:{port}/metrics" for name, port in where.worker_ports.items()}
    if where.mail_port:
        lines["mail catcher"] = f"smtp://{where.host}:{where.mail_port}   read it: make mail"
    lines |= {"API key": suite.keys.api_key, "write key": suite.keys.write_key}
    lines |= {"data": str(where.data_dir), "logs": str(where.logs)}
    for name, value in lines.items():
        console.print(f"  {name:<21}{value}", soft_wrap=True, highlight=False, markup=False)


def keep_watch(suite: Suite, console: Console) -> None:
    """Tell of every process that ended and was started again, until interrupted."""
    watch = _Watch(console)
    while True:
        if suite.revive():
            console.print("the process manager was killed: everything is started again", style="yellow")
        for state in suite.states():
            watch.look(state)
        time.sleep(_LOOK_EVERY_S)


class _Watch:
    """Remembers which process of each name was seen running, and which failures were told."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._pids: dict[str, int] = {}
        self._told: set[str] = set()

    def look(self, state: ProcessState) -> None:
        if state.state == "RUNNING":
            if self._pids.setdefault(state.name, state.pid) != state.pid:
                self._console.print(f"{state.name} runs again (process {state.pid})", style="yellow")
            self._pids[state.name] = state.pid
            self._told.discard(state.name)
        elif state.keeps_failing and state.name not in self._told:
            self._told.add(state.name)
            line = f"{state.name} does not start: {state.last_log_line()}"
            self._console.print(line, style="red", soft_wrap=True, markup=False)
