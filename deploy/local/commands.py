"""`run` and `mail`, and how each ends."""

from __future__ import annotations

import argparse
import signal
import sys
from email import message_from_bytes, policy
from typing import NoReturn

from rich.console import Console

from deploy.local.configuration import configure, unknown_variables
from deploy.local.console import keep_watch, show_addresses
from deploy.local.mail_catcher.mailbox import Mailbox
from deploy.local.refusals import CannotStart
from deploy.local.suite import Suite

_HELP = "mail with the local catcher, when RAPPORT_SMTP_URL is not set"


def main() -> int:
    """Run until Ctrl-C or SIGTERM, which raise KeyboardInterrupt; 1 after one line when the suite cannot be started."""
    parser = argparse.ArgumentParser(prog="python -m deploy.local")
    parser.add_argument("--mail-port", type=int, default=8125, help=_HELP)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("run", help="start the suite and keep it running until Ctrl-C")
    mail = commands.add_parser("mail", help="show what the mail catcher caught")
    mail.add_argument("--last", type=int, default=1, metavar="N", help="the last N messages")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, _end)
    try:
        return _show_mail(options.last) if options.command == "mail" else _run(options.mail_port)
    except CannotStart as refusal:
        print(f"rapport: {refusal}", file=sys.stderr)
        return 1


def _run(mail_port: int) -> int:
    console = Console(highlight=False)
    for name in unknown_variables():
        console.print(f"{name} is set, but no service reads it", style="yellow")
    console.print("Starting Rapport ...")
    with Suite(configure(mail_port=mail_port)) as suite:
        try:
            suite.wait_until_ready(lambda line: console.print(f"  {line}"))
            show_addresses(suite, console)
            console.print("Ready. Ctrl-C ends it.", style="green")
            keep_watch(suite, console)
        finally:
            console.print("Ending ...")
    return 0


def _show_mail(number: int) -> int:
    latest = Mailbox(configure().mailbox).latest(number)
    if not latest:
        print("No letter has been caught yet.")
    for caught in reversed(latest):
        message = message_from_bytes(caught.content, policy=policy.default)
        body = message.get_body(("plain", "html"))
        print(f"{'-' * 78}\nFrom: {message['From']}\nTo: {message['To']}\nSubject: {message['Subject']}\n")
        print(body.get_content() if body else "")
    return 0


def _end(*_: object) -> NoReturn:
    raise KeyboardInterrupt
