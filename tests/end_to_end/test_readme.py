"""The first requests of README.md, run as they stand there against a suite of their own."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.local.configuration import SETTINGS, configure
from deploy.local.suite import Suite
from tests.support.guides import blocks, run_in
from tests.support.real_servers import free_ports


@pytest.fixture
def suite(tmp_path: Path) -> Iterator[Suite]:
    """The four services with their workers, on free ports and an empty folder."""
    *ports, mail_port = free_ports(len(SETTINGS) + 1)
    chosen: dict[str, Any] = {f"{name}_port": port for name, port in zip(SETTINGS, ports, strict=True)}
    with Suite(configure(mail_port=mail_port, data_dir=tmp_path / "var", **chosen)) as running:
        running.wait_until_ready(print, timeout_s=180)
        yield running


def answers_to(script: str, folder: Path) -> list[Any]:
    """What each request was answered; shorter where one failed and ended the script."""
    done = run_in(folder, script)
    return [json.loads(answer) for answer in re.sub(r"}\s*{", "}\n{", done.stdout).splitlines()]


@pytest.mark.timeout(400)
@pytest.mark.usefixtures("suite")
def test_each_request_is_answered_with_what_it_promises(tmp_path: Path) -> None:
    (script,) = (block for block in blocks("README.md") if ". var/dev.env" in block)
    for _ in range(5):  # a busy machine takes longer than the script sleeps; every request may be sent again
        answers = answers_to(script, tmp_path)
        if len(answers) == 7 and answers[4]["data"] and answers[5]["data"][-1]["size"]:
            break
    accepted, profile, segment, run, scores, segments, template = answers
    assert accepted == {"success": True}
    assert {"kind": "user_id", "value": "u-1"} in profile["identifiers"]
    assert profile["purchases"]["spent_minor"] == {"GBP": 4250}
    assert segment["name"] == "Bought this week"
    assert run["state"] == "queued"
    assert {score["profile_id"] for score in scores["data"]} == {profile["id"]}
    assert segments["data"][-1]["size"] == 1
    assert set(template["variants"]) == {"en", "zh-TW"}
