"""What `run` tells the person who started it."""

from __future__ import annotations

import time

from rich.console import Console
from rich.table import Table

from deploy.local.process_manager import ProcessState
from deploy.local.suite import Suite

_LOOK_EVERY_S = 1.0


def show_addresses(suite: Suite, console: Console) -> None:
    """Where everything is, and with which keys."""
    where = suite.configuration
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for name in where.ports:
        table.add_row(name, f"{where.url(name)}/docs")
    if where.mail_port:
        table.add_row("mail catcher", f"smtp://{where.host}:{where.mail_port}   python -m deploy.local mail")
    table.add_row("API key", suite.keys.api_key)
    table.add_row("write key", suite.keys.write_key)
    table.add_row("data", str(where.data_dir))
    table.add_row("logs", str(where.logs))
    console.print(table, soft_wrap=True, highlight=False)


def keep_watch(suite: Suite, console: Console) -> None:
    """Tell of every process that ended and was started again, until interrupted."""
    known = {state.name: state for state in suite.states()}
    while True:
        time.sleep(_LOOK_EVERY_S)
        if suite.revive():
            console.print("the process manager was killed: everything is started again", style="yellow")
        for state in suite.states():
            _tell_change(known.get(state.name), state, console)
            known[state.name] = state


def _tell_change(before: ProcessState | None, now: ProcessState, console: Console) -> None:
    if before is None or (before.state, before.pid) == (now.state, now.pid):
        return
    if now.keeps_failing:
        console.print(f"{now.name} does not start: {now.last_log_line()}", style="red", soft_wrap=True, markup=False)
    elif now.state == "RUNNING" and before.pid != now.pid:
        console.print(f"{now.name} runs again (process {now.pid})", style="yellow")
