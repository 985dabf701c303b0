"""The suite on the embedded bus and SQLite, for faults that leave it standing; whoever kills for good takes its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.mail_sink import MailSink
from tests.support.suite import Suite


@pytest.fixture(scope="module")
def sink() -> Iterator[MailSink]:
    """The mail server that the shared suite sends through."""
    with MailSink() as sink:
        yield sink


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory, sink: MailSink) -> Iterator[Suite]:
    """All processes, shared by the tests of a module; leave it running and caught up."""
    with Suite(tmp_path_factory.mktemp("suite"), {"RAPPORT_SMTP_URL": sink.url}) as suite:
        yield suite
