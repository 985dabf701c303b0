"""The examples of docs/campaigns.md, run as they stand there against an API and a worker of their own."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.support.mail_sink import MailSink
from tests.support.suite import API_KEY, ROOT, Suite

GUIDE = ROOT / "docs" / "campaigns.md"
USUAL = {"profile": "http://127.0.0.1:8101", "messaging": "http://127.0.0.1:8102"}


def script(suite: Suite) -> str:
    """Every shell block of the guide, with this suite's addresses and key."""
    blocks = re.findall(r"```sh\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    text = "\n".join(blocks).replace(". var/dev.env\n", "")
    for service, usual in USUAL.items():
        assert usual in text
        text = text.replace(usual, suite.url(service))
    return text


@pytest.mark.timeout(300)
def test_the_guides_campaign_is_tried_out_launched_and_ended(tmp_path: Path) -> None:
    environment = os.environ | {"RAPPORT_DEV_API_KEY": API_KEY}
    with (
        MailSink() as mail,
        Suite(tmp_path / "suite", {"RAPPORT_SMTP_URL": mail.url}, services=tuple(USUAL)) as suite,
    ):
        done = subprocess.run(
            ["bash", "-euo", "pipefail"], input=script(suite), env=environment, cwd=tmp_path,
            capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "歐陽娜娜小姐" in done.stdout
    assert '"outcome":"accepted"' in done.stdout
    (message,) = mail.received
    assert (message["To"], message["Subject"]) == ("Jane Smith <me@shop.example>", "[Test] We miss you, Jane")
