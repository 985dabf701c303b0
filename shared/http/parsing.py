"""Reading requests where clients would rather speak another protocol: they are answered in HTTP/1.1."""

from __future__ import annotations

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class SteadyParser:
    """The parser of one connection, for which `Upgrade` is but a wish (RFC 9110, section 7.8).

    httptools ends at such a request: its body, and every later request, would be lost. Java's HttpClient and
    `curl --http2` wish for h2c in the first request of each connection.
    """

    def __init__(self, protocol: HttpToolsProtocol) -> None:
        self._protocol = protocol
        self._parser = _parser_for(protocol)

    def feed_data(self, data: bytes) -> None:
        """Tell the protocol what arrived. Raises httptools.HttpParserError."""
        rest = memoryview(data)
        while True:
            try:
                return self._parser.feed_data(rest)
            except httptools.HttpParserUpgrade as ended:
                head, rest = self._head(), rest[ended.args[0] :]
                self._parser = _parser_for(self._protocol)
                self._parser.feed_data(head)

    def is_told_twice(self) -> bool:
        """Whether the request will be told once more, without the wish."""
        return bool(self._parser.should_upgrade()) and self.get_method() != b"CONNECT"

    def should_upgrade(self) -> bool:
        """Never: uvicorn asks."""
        return False

    def get_method(self) -> bytes:
        """The method of the request."""
        return bytes(self._parser.get_method())

    def get_http_version(self) -> str:
        """Such as `1.1`."""
        return str(self._parser.get_http_version())

    def should_keep_alive(self) -> bool:
        """Whether the connection lasts longer than the request."""
        return bool(self._parser.should_keep_alive())

    def _head(self) -> bytes:
        start = b"%b %b HTTP/%b" % (self.get_method(), self._protocol.url, self.get_http_version().encode())
        kept = (b"%b: %b" % header for header in self._protocol.headers if header[0] != b"upgrade")
        return b"\r\n".join((start, *kept, b"", b""))


def _parser_for(protocol: HttpToolsProtocol) -> httptools.HttpRequestParser:
    parser = httptools.HttpRequestParser(protocol)
    parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn has it
    return parser
