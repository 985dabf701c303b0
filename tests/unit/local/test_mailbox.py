"""Caught mail is on disk before the sender hears so."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from deploy.local.mail_catcher.mailbox import Caught, Mailbox, MailboxWriter


def caught(number: int) -> Caught:
    return Caught(f"<{number}@shop.example>", "shop@shop.example", ("a@example.com", "b@example.com"), b"\xff\r\n")


def test_an_acknowledged_message_can_be_read_at_once(tmp_path: Path) -> None:
    writer = MailboxWriter(tmp_path / "mail" / "caught.db")
    writer.append(caught(1)).result(timeout=10)
    assert list(Mailbox(tmp_path / "mail" / "caught.db").messages()) == [caught(1)]
    writer.close()


def test_messages_stay_in_order_and_copies_are_kept(tmp_path: Path) -> None:
    writer = MailboxWriter(tmp_path / "caught.db")
    pending = [writer.append(caught(number)) for number in (3, 1, 3, 2)]
    writer.close()
    assert all(future.done() for future in pending)
    box = Mailbox(tmp_path / "caught.db")
    assert [message.message_id[1] for message in box.messages()] == ["3", "1", "3", "2"]
    assert box.count() == 4
    assert [message.message_id[1] for message in box.latest(2)] == ["2", "3"]


def test_what_cannot_be_kept_is_told_to_the_sender_and_the_next_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "caught.db"
    writer = MailboxWriter(path)
    with closing(sqlite3.connect(path)) as saboteur, saboteur:
        saboteur.execute("ALTER TABLE messages RENAME TO hidden")
    assert isinstance(writer.append(caught(1)).exception(timeout=30), sqlite3.Error)
    with closing(sqlite3.connect(path)) as saboteur, saboteur:
        saboteur.execute("ALTER TABLE hidden RENAME TO messages")
    writer.append(caught(2)).result(timeout=30)
    writer.close()
    assert Mailbox(path).count() == 1
