"""The longest token of an XML document, measured as a stream before a parser sees it: expat before 2.6 is quadratic in it.

Expat begins a token anew with every piece of it that arrives, so a start tag, a comment or an instruction of many megabytes costs
minutes to hours. A token is measured here from one ``<`` to the next (a tag with the text behind it; no attribute may hold a ``<``),
comments, instructions and CDATA to their own end. No supplier's document comes near the limit.
"""

from __future__ import annotations

import codecs
import re
from pathlib import Path

LONGEST = 262_144
CHUNK = 262_144
ENDS = {b"<!--": b"-->", b"<![CDATA[": b"]]>", b"<?": b"?>"}
LONGEST_BEGINNING = len(b"<![CDATA[")
_BEGINNING = re.compile(rb"<\?|<!--|<!\[CDATA\[|<![A-Z]")


class LongTokenError(ValueError):
    """A document whose token is longer than any parser should be given."""


class DocumentTypeError(ValueError):
    """A document type, which no supplier's data needs."""


class Measure:
    """Fed with the bytes of a document, piece by piece.

    Raises:
        LongTokenError, DocumentTypeError: on the piece that shows it.
    """

    def __init__(self) -> None:
        self._decoder: codecs.IncrementalDecoder | None = None
        self._is_first = True
        self._since = 0  # bytes since the last "<", or since the beginning of what ``_until`` ends
        self._until = b""
        self._rest = b""

    def feed(self, chunk: bytes) -> None:
        """Measure on."""
        if self._is_first:
            self._is_first = False
            self._decoder = _wide(chunk)
        if self._decoder is not None:
            chunk = self._decoder.decode(chunk).encode("utf-8", "replace")
        for start in range(0, len(chunk), LONGEST // 2):
            self._measure(chunk[start : start + LONGEST // 2])

    def _measure(self, piece: bytes) -> None:
        piece = self._rest + piece
        # what may be the first half of a beginning or an end waits for the next piece
        keep = min(len(piece), LONGEST_BEGINNING - 1)
        last = len(piece) - keep
        at = 0
        while at < last:
            if self._until:
                end = piece.find(self._until, at)
                if end < 0 or end >= last:
                    self._grow(last - at)
                    at = last
                else:
                    self._grow(end - at)
                    at, self._until, self._since = end + len(self._until), b"", 0
                continue
            found = _BEGINNING.search(piece, at)
            upto = last if found is None or found.start() >= last else found.start()
            self._gaps(piece, at, upto)
            at = upto
            if found is not None and found.start() == upto < last:
                if found.group() not in ENDS:
                    raise DocumentTypeError("DTDForbidden")
                self._since, self._until, at = 0, ENDS[found.group()], found.end()
        self._rest = piece[at:]

    def _gaps(self, piece: bytes, start: int, end: int) -> None:
        """Measure from the last ``<`` to the first one here; those within are nearer than a piece is long."""
        first = piece.find(b"<", start, end)
        if first < 0:
            self._grow(end - start)
            return
        self._grow(first - start)
        self._since = 0
        self._grow(end - piece.rfind(b"<", start, end))

    def _grow(self, by: int) -> None:
        self._since += by
        if self._since > LONGEST:
            raise LongTokenError(f"> {LONGEST} bytes")


def measure(path: Path) -> None:
    """Measure a whole document.

    Raises:
        LongTokenError, DocumentTypeError: it has one.
    """
    measured = Measure()
    with path.open("rb") as stream:
        for chunk in iter(lambda: stream.read(CHUNK), b""):
            measured.feed(chunk)


def _wide(head: bytes) -> codecs.IncrementalDecoder | None:
    """Return what turns UTF-16 into text, with or without its mark; any other encoding an XML parser takes holds ASCII as it is."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return codecs.getincrementaldecoder("utf-16")("replace")
    if head[:1] == b"\0":
        return codecs.getincrementaldecoder("utf-16-be")("replace")
    if head[1:2] == b"\0":
        return codecs.getincrementaldecoder("utf-16-le")("replace")
    return None
