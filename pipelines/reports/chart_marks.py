"""What charts are drawn with: texts, boxes, strokes, scales and round steps, and the templates that write them down as SVG.

Positions are exact decimals until they are written, with two decimals of a pixel. Texts cannot be measured here, so their width is
guessed on the wide side: a full-width character is as wide as its size, any other 0.8 of it; what does not fit is cut with an ellipsis
and keeps its whole words in a title. A template holds no arithmetic, and colours stand in site.css alone.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

TEMPLATES = Path(__file__).with_name("chart_templates")
NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
CENT = Decimal("0.01")
BEFORE = {
    "start": Decimal(0),
    "middle": Decimal("0.5"),
    "end": Decimal(1),
}  # how much of a text stands before its point
# what each pattern draws on its ground, in a square of 8; pN is the N-th source of energy
PATTERNS = {
    "p0": "",
    "p1": "M -2 2 L 2 -2 M 0 8 L 8 0 M 6 10 L 10 6",
    "p2": "M 1 3 h 2 M 5 7 h 2",
    "p3": "M 0 2 H 8 M 0 6 H 8",
    "p4": "M -2 6 L 2 10 M 0 0 L 8 8 M 6 -2 L 10 2",
    "p5": "M 2 0 V 8 M 6 0 V 8",
    "p6": "M 0 0 L 8 8 M 0 8 L 8 0",
    "p7": "M 0 4 H 8 M 4 0 V 8",
    "rise": "M -2 2 L 2 -2 M 0 8 L 8 0 M 6 10 L 10 6",
    "fall": "M 0 2 H 8 M 0 6 H 8",
    "between": "M -2 2 L 2 -2 M 0 8 L 8 0 M 6 10 L 10 6",
    "missing": "M -2 2 L 2 -2 M 0 8 L 8 0 M 6 10 L 10 6",
}
FILLS = 8


@dataclass(frozen=True, slots=True)
class Paper:
    """The width of a drawing and the size of its letters, in pixels; site.css has the same sizes."""

    width: int
    size: int
    css: str = ""

    @property
    def is_narrow(self) -> bool:
        """Whether it is for phones."""
        return self.css == "chart-narrow"

    @property
    def line(self) -> Decimal:
        """The height of a line of text."""
        return Decimal(self.size) * Decimal("1.6")


WIDE, NARROW = Paper(960, 14, "chart-wide"), Paper(320, 12, "chart-narrow")


@dataclass(frozen=True, slots=True)
class Text:
    """Words at a point of their first line: ``anchor`` start, middle or end; ``whole``: what they were before they were cut."""

    x: Decimal
    y: Decimal
    words: str
    anchor: str = "start"
    css: str = ""
    whole: str = ""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle; ``fill``: the pattern it is filled with, none for what its class says."""

    x: Decimal
    y: Decimal
    width: Decimal
    height: Decimal
    css: str
    fill: str = ""


@dataclass(frozen=True, slots=True)
class Stroke:
    """A path of lines and its class."""

    d: str
    css: str


@dataclass(frozen=True, slots=True)
class Scale:
    """From a value to a position."""

    low: Decimal
    high: Decimal
    start: Decimal
    end: Decimal

    def at(self, value: Decimal) -> Decimal:
        """Return where a value lies."""
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)

    def box(self, one: Decimal, other: Decimal, across: tuple[Decimal, Decimal], css: str, fill: str = "") -> Box:
        """Return a standing box between two values; ``across``: its left edge and its width."""
        edges = sorted(self.at(value).quantize(CENT) for value in (one, other))
        return Box(across[0], edges[0], across[1], edges[1] - edges[0], css, fill)

    def lying(self, one: Decimal, other: Decimal, along: tuple[Decimal, Decimal], css: str, fill: str = "") -> Box:
        """Return a lying box between two values; ``along``: its upper edge and its height."""
        edges = sorted(self.at(value).quantize(CENT) for value in (one, other))
        return Box(edges[0], along[0], edges[1] - edges[0], along[1], css, fill)


def number(value: Decimal) -> str:
    """Return a figure as printed in Japan, with all its decimals: 1,234.5."""
    return f"{value or abs(value):,f}"


def path(*parts: str | Decimal | int) -> str:
    """Return letters and positions as a path."""
    return " ".join(part if isinstance(part, str) else _position(Decimal(part)) for part in parts)


def ticks(values: Iterable[Decimal], most: int) -> tuple[Decimal, ...]:
    """Return round steps (1, 2 or 5 of a power of ten) around all values, zero always among them, at most ``most`` intervals.

    Args:
        values: What must find room.
        most: Two or more, where there are values on both sides of zero.
    """
    every = [Decimal(0), *values]
    low, high = min(every), max(every)
    if low == high:
        high = Decimal(1)
    for power in count((high - low).adjusted() - 1):
        for digit in (1, 2, 5):
            step = Decimal(digit).scaleb(power)
            first = int((low / step).to_integral_value(ROUND_FLOOR))
            last = int((high / step).to_integral_value(ROUND_CEILING))
            if last - first <= most:
                return tuple(step * n for n in range(first, last + 1))
    raise AssertionError("some step is large enough")


def cleaned(words: str) -> str:
    """Return words with a sign for what XML cannot hold."""
    return NOT_IN_XML.sub("\N{REPLACEMENT CHARACTER}", words)


def width_of(words: str, size: int) -> Decimal:
    """Return about how wide words are as they will be written, rather too much than too little."""
    words = cleaned(words)
    wide = sum(unicodedata.east_asian_width(letter) in ("W", "F", "A") for letter in words)
    return size * (wide + (len(words) - wide) * Decimal("0.8"))


def fitted(words: str, room: Decimal, size: int) -> str:
    """Return as much of the words as there is room for, with an ellipsis where they were cut."""
    if width_of(words, size) <= room:
        return words
    words = words[: int(room / size * 2)]  # more never has room, and a name may be very long
    while words and width_of(f"{words}…", size) > room:
        words = words[:-1]
    return f"{words}…"


def text(
    x: Decimal, y: Decimal, words: str, paper: Paper, anchor: str = "start", css: str = "", room: Decimal | None = None
) -> Text:
    """Return words that stay on the paper: moved inwards where they would leave it, cut where there is no room for them."""
    short = fitted(words, min(Decimal(paper.width), room or Decimal(paper.width)), paper.size)
    left = width_of(short, paper.size) * BEFORE[anchor]
    right = width_of(short, paper.size) - left
    return Text(max(left, min(x, paper.width - right)), y, short, anchor, css, words if short != words else "")


def spread(texts: Sequence[Text], paper: Paper) -> list[Text]:
    """Return the first and the last of texts in a line, and those between for which there is room."""

    def span(one: Text) -> tuple[Decimal, Decimal]:
        width = width_of(one.words, paper.size)
        left = one.x - width * BEFORE[one.anchor]
        return left, left + width

    gap, kept, last = Decimal(paper.size) / 3, list(texts[:1]), texts[-1]
    for one in texts[1:]:
        left, right = span(one)
        if left >= span(kept[-1])[1] + gap and (one is last or right + gap <= span(last)[0]):
            kept.append(one)
    return kept


def disc(x: Decimal, y: Decimal, radius: Decimal, css: str) -> Stroke:
    """Return a disc around a point."""
    arc = ("a", radius, radius, "0 1 0")
    return Stroke(path("M", x - radius, y, *arc, radius * 2, 0, *arc, -radius * 2, 0, "Z"), css)


def shape(verdict: str, x: Decimal, y: Decimal, radius: Decimal) -> Stroke:
    """Return the mark of a verdict around a point: a disc, a cross or an empty triangle."""
    css, r = f"verdict-{verdict.replace('_', '-')}", radius
    shapes = {
        "achieved": disc(x, y, r, css),
        "not_achieved": Stroke(path("M", x - r, y - r, "L", x + r, y + r, "M", x - r, y + r, "L", x + r, y - r), css),
        "undeterminable": Stroke(path("M", x, y - r, "L", x + r, y + r, "H", x - r, "Z"), css),
    }
    return shapes[verdict]


def identifier(key: str, paper: Paper) -> str:
    """Return the id of a drawing, the same for the same chart and unlike that of its narrow form.

    Raises:
        ValueError: The key is no name that an id may have.
    """
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]*(?<!-narrow)", key):
        raise ValueError(
            f"{key!r}: a chart's key begins with a letter, has letters, digits, - and _, and is not narrow"
        )
    return f"{key}-narrow" if paper.is_narrow else key


def _position(value: Decimal) -> str:
    written = f"{value.quantize(CENT):f}".rstrip("0").rstrip(".")
    return "0" if written == "-0" else written


def _written(value: Any) -> Any:  # noqa: ANN401 - whatever a template names
    """Positions with two decimals; of words what XML can hold."""
    if isinstance(value, Decimal):
        return _position(value)
    return cleaned(value) if type(value) is str else value


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_written,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render(template: str, boxes: Iterable[Box] = (), **values: Any) -> Markup:  # noqa: ANN401 - what the template names
    """Return a drawing as markup that a page may take as it is; all words in it are escaped.

    Args:
        template: File name in chart_templates.
        boxes: All boxes of the drawing: the patterns they are filled with are defined in it.
        **values: What the template names.
    """
    used = {box.fill for box in boxes}
    values["patterns"] = {name: drawn for name, drawn in PATTERNS.items() if name in used}
    return Markup(_environment().get_template(template).render(**values))  # noqa: S704 - escaped by the template
