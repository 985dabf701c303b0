"""The mail catcher as its own process, spoken to over SMTP."""

from __future__ import annotations

import smtplib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path

import pytest

from deploy.local.mail_catcher.mailbox import Mailbox
from tests.support.real_servers import free_ports

ROOT = Path(__file__).parents[3]


@contextmanager
def catcher(mailbox: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    options = ["--port", str(port), "--mailbox", str(mailbox)]
    process = subprocess.Popen([sys.executable, "-m", "deploy.local.mail_catcher", *options], cwd=ROOT)
    try:
        wait_for(port)
        yield process
    finally:
        process.terminate()
        process.wait(30)


def wait_for(port: int) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        else:
            return


@pytest.fixture
def port() -> int:
    (port,) = free_ports(1)
    return port


def message(number: int) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"] = "shop@shop.example", f"customer-{number}@example.com"
    mail["Subject"], mail["Message-ID"] = "謝謝您", f"<{number}@shop.example>"
    mail.set_content("王小明先生：\n\n.謝謝您\n")
    return mail


def test_what_was_accepted_survives_kill_9(tmp_path: Path, port: int) -> None:
    box = tmp_path / "mail" / "caught.db"
    with catcher(box, port) as process, smtplib.SMTP("127.0.0.1", port) as smtp:
        for number in range(50):
            assert smtp.send_message(message(number)) == {}
        process.kill()
    caught = list(Mailbox(box).messages())
    assert [mail.message_id for mail in caught] == [f"<{number}@shop.example>" for number in range(50)]
    assert caught[7].recipients == ("customer-7@example.com",)
    assert caught[7].content == message(7).as_bytes(policy=message(7).policy.clone(linesep="\r\n"))


def test_commands_may_be_sent_without_waiting(tmp_path: Path, port: int) -> None:
    with catcher(tmp_path / "caught.db", port), socket.create_connection(("127.0.0.1", port), timeout=30) as line:
        reader = line.makefile("rb")
        reader.readline()
        line.sendall(b"EHLO client.test\r\n")
        offered = set()
        while (answer := reader.readline())[3:4] == b"-":
            offered.add(answer[4:].strip())
        assert b"PIPELINING" in offered
        envelope = b"MAIL FROM:<a@x.test>\r\nRCPT TO:<b@x.test>\r\nDATA\r\n"
        line.sendall(envelope)
        replies = [reader.readline()[:3] for _ in range(3)]
        line.sendall(b"Message-ID: <1@x>\r\n\r\none\r\n.\r\n" + envelope)
        replies += [reader.readline()[:3] for _ in range(4)]
    assert replies == [b"250", b"250", b"354", b"250", b"250", b"250", b"354"]
    assert Mailbox(tmp_path / "caught.db").count() == 1


def test_a_taken_port_is_told_in_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        options = ["--port", str(taken.getsockname()[1]), "--mailbox", str(tmp_path / "caught.db")]
        command = [sys.executable, "-m", "deploy.local.mail_catcher", *options]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
