"""kill -9 of every process under load, on the embedded bus and SQLite.

`RAPPORT_FAULT_ROUNDS` and `RAPPORT_FAULT_EVENTS` make it long.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from tests.faults.siege import SETTINGS, besiege
from tests.support.mail_sink import MailSink
from tests.support.suite import Suite

pytestmark = [pytest.mark.faults, pytest.mark.timeout(0)]


def test_nothing_is_lost_or_doubled_when_each_process_is_killed(tmp_path: Path) -> None:
    with MailSink(pause_s=0.05) as sink:
        smtp = {"RAPPORT_SMTP_URL": f"{sink.url}?connections=2"}
        with Suite(tmp_path / "suite", SETTINGS | smtp) as suite:
            victims = ["messaging-worker", *suite.names]
            besiege(suite, sink, {f"{n}. {name}": partial(suite.restart, name) for n, name in enumerate(victims)})
