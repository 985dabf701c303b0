"""`python -m services.<name> api | worker | migrate`: the same commands for every service."""

from __future__ import annotations

import argparse
import gc
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pkgutil import resolve_name
from typing import Generic, TypeVar

from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError

from shared.open_files import allow_open_files
from shared.settings import ServiceSettings, explain
from shared.sql.database import Database
from shared.telemetry.logs import configure_logging
from shared.workers.loops import Loop
from shared.workers.process import run_worker

S = TypeVar("S", bound=ServiceSettings)
_SWITCH_S = 0.0005
"""The bus appends in a thread; at Python's own 5 ms it would wait that long for each step beside a busy event loop.

So would the thread that commits in a worker that is relieved of some loops. Where all of them run, each has much to do
at a time, and to change between them more often is lost time.
"""

_COLLECT_AFTER = {"api": (10_000, 20, 100), "worker": (500_000, 20, 100)}
"""Calls and facts leave few cycles, and a search through all that lives stops an API for tens of milliseconds."""


@dataclass(frozen=True, kw_only=True)
class Service(Generic[S]):
    """What a service's `__main__` declares.

    `create_app` and `loops` are the places (`package.module:name`) of functions of the settings that make the API and
    the worker's loops by name; they are looked up by the process that needs them, so that a worker starts without
    FastAPI.
    """

    name: str
    settings: type[S]
    create_app: str
    loops: str
    migrations: str
    database_url: Callable[[S], str]
    port: Callable[[S], int]


def main(service: Service[S], arguments: Sequence[str] | None = None) -> int:
    """Run one command; a bad setting is one clear line and exit code 2."""
    parser = argparse.ArgumentParser(prog=f"python -m services.{service.name}")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("api", help="serve the HTTP API")
    worker = commands.add_parser("worker", help="run the background loops")
    chosen = worker.add_mutually_exclusive_group()
    chosen.add_argument("--only", action="append", metavar="LOOP", help="run this loop only; may be repeated")
    chosen.add_argument(
        "--except", action="append", dest="but", metavar="LOOP", help="run all but this loop; may be repeated"
    )
    migrate = commands.add_parser("migrate", help="bring the database schema up to date")
    migrate.add_argument("--check", action="store_true", help="fail when tables in code and history differ")
    migrate.add_argument(
        "--applied", action="store_true", help="fail until the schema is this version's or a later one's"
    )
    migrate.add_argument("--new", metavar="MESSAGE", help="write a revision from the difference")
    options = parser.parse_args(arguments)
    try:
        settings = service.settings()
        configure_logging(f"{service.name}-{options.command}", settings.log_level)
        return _run(service, settings, options)
    except ValidationError as error:
        return _refuse(service, explain(error))
    except (ValueError, SQLAlchemyError, OSError) as error:
        return _refuse(service, str(error).partition("\n")[0])


def _run(service: Service[S], settings: S, options: argparse.Namespace) -> int:
    match options.command:
        case "api":
            from shared.http.server import serve

            allow_open_files()
            sys.setswitchinterval(_SWITCH_S)
            app = resolve_name(service.create_app)(settings)
            _collect_seldom(options.command)
            serve(app, host=settings.host, port=service.port(settings))
            return 0
        case "worker":
            allow_open_files()
            loops = _chosen(resolve_name(service.loops)(settings), options.only, options.but)
            _collect_seldom(options.command)
            if options.but:
                sys.setswitchinterval(_SWITCH_S)
            return run_worker(loops, port=settings.worker_port, host=settings.host)
        case _:
            database = Database(service.database_url(settings), page_bytes=settings.page_bytes)
            return _migrate(database, service.migrations, options)


def _chosen(loops: Mapping[str, Loop], only: Sequence[str] | None, but: Sequence[str] | None) -> Mapping[str, Loop]:
    named = set(only or but or ())
    if unknown := named - set(loops):
        raise ValueError(f"no loop {', '.join(sorted(unknown))}; there are {', '.join(loops)}")
    return {name: loop for name, loop in loops.items() if not named or (name in named) == bool(only)}


def _collect_seldom(command: str) -> None:
    """What the process is made of lives as long as it does, and what it works on is mostly freed without a search."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECT_AFTER[command])


def _migrate(database: Database, package: str, options: argparse.Namespace) -> int:
    # What migrates takes long to import, and a process that serves does without it.
    from shared.sql.migrations import check, is_applied, new_revision, upgrade

    if options.new:
        new_revision(database, package, options.new)
    elif options.check:
        check(database, package)
    elif options.applied:
        if not is_applied(database, package):
            raise ValueError("the schema is older than this version; run migrate")
    else:
        upgrade(database, package)
    return 0


def _refuse(service: Service[S], reason: str) -> int:
    print(f"rapport {service.name}: {reason}", file=sys.stderr)  # noqa: T201 - a command's one line
    return 2
