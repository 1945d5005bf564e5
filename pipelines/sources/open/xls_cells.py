"""How large the sheets of an .xls are, told by its records before anything is laid out.

Rules: MS-CFB 2.2 to 2.6 (header, FAT, directory, mini stream), MS-XLS 2.4 (BOF, Dimensions and the records of cells). Read as a stream.
A file whose structure is not understood here is not measured: it is opened within the limits of the process that reads it.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from pipelines.sources.open.sheet_xml import Traits

OLE = b"\xd0\xcf\x11\xe0"
STREAMS = ("Workbook", "Book")
LAST_SECTOR = 0xFFFFFFFA  # from here on a number is no sector
IN_HEADER = 109
BEGINS, DIMENSIONS, SEVERAL = 0x0809, 0x0200, 0x00BD
# FORMULA, NUMBER, LABEL, BOOLERR, RK, LABELSST, RSTRING and MULRK: what has a value
CELLS = frozenset({0x0006, 0x0406, 0x0203, 0x0204, 0x0205, 0x027E, 0x00FD, 0x00D6, SEVERAL})


def sheets(path: Path) -> list[Traits]:
    """Return the area of each part of the workbook stream: that of its cells, or the one it claims where that is larger; empty: unknown."""
    try:
        with path.open("rb") as stream:
            return list(_measured(_Container(stream, path.stat().st_size).workbook()))
    except (struct.error, IndexError, ValueError, EOFError):
        return []


def _measured(content: Iterator[bytes]) -> Iterator[Traits]:
    found = Traits()
    for kind, record in _records(content):
        if kind == BEGINS:
            yield found
            found = Traits()
        elif kind == DIMENSIONS and len(record) >= 14:
            top, bottom, left, right = struct.unpack_from("<IIHH", record)
            found.claimed = max(0, bottom - top) * max(0, right - left)
        elif kind in CELLS and len(record) >= 4:
            row, column = struct.unpack_from("<HH", record)
            last = struct.unpack_from("<H", record, len(record) - 2)[0] if kind == SEVERAL else column
            found.cells += max(1, last - column + 1)
            found.height, found.width = max(found.height, row + 1), max(found.width, last + 1)
    yield found


def _records(content: Iterator[bytes]) -> Iterator[tuple[int, bytes]]:
    rest = b""
    for piece in content:
        rest += piece
        at = 0
        while len(rest) - at >= 4:
            kind, size = struct.unpack_from("<HH", rest, at)
            if len(rest) - at - 4 < size:
                break
            yield kind, rest[at + 4 : at + 4 + size]
            at += 4 + size
        rest = rest[at:]


class _Container:
    """The compound file: which sectors a stream lies in."""

    def __init__(self, stream: BinaryIO, size: int) -> None:
        self.stream = stream
        head = stream.read(512)
        if not head.startswith(OLE):
            raise ValueError("no compound file")
        shift, mini_shift = struct.unpack_from("<HH", head, 30)
        if shift not in (9, 12) or mini_shift != 6:
            raise ValueError("another size of sectors")
        self.sector, self.mini = 1 << shift, 1 << mini_shift
        self.most = size // self.sector + 1
        directory, self.cutoff, mini_fat, more = (struct.unpack_from("<I", head, at)[0] for at in (48, 56, 60, 68))
        tables = [number for number in struct.unpack_from(f"<{IN_HEADER}I", head, 76) if number < LAST_SECTOR]
        while more < LAST_SECTOR and len(tables) <= self.most:
            *numbers, more = struct.unpack(f"<{self.sector // 4}I", self._read(more))
            tables += [number for number in numbers if number < LAST_SECTOR]
        self.fat = array("I")
        for number in tables[: self.most]:
            self.fat.frombytes(self._read(number))
        self.mini_fat = array("I", b"".join(self._follow(mini_fat)))
        self.entries = b"".join(self._follow(directory))

    def workbook(self) -> Iterator[bytes]:
        """Yield the content of the workbook's stream."""
        found: dict[str, tuple[int, int]] = {}
        for at in range(0, len(self.entries) - 127, 128):
            length = struct.unpack_from("<H", self.entries, at + 64)[0]
            name = self.entries[at : at + max(0, length - 2)].decode("utf-16-le", "replace")
            found.setdefault(name, struct.unpack_from("<II", self.entries, at + 116))
        start, size = next(found[name] for name in STREAMS if name in found) if found.keys() & set(STREAMS) else (0, 0)
        if size >= self.cutoff:
            return self._follow(start)
        whole = b"".join(self._follow(struct.unpack_from("<I", self.entries, 116)[0]))
        return (
            whole[number * self.mini : (number + 1) * self.mini]
            for number in self._chain(start, self.mini_fat, len(whole) // self.mini)
        )

    def _follow(self, start: int) -> Iterator[bytes]:
        for number in self._chain(start, self.fat, self.most):
            yield self._read(number)

    def _chain(self, start: int, table: array[int], most: int) -> Iterator[int]:
        passed = 0
        while start < LAST_SECTOR:
            passed += 1
            if passed > most:
                raise ValueError("a chain without end")
            yield start
            start = table[start]

    def _read(self, number: int) -> bytes:
        self.stream.seek((number + 1) * self.sector)
        content = self.stream.read(self.sector)
        if len(content) < self.sector and number + 1 < self.most - 1:
            raise EOFError
        return content.ljust(self.sector, b"\0")
