"""The examples of docs/campaigns.md, run as they stand there against an API and a worker of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.guides import blocks, run_examples
from tests.support.mail_sink import MailSink
from tests.support.suite import Suite


@pytest.mark.timeout(300)
def test_the_guides_campaign_is_tried_out_launched_and_ended(tmp_path: Path) -> None:
    with (
        MailSink() as mail,
        Suite(tmp_path / "suite", {"RAPPORT_SMTP_URL": mail.url}, services=("profile", "messaging")) as suite,
    ):
        said = run_examples("\n".join(blocks("docs/campaigns.md")), suite, tmp_path)
    assert "歐陽娜娜小姐" in said
    assert '"outcome":"accepted"' in said
    (message,) = mail.received
    assert (message["To"], message["Subject"]) == ("Jane Smith <me@shop.example>", "[Test] We miss you, Jane")
