"""The bytes of a CSV file as lines of text, in the encoding that they are in, within bounded memory."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterable, Iterator

from services.events.adapters.files.suspicions import SuspiciousCells
from services.events.domain.imports.errors import UnusableFile

_LONGEST_LINE = 1024 * 1024
_MANY_ZEROS = 4
"""A text in UTF-16 has a zero for each character of ASCII, and more than one in so many bytes."""
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


class CsvLines:
    """The lines of a text in chunks of bytes; of one that is too long only as much as the reader needs to refuse it."""

    def __init__(self, chunks: Iterable[bytes], encoding: str) -> None:
        self.read_bytes = 0
        self.suspicions = SuspiciousCells()
        self._chunks = iter(chunks)
        self._encoding = encoding
        self._made = self._all()

    def __iter__(self) -> Iterator[str]:
        return self._made

    def __next__(self) -> str:
        return next(self._made)

    def _all(self) -> Iterator[str]:
        first = next(self._chunks, b"")
        encoding = _encoding_of(first, self._encoding)
        # Either way a row with what is left over is found again, and refused alone.
        leaving = "surrogatepass" if encoding.startswith("utf-16") else "surrogateescape"
        decoder = codecs.getincrementaldecoder(encoding)(leaving)
        rest, ending = "", None
        for chunk in _chained(first, self._chunks):
            self.read_bytes += len(chunk)
            text = rest + _decoded(decoder, chunk)
            ending = ending or ("\n" if "\n" in text or "\r" not in text else "\r")
            self.suspicions.look_at(text)
            whole, _, rest = text.rpartition(ending)
            if whole or text.startswith(ending):
                yield from io.StringIO(whole + ending, newline=ending)
            if len(rest) > _LONGEST_LINE:
                rest = rest[:_LONGEST_LINE]
        rest += _decoded(decoder, b"", final=True)
        if rest:
            self.suspicions.look_at(rest)
            yield rest


def _encoding_of(first: bytes, stated: str) -> str:
    """What a file is written in, by its mark, else as it was stated. Raises UnusableFile for what it cannot be."""
    marked = next((name for bom, name in _BOMS if first.startswith(bom)), None)
    if marked is not None:
        return marked
    if stated == "utf-16":
        return "utf-16-le" if first[1::2].count(0) >= first[::2].count(0) else "utf-16-be"
    if first.count(0) * _MANY_ZEROS > len(first):
        told = f"many of its bytes are 0, which is UTF-16 and not {stated}"
        raise UnusableFile(f'{told}; save it as UTF-8, or say `"encoding": "utf-16"` under `csv` of the mapping')
    return stated


def _decoded(decoder: codecs.IncrementalDecoder, chunk: bytes, *, final: bool = False) -> str:
    try:
        return decoder.decode(chunk, final)
    except UnicodeDecodeError as error:
        raise UnusableFile(f"the file is not {error.encoding}: {error.reason}") from error


def _chained(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    if first:
        yield first
    yield from rest
