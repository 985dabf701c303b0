"""The demo: play a year through the suite, check every count, write the report."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path
from typing import NoReturn

from rich.console import Console

from deploy.demo import online_retail
from deploy.demo.checks import failed
from deploy.demo.data_folder import data_folder
from deploy.demo.failures import DemoFailed
from deploy.demo.findings import Findings
from deploy.demo.player import MAX_EVENT_BYTES
from deploy.demo.progress import Narrator
from deploy.demo.report.page import write_report
from deploy.demo.suite_api import SuiteApi
from deploy.demo.summing_up import show
from deploy.demo.year import Telling, Year, read_year
from deploy.local.configuration import SETTINGS, Configuration, configure
from deploy.local.mail_catcher.mailbox import Mailbox
from deploy.local.preflight import free_ports
from deploy.local.refusals import CannotStart
from deploy.local.suite import Suite

_A_YEAR_H = 8760


def main() -> int:
    """0 when every count is as it must be; 1 when one is not or a service failed; 130 after Ctrl-C."""
    options = _options()
    signal.signal(signal.SIGTERM, _end)
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 110)
    try:
        with data_folder(options.data_dir) as folder:
            return _demo(options, folder, Narrator(console))
    except (DemoFailed, CannotStart, OSError, ValueError) as reason:
        print(f"rapport demo: {reason}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        console.print("Ended; nothing is left running.")
        return 130


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m deploy.demo", description=__doc__)
    parser.add_argument("--data", type=Path, default=online_retail.PATH, help="Parquet with Online Retail's columns")
    parser.add_argument("--data-dir", type=Path, default=Path("var/demo"), help="emptied, then filled (%(default)s)")
    parser.add_argument("--mail-port", type=int, default=8125, help="of the mail catcher, where it is free")
    parser.add_argument("--one-in", type=int, default=1, metavar="N", help="play one customer in N only")
    return parser.parse_args()


def _demo(options: argparse.Namespace, folder: Path, narrator: Narrator) -> int:
    narrator.say("Reading the year ...")
    year = read_year(options.data, one_in=options.one_in)
    configuration = _configuration(folder, options.mail_port)
    narrator.say("Starting the suite ...")
    with Suite(configuration) as suite, suite.kept_alive():
        suite.wait_until_ready(lambda line: narrator.say(f"  {line}"))
        findings = _play(year, suite, narrator)
    report = folder / "report.html"
    write_report(findings, report)
    show(findings, narrator.console)
    narrator.say(f"Report: {report.absolute()}")
    narrator.say(f"The suite has ended. To look at the same data: RAPPORT_DATA_DIR={folder} make run")
    return 1 if failed(findings.checks) else 0


def _play(year: Year, suite: Suite, narrator: Narrator) -> Findings:
    configuration, keys = suite.configuration, suite.keys
    urls = {name: configuration.url(name) for name in configuration.ports}
    with SuiteApi(urls, api_key=keys.api_key, write_key=keys.write_key) as api:
        return Telling(year, api, narrator, Mailbox(configuration.mailbox)).tell()


def _configuration(folder: Path, mail_port: int) -> Configuration:
    """The usual ports where they are free. The letters go to the demo's own catcher whatever the environment says."""
    os.environ.pop("RAPPORT_SMTP_URL", None)
    usual = configure()
    *ports, mail_port = free_ports(usual.host, [*usual.ports.values(), mail_port])
    return configure(
        mail_port=mail_port,
        data_dir=folder,
        events_max_event_bytes=MAX_EVENT_BYTES,
        scoring_run_every_hours=_A_YEAR_H,  # the demo asks for its run itself
        **{f"{name}_port": port for name, port in zip(SETTINGS, ports, strict=True)},
    )


def _end(*_: object) -> NoReturn:
    raise KeyboardInterrupt
