from __future__ import annotations

import email
import time
from datetime import UTC, datetime
from email import policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parseaddr

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from services.messaging.adapters.smtp.headers import text_header
from services.messaging.adapters.smtp.mime import mime_of
from services.messaging.adapters.smtp.server import parse_smtp_url
from services.messaging.domain.addresses import Address, parse_address
from services.messaging.domain.campaigns import Sender
from services.messaging.domain.errors import AddressInvalid, HeaderUnsafe
from services.messaging.domain.letters import Letter, with_way_out
from services.messaging.domain.plain_text import text_of_html
from services.messaging.domain.templates import LONGEST_BODY, Rendered

ID = "0193f0a2-9b11-7c22-8d33-4e44f5550666"
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
gently = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def parsed(
    *,
    subject: str = "Hi",
    text: str | None = "hello",
    html: str | None = None,
    name: str | None = None,
    url: str | None = None,
) -> tuple[bytes, EmailMessage]:
    letter = Letter(
        message_id=ID,
        sender=Sender("shop@example.com", name),
        to=Address("jane", "example.com"),
        to_name=name,
        rendered=Rendered("en", subject, html, text),
        unsubscribe_url=url,
    )
    raw = mime_of(letter, lambda: NOW)
    return raw, email.message_from_bytes(raw, policy=policy.default)


@gently
@given(st.text(st.characters(exclude_categories=["C", "Z"]) | st.just(" "), min_size=1, max_size=255))
def test_any_subject_arrives_as_it_was(subject: str) -> None:
    subject = " ".join(subject.split()) or "x"
    raw, message = parsed(subject=subject)
    assert message["Subject"] == subject
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= 78


@gently
@given(st.text(st.characters(exclude_categories=["C", "Z"]) | st.sampled_from(' ",;<>\\'), min_size=1, max_size=100))
def test_any_name_arrives_as_it_was(name: str) -> None:
    name = " ".join(name.split()) or "x"
    raw, _ = parsed(name=name)
    # The older parser: the newer one puts a space between encoded words of a folded phrase, against RFC 2047.
    shown, address = parseaddr(email.message_from_bytes(raw)["From"])
    assert (str(make_header(decode_header(shown))), address) == (name, "shop@example.com")


@gently
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=3_000), st.text(max_size=300))
def test_any_body_arrives_as_it_was(text: str, extra: str) -> None:
    page = f"<p>{extra.encode('utf-8', 'replace').decode()}</p>"
    raw, message = parsed(text=text, html=page)
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert html is not None

    def lines(body: str) -> list[str]:
        return body.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n").split("\n")

    assert lines(plain.get_payload(decode=True).decode()) == lines(text)  # type: ignore[union-attr]
    assert lines(html.get_payload(decode=True).decode()) == lines(page)  # type: ignore[union-attr]
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert b"\r" not in raw.replace(b"\r\n", b"")


@pytest.mark.parametrize("value", ["a\r\nBcc: x", "a\nb", "a\rb", "a\x00b", "a\x1bb"])
def test_a_header_with_control_characters_is_refused(value: str) -> None:
    with pytest.raises(HeaderUnsafe):
        text_header("Subject", value)
    with pytest.raises(HeaderUnsafe):
        parsed(name=value)


def test_a_long_way_out_stands_on_one_line() -> None:
    url = "https://mail.example.com/u/" + "x" * 200
    raw, _ = parsed(url=url)
    assert f"\r\nList-Unsubscribe: <{url}>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n".encode() in raw


def test_html_alone_brings_a_text_along() -> None:
    _, message = parsed(
        text=None, html='<head><style>x</style></head><p>Hi &amp; bye</p><a href="https://a.example">go</a>'
    )
    plain = message.get_body(("plain",))
    assert plain is not None
    assert plain.get_content().split() == ["Hi", "&", "bye", "go", "(https://a.example)"]


MARKUP = [
    "<",
    ">",
    "/",
    "!",
    "?",
    "[",
    "--",
    "=",
    '"',
    "'",
    "&",
    "#",
    "a",
    "p",
    "li",
    "href",
    "script",
    "title",
    " ",
    "\n",
]


@gently
@given(st.lists(st.sampled_from(MARKUP) | st.text(max_size=9)).map("".join))
@example("<p>Hi</p><![")
def test_any_markup_has_a_text(page: str) -> None:
    assert isinstance(text_of_html(page), str)


@pytest.mark.parametrize("piece", ["<a ", "<a x=", '<a href="', "<a ='", "<!--", "</a", "<![", "<", "<title", "<p>\n"])
def test_markup_that_never_ends_is_read_in_time_that_grows_with_its_length(piece: str) -> None:
    began = time.thread_time()
    text_of_html(piece * (LONGEST_BODY // len(piece)))
    assert time.thread_time() - began < 2.0


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("<ul><li>one<li>two</ul>", "- one\n- two\n"),
        ("<!-- a > b --><!DOCTYPE html><![if !mso]>shown<![endif]><!-->", "shown\n"),
        ("<SCRIPT>if (a<b) '</p>'</Script >shown<style>p{}", "shown\n"),
        ("<a title=' href=no' HREF = 'yes?a=1&amp;b=2' href=late>go</a>", "go (yes?a=1&b=2)\n"),
        ('<p class="a>b">1 < 2 &amp;&nbsp;3</p >', "1 < 2 & 3\n"),
        ("<title>x</title><titles>y</titles>", "y\n"),
    ],
)
def test_a_text_says_what_browsers_show(page: str, text: str) -> None:
    assert text_of_html(page) == text


def test_the_way_out_is_added_where_it_is_missing_and_left_where_it_stands() -> None:
    url = "https://x.example/u/a"
    page = f'<body><a href="{url}">out</a></body>'
    assert with_way_out(Rendered("en", "s", page, f"go {url}"), url) == Rendered("en", "s", page, f"go {url}")
    added = with_way_out(Rendered("zh-TW", "s", f"<body>hi<!-- {url} --></body>", "hi"), url)
    assert added.html is not None
    assert added.html.endswith(f'<a href="{url}">取消訂閱</a></p></body>')
    assert added.text == f"hi\n\n取消訂閱: {url}\n"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("Jane.Smith@Example.COM", "Jane.Smith@example.com"),
        (" a+b@example.com ", "a+b@example.com"),
        ("王@例え.jp", "王@xn--r8jz45g.jp"),
        ("a@日本。jp", "a@xn--wgv71a.jp"),
        ("a@STRAẞE.de", "a@xn--strae-oqa.de"),
        ("a@βόλος.gr", "a@xn--nxasmm1c.gr"),
    ],
)
def test_addresses_are_read(text: str, address: str) -> None:
    assert str(parse_address(text)) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "@",
        "a@",
        "@b.c",
        "a@b",
        "a b@c.de",
        "a@b..de",
        "a..b@c.de",
        ".a@c.de",
        "a@-b.de",
        "a@b.de\r\nRCPT TO:<x@y.z>",
    ]
    + [
        "<a@b.de>",
        '"a b"@c.de',
        "a@[127.0.0.1]",
        "a@127.0.0.1",
        "a@b.de,c@d.ef",
        "x" * 250 + "@b.de",
        "a@" + "b." * 130 + "de",
    ]
    + ["a\u2028b@c.de", "a\u200bb@c.de", "a@b.de\x00", "a@b\u200dc.de", "a@" + "ß" * 60 + ".de", None, 3],
)
def test_what_is_no_address_is_refused(text: object) -> None:
    with pytest.raises(AddressInvalid):
        parse_address(text)


@gently
@given(st.text(max_size=40), st.text(max_size=40))
def test_reading_an_address_never_lets_a_command_through(local: str, domain: str) -> None:
    try:
        address = str(parse_address(f"{local}@{domain}"))
    except AddressInvalid:
        return
    assert address.isprintable()
    assert not set('<>,;:"()[] \\') & set(address)
    assert str(parse_address(address)) == address


def test_smtp_urls() -> None:
    server = parse_smtp_url("smtp://us%40er:p%2Fw@mail.example.com:2525?starttls&connections=2")
    assert (server.user, server.password, server.port, server.security, server.connections) == (
        "us@er", "p/w", 2525, "starttls", 2,
    )  # fmt: skip
    assert "p/w" not in repr(server)
    assert parse_smtp_url("smtps://mail.example.com").port == 465
    for bad in ("http://x", "smtp://", "smtp://x?tls", "smtp://x?connections=0", "smtp://x/path", "smtp://x:99999"):
        with pytest.raises(ValueError):
            parse_smtp_url(bad)
