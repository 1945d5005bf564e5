"""Look at a file's bytes once: its hash, whether it is a table at all, its encoding, its first lines.

A file is read in chunks; nothing about it is believed
from its name, which only words what cannot be read. Archives and workbooks are looked at by their
directory before anything is unpacked: how much they would become, and from how little.
"""

from __future__ import annotations

import codecs
import hashlib
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from pipelines.history import kept
from pipelines.settings.city import Limits
from pipelines.sources.layouts import xml_tokens
from pipelines.sources.layouts.head import split_lines

CHUNK = 262_144
HEAD_BYTES = 65_536
HEAD_LINES = 40
TAIL_BYTES = 1_024
# What people look at and nothing here reads: kept as evidence of the values that name it.
DOCUMENTS = {
    b"\x89PNG": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"GIF8": "GIF",
    b"%PDF": "PDF",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
}
HEIC = (b"ftypheic", b"ftypmif1", b"ftypheix")  # behind the four bytes of a length, as telephones write pictures
SIGNATURES = {
    b"7z\xbc\xaf": "7-Zip",
    b"Rar!": "RAR",
    b"\x1f\x8b": "gzip",
}
ZIP = b"PK\x03\x04"
# The record at the end of an archive, with a comment behind it at most; in it the length of the directory, or where that is stated.
ZIP_END, ZIP_END_BYTES, END_BYTES = b"PK\x05\x06", 22, 65_535 + 256
ZIP64_END, ZIP64_END_BYTES, WIDE = b"PK\x06\x06", 56, 0xFFFFFFFF
# What the directory says of one member: 46 bytes and its name, beside remarks that nobody needs.
MOST_LISTED_BYTES = 1_024
# the stream that holds the contents of an Office file with a password
# a page saved under the name of a table, as portals do whose session has ended
HTML = re.compile(
    rb"(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body|table)\b", re.IGNORECASE | re.DOTALL
)
# endings of kinds that are no text, asked only where the bytes are no text either: what to tell of such a file
BINARY_ENDINGS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods", ".zip", ".pdf")
PROTECTED = "EncryptedPackage".encode("utf-16-le")
WORKBOOK_PARTS = frozenset({"xl/workbook.xml", "xl/workbook.bin", "content.xml"})
# how JIS (ISO-2022-JP) goes over to kanji
JIS_SHIFTS = (b"\x1b$B", b"\x1b$@")
OLE = b"\xd0\xcf\x11\xe0"
MARK = codecs.BOM_UTF8
# Signs that a program puts between pages or behind the end, or that would break a line of ours: such a file is rewritten.
CONTROLS = (b"\x01", b"\x0b", b"\x0c", b"\x1a", b"\x1c", b"\x1d", b"\x1e", b"\x1f")
# What ends a line, or (Ctrl-Z of DOS) a file; two bytes each in UTF-16.
ENDS = (b"\n", b"\r", b"\x1a")
BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


@dataclass(slots=True)
class Inspected:
    """What the bytes of a file tell.

    ``kind`` is ``text``, ``workbook``, ``xml``, ``zip`` or ``other``; ``root`` is the root element of XML; ``problem``
    is a rule of the register with its numbers when the file cannot be read at all; ``plain`` means DuckDB can read the
    lines as they are; ``last_line`` is the last one that is not empty; ``ends_open`` means that nothing ends the last line, which may
    then be cut off.
    """

    path: Path
    sha256: str = ""
    size: int = 0
    kind: str = "text"
    encoding: str = "utf-8"
    plain: bool = True
    quoted: bool = False
    lines: int = 0
    last_line: int = 0
    ends_open: bool = False
    head: list[str] = field(default_factory=list)
    root: str = ""
    problem: tuple[str, dict[str, object]] | None = None
    trait: tuple[int, int] = (0, 0)

    def has_changed(self) -> bool:
        """Tell whether the file is no longer the one that was looked at: grown, replaced or gone."""
        try:
            return bool(self.sha256) and _trait(self.path) != self.trait
        except OSError:
            return True


def _trait(path: Path) -> tuple[int, int]:
    stat = path.stat()
    return stat.st_size, stat.st_mtime_ns


@dataclass(slots=True)
class _Traits:
    """What accumulates over the chunks of one file."""

    newlines: int = 0
    ascii_only: bool = True
    utf8: bool = True
    quotes: bool = False
    nuls: bool = False
    lone_returns: bool = False
    control: bool = False
    marks: int = 0
    pairs: int = 0
    longest_gap: int = 0
    tail: bytes = b""


def inspect(path: Path, limits: Limits) -> Inspected:
    """Read a file once and say what it is.

    Args:
        path: The file.
        limits: Largest size and longest line.

    Returns:
        The findings about the bytes; ``problem`` names the rule when it cannot be read as a table.
    """
    result = Inspected(path)
    try:
        result.trait = _trait(path)
        result.size = result.trait[0]
        if result.size > limits.file_bytes:
            result.sha256 = kept.hash_of(path)
            return _refuse(result, "file_too_large", size=result.size, limit=limits.file_bytes)
        with path.open("rb") as stream:
            head = stream.read(HEAD_BYTES)
            stream.seek(0)
            return _look(result, head, stream, limits)
    except OSError as error:
        return _refuse(result, "unreadable_file", found=error.strerror or type(error).__name__)


def _look(result: Inspected, head: bytes, stream: BinaryIO, limits: Limits) -> Inspected:
    digest = hashlib.sha256()
    traits = _Traits()
    decoder = codecs.getincrementaldecoder("utf-8")()
    run = 0
    for chunk in iter(lambda: stream.read(CHUNK), b""):
        digest.update(chunk)
        run = _scan(chunk, traits, decoder, run)
    result.sha256 = digest.hexdigest()
    if traits.utf8 and decoder.getstate()[0]:  # cut off inside a character
        traits.utf8 = False
    if not head.strip(b"\0 \r\n\t"):
        return _refuse(result, "empty_file")
    if document := "HEIC" if head[4:12] in HEIC else _begun(DOCUMENTS, head.lstrip()):
        return _refuse(result, "document", found=document)
    if binary := "HTML" if HTML.match(_bare(head)) else _begun(SIGNATURES, head):
        return _refuse(result, "not_a_table", found=binary)
    if head.startswith(OLE):
        result.kind = "workbook"
        return _refuse(result, "protected_workbook") if PROTECTED in head or _holds(result.path, PROTECTED) else result
    if head.startswith(ZIP):
        return _as_archive(result, limits)
    return _as_xml(result) if _bare(head).startswith(b"<") else _as_text(result, head, traits, limits)


def _begun(marks: Mapping[bytes, str], head: bytes) -> str:
    """Return the name of the format whose mark the first bytes are, or nothing."""
    return next((name for mark, name in marks.items() if head.startswith(mark)), "")


def _as_archive(result: Inspected, limits: Limits) -> Inspected:
    """Tell a workbook from an archive by its directory, and refuse one that would become too large."""
    try:
        if (listed := _directory_bytes(result.path)) > limits.zip_members * MOST_LISTED_BYTES:
            return _refuse(
                result, "archive_too_many", found=f"> {listed // MOST_LISTED_BYTES}", limit=limits.zip_members
            )
        with zipfile.ZipFile(result.path) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        return _refuse(result, "broken_archive", found=str(error)[:160])
    size = sum(member.file_size for member in members)
    ratio = size // max(1, sum(member.compress_size for member in members))
    if len(members) > limits.zip_members:
        return _refuse(result, "archive_too_many", found=len(members), limit=limits.zip_members)
    if size > limits.unzipped_bytes or ratio > limits.zip_ratio:
        return _refuse(result, "archive_too_large", size=size, ratio=ratio, limit=limits.zip_ratio)
    names = {member.filename for member in members}
    result.kind = "workbook" if names & WORKBOOK_PARTS else "zip"
    return result


def _directory_bytes(path: Path) -> int:
    """Return how long an archive says its directory is, which would be read whole."""
    size = path.stat().st_size
    with path.open("rb") as stream:
        stream.seek(max(0, size - END_BYTES))
        tail = stream.read()
    place = tail.rfind(ZIP_END)
    if place < 0 or len(tail) - place < ZIP_END_BYTES:
        return 0  # no archive: opening it says so
    stated = int.from_bytes(tail[place + 12 : place + 16], "little")
    wide = tail.rfind(ZIP64_END)
    if wide >= 0 and len(tail) - wide >= ZIP64_END_BYTES:
        stated = max(stated % WIDE, int.from_bytes(tail[wide + 40 : wide + 48], "little"))
    return stated


def _as_xml(result: Inspected) -> Inspected:
    from pipelines.sources.layouts import xml_documents

    result.kind = "xml"
    try:
        xml_tokens.measure(result.path)
        result.root = xml_documents.root_of(result.path)
    except xml_tokens.LongTokenError:
        return _refuse(result, "xml_long_token", limit=xml_tokens.LONGEST)
    except (xml_documents.BrokenDocumentError, xml_tokens.DocumentTypeError) as error:
        return _refuse(result, "broken_xml", found=str(error))
    return result


def _bare(head: bytes) -> bytes:
    """The first bytes without a byte order mark and blanks (an XML document in UTF-16 keeps its zeros out of the way)."""
    for mark, _ in BOMS:
        head = head.removeprefix(mark)
    return head.replace(b"\0", b"").lstrip()


def _holds(path: Path, words: bytes) -> bool:
    """Tell whether a file holds some bytes, looking through it in chunks."""
    with path.open("rb") as stream:
        tail = b""
        for chunk in iter(lambda: stream.read(CHUNK), b""):
            if words in tail + chunk:
                return True
            tail = chunk[-len(words) :]
    return False


def _scan(chunk: bytes, traits: _Traits, decoder: codecs.IncrementalDecoder, run: int) -> int:
    """Note the traits of one chunk; ``run`` is the length of the line that is still open."""
    traits.newlines += chunk.count(b"\n")
    if traits.utf8 and not (traits.ascii_only and chunk.isascii()):
        traits.ascii_only = False
        try:
            decoder.decode(chunk)
        except UnicodeDecodeError:
            traits.utf8 = False
    traits.quotes = traits.quotes or b'"' in chunk
    traits.nuls = traits.nuls or b"\0" in chunk
    traits.control = traits.control or any(sign in chunk for sign in CONTROLS)
    traits.marks += chunk.count(MARK)
    open_return = traits.tail.endswith(b"\r")
    if b"\r" in chunk or open_return:
        returns = chunk.count(b"\r") + open_return - chunk.endswith(b"\r")
        pairs = chunk.count(b"\r\n") + (open_return and chunk.startswith(b"\n"))
        traits.lone_returns = traits.lone_returns or returns > pairs
        traits.pairs += pairs
    traits.tail = chunk[-TAIL_BYTES:]
    return _longest_line(chunk, traits, run)


def _longest_line(chunk: bytes, traits: _Traits, run: int) -> int:
    """Look for long lines cheaply: only where a whole window has no line end."""
    window = 16_384
    position, open_from = 0, -run
    while position < len(chunk):
        found = chunk.find(b"\n", position, position + window)
        if found >= 0:
            traits.longest_gap = max(traits.longest_gap, found - open_from)
            last = chunk.rfind(b"\n", position, position + window)
            open_from = last + 1
        position += window
    traits.longest_gap = max(traits.longest_gap, len(chunk) - open_from)
    return len(chunk) - open_from


def _as_text(result: Inspected, head: bytes, traits: _Traits, limits: Limits) -> Inspected:
    result.encoding = _encoding(result.path, head, traits)
    if not result.encoding:
        if (ending := result.path.suffix.casefold()) in BINARY_ENDINGS:
            return _refuse(result, "not_its_ending", ending=ending)
        return _refuse(result, "unknown_encoding", place=_first_bad_byte(result.path))
    if traits.longest_gap > limits.line_bytes:
        return _refuse(result, "line_too_long", limit=limits.line_bytes)
    result.lines = traits.newlines + (not traits.tail.endswith(b"\n"))
    result.last_line = result.lines - max(0, traits.tail[len(traits.tail.rstrip(b"\r\n")) :].count(b"\n") - 1)
    result.quoted = traits.quotes
    utf8 = result.encoding in ("utf-8", "utf-8-sig")
    mixed = 0 < traits.pairs < traits.newlines or traits.marks > (result.encoding == "utf-8-sig")
    result.plain = utf8 and not (traits.quotes or traits.nuls or traits.lone_returns or traits.control or mixed)
    result.ends_open = _ends_open(traits.tail, result.encoding)
    text = codecs.getincrementaldecoder(result.encoding)(errors="replace").decode(head)
    result.head = split_lines(text.replace("\0", "").replace("\ufeff", ""))[:HEAD_LINES]
    return result


def _ends_open(tail: bytes, encoding: str) -> bool:
    """Tell whether nothing ends the last line."""
    if encoding.startswith("utf-16"):
        return tail[-2:] not in {pair for end in ENDS for pair in (end + b"\0", b"\0" + end)}
    return tail.rstrip(b"\0")[-1:] not in ENDS


def _encoding(path: Path, head: bytes, traits: _Traits) -> str:
    for mark, name in BOMS:
        if head.startswith(mark):
            return name if _decodes(path, name) else ""
    zeros = {"utf-16-le": head[1::2].count(0), "utf-16-be": head[0::2].count(0)}
    wide = max(zeros, key=lambda name: zeros[name])
    if traits.nuls and zeros[wide] > len(head) // 16:  # the zeros of letters and digits, even among many Japanese words
        return wide if _decodes(path, wide) else ""
    if traits.ascii_only and any(shift in head for shift in JIS_SHIFTS) and _decodes(path, "iso2022_jp"):
        return "iso2022_jp"
    if traits.utf8:
        return "utf-8"
    if _is_euc(head) and _decodes(path, "euc_jp"):
        return "euc_jp"
    return "cp932" if _decodes(path, "cp932") else ""


def _is_euc(head: bytes) -> bool:
    """Tell EUC-JP from cp932: no byte that only cp932 has, and kana or bytes that half-width kana of cp932 never are.

    Whatever is taken for cp932 wrongly has unreadable words, and is told for these; never other numbers.
    """
    high = [byte for byte in head if byte >= 0x80]
    if any(byte <= 0xA0 and byte not in (0x8E, 0x8F) for byte in high):
        return False
    return any(byte >= 0xE0 or byte in (0xA4, 0xA5) for byte in high)


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        with path.open("rb") as stream:
            for chunk in iter(lambda: stream.read(CHUNK), b""):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
    except UnicodeError:
        return False
    return True


def _first_bad_byte(path: Path) -> int:
    with path.open("rb") as stream:
        head = stream.read(4)
        stream.seek(0)
        encoding = next((name for mark, name in BOMS if head.startswith(mark)), "cp932")
        decoder, before = codecs.getincrementaldecoder(encoding)(), 0
        while True:
            chunk = stream.read(CHUNK)
            held = len(decoder.getstate()[0])
            try:
                decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                return before - held + error.start + 1
            before += len(chunk)
            if not chunk:
                return 0


def _refuse(result: Inspected, rule_id: str, **numbers: object) -> Inspected:
    result.kind = "other"
    result.problem = (rule_id, numbers)
    return result
