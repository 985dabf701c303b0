"""Mail servers of every kind: secured, asking for a password, slow to greet, of few words, or none at all."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from services.messaging.adapters.smtp.server import parse_smtp_url
from services.messaging.adapters.smtp.transport import SmtpTransport
from services.messaging.domain.addresses import parse_address
from services.messaging.domain.campaigns import Sender
from services.messaging.domain.deliveries import Answer, Delivery
from services.messaging.domain.letters import Letter
from services.messaging.domain.templates import Rendered
from shared.clock import utc_now
from shared.ids import new_id
from tests.integration.messaging.certificates import Certificate, certificate_for
from tests.integration.messaging.mail_server import MailServer

PASSWORD = "open sesame"


def send(url: str, *recipients: str) -> list[Delivery]:
    """What became of one letter to each of `recipients`."""
    letters = [
        Letter(new_id(), Sender("shop@example.com"), parse_address(to), Rendered("en", "Hi", None, "Hello"))
        for to in recipients or ("jane@example.com",)
    ]
    transport = SmtpTransport(parse_smtp_url(url), clock=utc_now)
    try:
        answers = transport.send(letters)
    finally:
        transport.close()
    return [answers[letter.message_id] for letter in letters]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return certificate_for(tmp_path_factory.mktemp("certificates"))


def secured(certificate: Certificate, how: str) -> tuple[MailServer, str]:
    """A server that shows `certificate`, at once or after STARTTLS, and its URL."""
    if how == "smtps":
        server = MailServer(ssl_context=certificate.context)
        return server, f"smtps://127.0.0.1:{server.port}?timeout=5"
    server = MailServer(tls_context=certificate.context, require_starttls=True)
    return server, f"smtp://127.0.0.1:{server.port}?starttls&timeout=5"


@pytest.mark.parametrize("how", ["smtps", "starttls"])
def test_a_secured_server_takes_letters_once_its_certificate_is_trusted(certificate: Certificate, how: str) -> None:
    server, url = secured(certificate, how)
    with server:
        answers = send(f"{url}&ca={certificate.path}", *(f"c{index}@example.com" for index in range(20)))
    assert {each.answer for each in answers} == {Answer.ACCEPTED}
    assert len(server.accepted) == 20


@pytest.mark.parametrize("how", ["smtps", "starttls"])
def test_a_certificate_that_nobody_vouches_for_gets_nothing(certificate: Certificate, how: str) -> None:
    server, url = secured(certificate, how)
    with server:
        (said,) = send(url)
    assert said.answer is Answer.UNREACHED
    assert said.reply.startswith("the mail server's certificate is not trusted: self")
    assert not server.accepted


def test_a_certificate_for_another_address_gets_nothing(tmp_path: Path) -> None:
    other = certificate_for(tmp_path, "127.0.0.9")
    server, url = secured(other, "smtps")
    with server:
        (said,) = send(f"{url}&ca={other.path}")
    assert said.answer is Answer.UNREACHED
    assert "IP address mismatch" in said.reply
    assert not server.accepted


def test_a_server_without_starttls_gets_neither_letter_nor_password() -> None:
    with MailServer() as server:
        (said,) = send(f"smtp://user:{PASSWORD.replace(' ', '%20')}@127.0.0.1:{server.port}?starttls&timeout=5")
    assert said.answer is Answer.UNREACHED
    assert "STARTTLS was answered 454" in said.reply
    assert not server.accepted


def test_certificates_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    server = parse_smtp_url(f"smtps://127.0.0.1?ca={tmp_path}/none.pem")
    with pytest.raises(ValueError, match=r"no certificates can be read from .*none\.pem"):
        SmtpTransport(server, clock=utc_now)


def asking(mechanism: str) -> MailServer:
    """A server that wants a password by one mechanism."""

    def check(_server: SMTP, _session: Session, _envelope: Envelope, used: str, login: object) -> AuthResult:
        good = isinstance(login, LoginPassword) and (login.login, login.password) == (b"us@er", PASSWORD.encode())
        return AuthResult(success=good and used == mechanism, handled=False)

    others = {"PLAIN", "LOGIN"} - {mechanism}
    return MailServer(
        authenticator=check, auth_required=True, auth_require_tls=False, auth_exclude_mechanism=sorted(others)
    )


@pytest.mark.filterwarnings("ignore:Requiring AUTH:UserWarning")
@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_a_password_is_given_as_the_server_takes_it(mechanism: str) -> None:
    with asking(mechanism) as server:
        (said,) = send(f"smtp://us%40er:open%20sesame@127.0.0.1:{server.port}?timeout=5")
        (refused,) = send(f"smtp://us%40er:wrong@127.0.0.1:{server.port}?timeout=5")
    assert said.answer is Answer.ACCEPTED
    assert refused.answer is Answer.UNREACHED
    assert refused.reply.startswith("LoginRefused: AUTH was answered 535")


def test_addresses_beyond_ascii_need_a_server_that_takes_them() -> None:
    with MailServer() as server:
        answers = send(server.url, "王@example.com", "jane@例え.jp")
    assert [each.answer for each in answers] == [Answer.ACCEPTED] * 2
    assert {address for address, _ in server.accepted} == {"王@example.com", "jane@xn--r8jz45g.jp"}
    with MailServer(enable_SMTPUTF8=False) as server:
        answers = send(server.url, "王@example.com", "jane@例え.jp")
    assert answers[0] == Delivery(Answer.REFUSED, "the server takes no addresses beyond ASCII")
    assert answers[1].answer is Answer.ACCEPTED


@contextmanager
def speaking(*words: bytes) -> Iterator[str]:
    """The URL of a listener that says `words` to whoever connects, hears once after each, and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def talk() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with connection:
                    for word in words:
                        connection.sendall(word)
                        if not connection.recv(65_536):
                            break

        thread = Thread(target=talk, daemon=True)
        thread.start()
        yield f"smtp://127.0.0.1:{listening.getsockname()[1]}?timeout=0.3&connections=1"
        listening.shutdown(socket.SHUT_RDWR)
    thread.join(5)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ((b"",), "did not answer within 0.3 s"),
        ((b"HTTP/1.1 400 Bad Request\r\n",), "does not speak SMTP"),
        ((b"421 too busy\r\n",), "421 too busy"),
        ((b"554 go away\r\n",), "554 go away"),
        ((b"220-" + b"x" * 70_000,), "endless line"),
        ((b"220-more\r\n" * 200,), "endless reply"),
        ((b"220 hi\r\n", b"502 what?\r\n"), "EHLO was answered 502"),
        ((b"220 hi\r\n", b"250 hi\r\n"), "closed the connection"),
    ],
)
def test_what_is_no_mail_server_puts_letters_off_with_its_own_words(words: tuple[bytes, ...], reason: str) -> None:
    with speaking(*words) as url:
        (said,) = send(url)
    assert said.answer is Answer.UNREACHED
    assert reason in said.reply


def test_a_server_that_closes_for_lack_of_work_is_opened_again() -> None:
    with MailServer() as server:
        transport = SmtpTransport(parse_smtp_url(server.url), clock=utc_now)
        for number in range(3):
            letter = Letter(
                new_id(), Sender("shop@example.com"), parse_address("a@b.example"), Rendered("en", "Hi", None, "x")
            )
            assert transport.send([letter])[letter.message_id].answer is Answer.ACCEPTED
            server.stop()
            server.start()
            assert len(server.accepted) == number + 1
        transport.close()
