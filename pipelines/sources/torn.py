"""Tell whether a text file's last line, which nothing ends, may be cut off: 118 may be all that came of 11834.

Cells that are missing, or a last cell that is a quantity, a period or a unit, hold back what they touch, unless the file itself shows
that the cell is whole (a closing quote, the column's only unit, dates or decimals of one fixed length), or city.toml says of the source
that its files always end so (``ends_without_newline``).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.layout_spec import TIMES
from pipelines.sources.head import Recognised, split_line_at, split_lines
from pipelines.sources.inspect_file import Inspected

TAIL_BYTES = 8_192
FELLOWS = 20
LEAST_FELLOWS = 3
ALWAYS_SO = "#ends_without_newline"
PERIODS = frozenset({"start", "end", "time", *TIMES})
WHOLE_LINE = -1
_FIXED_DATE = re.compile(r"[0-9]{4}([-/.])[0-9]{2}\1[0-9]{2}(?:[ T][0-9]{2}:[0-9]{2}(?::[0-9]{2})?)?")
_DECIMALS = re.compile(r"[^.]*[0-9]\.([0-9]+)")


@dataclass(frozen=True, slots=True)
class Torn:
    """What of the last line is held back: a column from 1, or the whole line (-1); the line as it stands there."""

    place: int
    raw: str


def find(inspected: Inspected, recognised: Recognised, delimiter: str, wanted: str) -> Torn | None:
    """Return what of the last line may be cut off, or nothing."""
    if not inspected.ends_open or ALWAYS_SO in wanted:
        return None
    lines = split_lines(_tail(inspected))
    if inspected.size <= TAIL_BYTES:
        lines = lines[recognised.header_line :]
    if not lines or not lines[-1].strip() or (inspected.quoted and lines[-1].rstrip().endswith('"')):
        return None
    cells = split_line_at(lines[-1], delimiter)
    place, text = len(cells), cells[-1]
    fellows = [row for line in lines[-1 - FELLOWS : -1] if len(row := split_line_at(line, delimiter)) == place]
    raw = lines[-1][:160]
    if place < recognised.width and not fellows:
        return Torn(WHOLE_LINE, raw)
    if recognised.read is not None or not text:
        return Torn(place, raw) if recognised.read is not None and text else None
    others = [row[-1] for row in fellows if row[-1]]
    if any(slot.position == place for slot in recognised.slots):
        return None if _has_their_decimals(text, others) else Torn(place, raw)
    role = next((role for role, column in recognised.columns.items() if column == place), "")
    whole = text in others if role == "unit" else role not in PERIODS or _has_their_form(text, others)
    return None if whole else Torn(WHOLE_LINE, raw)


def _tail(inspected: Inspected) -> str:
    with inspected.path.open("rb") as stream:
        stream.seek(max(0, inspected.size - TAIL_BYTES))
        text = stream.read().decode(inspected.encoding.removesuffix("-sig"), errors="ignore")
    return text.replace("\0", "").replace("\ufeff", "")


def _has_their_decimals(text: str, others: Sequence[str]) -> bool:
    """Tell whether all figures of a column have as many decimals as this one: a digit less would show."""
    counts = {len(match.group(1)) if (match := _DECIMALS.fullmatch(other)) else 0 for other in (text, *others)}
    return len(others) >= LEAST_FELLOWS and len(counts) == 1 and 0 not in counts


def _has_their_form(text: str, others: Sequence[str]) -> bool:
    """Tell whether all dates of a column are written in the fixed length of this one."""
    return bool(others) and all(_FIXED_DATE.fullmatch(each) and len(each) == len(text) for each in (text, *others))
