"""The half hours of a year as one picture: a column per day, a pixel per half hour from 0:00 down, the deeper the more.

PNG with a palette, written by zlib alone. Colours are those of site.css. What is missing is a checked ground that no amount has,
so it is told from it without colour too; what is below zero has a colour of its own. Amounts are sorted into round steps, which the
table lists with how many half hours lie in each. Under the days that are doubtful runs a strip, and their amounts do not stretch the
steps: one slip of a unit would leave the year without a picture.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, cached_property
from itertools import pairwise
from pathlib import Path

from pipelines.reports.chart_data import Caption, ChartTable
from pipelines.reports.chart_marks import number, ticks

SLOTS = 48
STYLE = Path(__file__).with_name("pages") / "assets" / "site.css"
MISSING = ("yellow-400", "blue-1200")  # by turns, like a chess board
BELOW_ZERO = "magenta-800"
GROUND, DOUBTFUL = "yellow-50", "red-1000"  # of the strip: behind everything else in the palette
STRIP = 4  # pixels: the upper half is ground
MILLION = 1_000_000
STEPS = tuple(f"blue-{n}" for n in (50, 100, 200, 300, 400, 500, 600, 700, 800, 900, 1000, 1100))
FIRST = len(MISSING) + 1  # the place of the lowest step in the palette


@dataclass(frozen=True, kw_only=True)
class HalfHours:
    """Days of 48 amounts each in millionths of the rule's unit, none where one is missing; ``step`` and ``slots``: headings of the table.

    ``doubtful``: the numbers of days not to be trusted, from 0.

    Raises:
        ValueError: A day has not 48 half hours.
    """

    caption: Caption
    days: Sequence[Sequence[int | None]]
    doubtful: frozenset[int] = frozenset()
    doubtful_days: str = ""
    more: str = ""  # behind the lowest amount of the last step, where doubtful days go beyond it
    step: str
    slots: str
    below_zero: str

    def __post_init__(self) -> None:
        if any(len(day) != SLOTS for day in self.days):
            raise ValueError(f"{self.caption.key}: a day has {SLOTS} half hours")

    def edges(self) -> tuple[Decimal, ...]:
        """Return where the steps begin and the last one ends, in the printed unit: of the days that can be trusted, where there are any."""
        return self._edges

    def places(self) -> list[bytes]:
        """Return the place of each half hour in the palette, by day."""
        return self._places

    @cached_property
    def _edges(self) -> tuple[Decimal, ...]:
        trusted = _known(day for n, day in enumerate(self.days) if n not in self.doubtful) or _known(self.days)
        return ticks([Decimal(0), self._printed(max(trusted, default=0))], len(STEPS))

    @cached_property
    def _places(self) -> list[bytes]:
        width, top = int(self._edges[1] * self.caption.rule.per * MILLION), len(self._edges) - 2
        place: dict[int | None, int] = {  # the most belongs to the last step
            v: len(MISSING) if v < 0 else FIRST + min(v // width, top) for v in _known(self.days)
        }
        found = []
        for first, day in enumerate(self.days):
            if None in day:
                turns = enumerate(day, start=first)
                found.append(bytes([n % len(MISSING) if value is None else place[value] for n, value in turns]))
            else:
                found.append(bytes(map(place.__getitem__, day)))
        return found

    def _printed(self, millionths: int) -> Decimal:
        return self.caption.scaled(Decimal(max(millionths, 0)) / MILLION)

    def table(self) -> ChartTable:
        """Return how many half hours lie in each step, below zero, and are missing; and how many days are doubtful, where any is."""
        edges, counted = self.edges(), Counter(b"".join(self.places()))
        steps = [f"{number(low)}–{number(high)}" for low, high in pairwise(edges)]
        if self._printed(max(_known(self.days), default=0)) > edges[-1]:
            steps[-1] = f"{number(edges[-2])}{self.more}"
        rows = [(words, Decimal(counted[FIRST + n])) for n, words in enumerate(steps)]
        missing = Decimal(sum(counted[n] for n in range(len(MISSING))))
        rows += [(self.below_zero, Decimal(counted[len(MISSING)])), (self.caption.unknown, missing)]
        rows += [(self.doubtful_days, Decimal(len(self.doubtful)))] if self.doubtful else []
        return ChartTable((self.caption.headed(self.step), self.slots), tuple(rows))

    def swatches(self) -> list[tuple[str, ...]]:
        """Return the colours of each row of the table as #rrggbb: two by turns for what is missing."""
        names = [*((name,) for name in _shown(len(self.edges()) - 1)), (BELOW_ZERO,), MISSING]
        names += [(DOUBTFUL,)] if self.doubtful else []
        return [tuple(f"#{_colours()[name].hex()}" for name in row) for row in names]


def png(chart: HalfHours) -> bytes:
    """Return the picture: as wide as there are days, 48 high and higher by the strip where a day is doubtful.

    Raises:
        ValueError: There is no day; the page says so in words.
    """
    if not chart.days:
        raise ValueError(f"{chart.caption.key}: no day to draw")
    shown = (*MISSING, BELOW_ZERO, *_shown(len(chart.edges()) - 1), GROUND, DOUBTFUL)
    palette = b"".join(_colours()[name] for name in shown)
    ground, mark = len(shown) - 2, len(shown) - 1
    pixels = [bytes(line) for line in zip(*chart.places(), strict=True)]
    if chart.doubtful:
        strip = bytes(mark if n in chart.doubtful else ground for n in range(len(chart.days)))
        pixels += [bytes([ground]) * len(chart.days)] * (STRIP // 2) + [strip] * (STRIP - STRIP // 2)
    lines = b"".join(b"\0" + line for line in pixels)
    head = struct.pack(">IIBBBBB", len(chart.days), len(pixels), 8, 3, 0, 0, 0)
    parts = ((b"IHDR", head), (b"PLTE", palette), (b"IDAT", zlib.compress(lines, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, body) for kind, body in parts)


def _known(days: Iterable[Sequence[int | None]]) -> set[int]:
    """The different amounts of days."""
    every: set[int | None] = set().union(*days)
    return {value for value in every if value is not None}


def _shown(steps: int) -> list[str]:
    """The colours of so many steps, spread over all of them."""
    return [STEPS[n * (len(STEPS) - 1) // max(steps - 1, 1)] for n in range(steps)]


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


@cache
def _colours() -> dict[str, bytes]:
    """The colours of site.css by their names."""
    found = re.findall(r"--color-primitive-([a-z]+-\d+): #([0-9a-f]{6});", STYLE.read_text(encoding="utf-8"))
    return {name: bytes.fromhex(value) for name, value in found}
