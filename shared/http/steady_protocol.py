"""HTTP/1.1 for clients that would rather speak another protocol: what they wish for changes nothing."""

from __future__ import annotations

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class SteadyProtocol(HttpToolsProtocol):
    """For which `Upgrade` is but a wish (RFC 9110, section 7.8).

    The parser ends at such a request: its body, and every later one, would be lost. Java's HttpClient and
    `curl --http2` wish for h2c in the first request of each connection.
    """

    def data_received(self, data: bytes) -> None:
        self._unset_keepalive_if_required()
        try:
            self._feed(memoryview(data))
        except httptools.HttpParserError:
            self.send_400_response("")

    def on_headers_complete(self) -> None:
        if not self._is_told_again():
            super().on_headers_complete()

    def on_message_complete(self) -> None:
        if not self._is_told_again():
            super().on_message_complete()

    def _is_told_again(self) -> bool:
        """Whether the same request follows without the wish; CONNECT has no other meaning, and is refused."""
        return bool(self.parser.should_upgrade()) and self.parser.get_method() != b"CONNECT"

    def _feed(self, data: memoryview) -> None:
        while data:
            try:
                self.parser.feed_data(data)
                return
            except httptools.HttpParserUpgrade as ended:
                data = data[ended.args[0] :]
                self._begin_again()

    def _begin_again(self) -> None:
        """With a parser that has heard of no wish."""
        head = self._head() if self._is_told_again() else b""
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn has it
        self.parser.feed_data(head)

    def _head(self) -> bytes:
        start = b"%b %b HTTP/%b" % (self.parser.get_method(), self.url, self.parser.get_http_version().encode())
        kept = (b"%b: %b" % header for header in self.headers if header[0] != b"upgrade")
        return b"\r\n".join((start, *kept, b"", b""))
