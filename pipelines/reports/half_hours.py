"""The half hours of a year as one picture: a column per day, a pixel per half hour from 0:00 down, the deeper the more.

PNG with a palette, written by zlib alone. Colours are those of site.css. What is missing is a checked ground that no amount has,
so it is told from it without colour too; what is below zero has a colour of its own. Amounts are sorted into round steps, which the
table lists with how many half hours lie in each.
"""

from __future__ import annotations

import re
import struct
import zlib
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from functools import cache
from itertools import pairwise
from pathlib import Path

from pipelines.reports.chart_data import Caption, ChartTable
from pipelines.reports.chart_marks import number, ticks

SLOTS = 48
STYLE = Path(__file__).with_name("pages") / "assets" / "site.css"
MISSING = ("yellow-400", "blue-1200")  # by turns, like a chess board
BELOW_ZERO = "magenta-800"
STEPS = tuple(f"blue-{n}" for n in (50, 100, 200, 300, 400, 500, 600, 700, 800, 900, 1000, 1100))
FIRST = len(MISSING) + 1  # the place of the lowest step in the palette


@dataclass(frozen=True, slots=True, kw_only=True)
class HalfHours:
    """Days of 48 amounts each, none where one is missing; ``step`` and ``slots``: headings of the table.

    Raises:
        ValueError: A day has not 48 half hours.
    """

    caption: Caption
    days: tuple[tuple[Decimal | None, ...], ...]
    step: str
    slots: str
    below_zero: str

    def __post_init__(self) -> None:
        if any(len(day) != SLOTS for day in self.days):
            raise ValueError(f"{self.caption.key}: a day has {SLOTS} half hours")

    def edges(self) -> tuple[Decimal, ...]:
        """Return where the steps begin and the last one ends, in the printed unit."""
        known = [self.caption.scaled(value) for day in self.days for value in day if value is not None]
        return ticks([Decimal(0), max(known, default=Decimal(0))], len(STEPS))

    def places(self) -> list[list[int]]:
        """Return the place of each half hour in the palette, by day."""
        edges = self.edges()
        width, top = edges[1], len(edges) - 2
        return [
            [self._place(value, width, top, n + m) for m, value in enumerate(day)] for n, day in enumerate(self.days)
        ]

    def _place(self, value: Decimal | None, width: Decimal, top: int, turn: int) -> int:
        if value is None:
            return turn % len(MISSING)
        if value < 0:
            return len(MISSING)
        step = int((self.caption.scaled(value) / width).to_integral_value(ROUND_FLOOR))
        return FIRST + min(step, top)  # the highest amount belongs to the last step

    def table(self) -> ChartTable:
        """Return how many half hours lie in each step, below zero, and are missing."""
        edges, places = self.edges(), [place for day in self.places() for place in day]
        steps = [f"{number(low)}–{number(high)}" for low, high in pairwise(edges)]
        counted = [(words, Decimal(places.count(FIRST + n))) for n, words in enumerate(steps)]
        missing = Decimal(sum(place < len(MISSING) for place in places))
        ends = [(self.below_zero, Decimal(places.count(len(MISSING)))), (self.caption.unknown, missing)]
        return ChartTable((self.caption.headed(self.step), self.slots), (*counted, *ends))


def png(chart: HalfHours) -> bytes:
    """Return the picture: as wide as there are days, 48 high.

    Raises:
        ValueError: There is no day; the page says so in words.
    """
    if not chart.days:
        raise ValueError(f"{chart.caption.key}: no day to draw")
    steps = len(chart.edges()) - 1
    shown = [STEPS[n * (len(STEPS) - 1) // max(steps - 1, 1)] for n in range(steps)]
    palette = b"".join(_colours()[name] for name in (*MISSING, BELOW_ZERO, *shown))
    lines = b"".join(b"\0" + bytes(line) for line in zip(*chart.places(), strict=True))
    head = struct.pack(">IIBBBBB", len(chart.days), SLOTS, 8, 3, 0, 0, 0)
    parts = ((b"IHDR", head), (b"PLTE", palette), (b"IDAT", zlib.compress(lines, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, body) for kind, body in parts)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


@cache
def _colours() -> dict[str, bytes]:
    """The colours of site.css by their names."""
    found = re.findall(r"--color-primitive-([a-z]+-\d+): #([0-9a-f]{6});", STYLE.read_text(encoding="utf-8"))
    return {name: bytes.fromhex(value) for name, value in found}
