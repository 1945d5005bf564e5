"""Tell whether a text file's last line, which nothing ends, may be cut off: 118 may be all that came of 11834, M12 of M123.

Cells that are missing, or a last cell that says how much, whose, when or what, hold back what they touch, unless the file itself shows
that the cell is whole (a closing quote; a word of the column, or of the role, that no other one continues; dates or decimals of one
fixed length; an empty cell below empty ones), or city.toml says of the source that its files always end so (``ends_without_newline``).
Money, power and a total beside the value cost only themselves, and notes (also as a line of their own) nothing.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from pipelines.settings.layout import SIDE_ROLES, TIMES
from pipelines.sources.layouts.cell_words import AGREED_WORDS
from pipelines.sources.layouts.head import Recognised, split_line_at, split_lines
from pipelines.sources.open.inspect_file import Inspected

TAIL_BYTES = 8_192
LEAST_FELLOWS = 3
ALWAYS_SO = "#ends_without_newline"
MOMENTS = frozenset({"start", "end", "time", "issued", *TIMES})
FIGURES = frozenset({"quantity", "index_before", "index_after", "moisture"})
DECIDES_NOTHING = frozenset({"note"})
BESIDE = SIDE_ROLES | {"total"}
WHOLE_LINE = -1
_FIXED_MOMENT = re.compile(
    r"[0-9]{4}([-/.])[0-9]{2}\1[0-9]{2}(?:[ T][0-9]{2}:[0-9]{2}(?::[0-9]{2})?)?|[0-9]{2}:[0-9]{2}(?::[0-9]{2})?"
)
_NOTE = re.compile(r"(?:※|＊|[（(]注[)）意記]|注[：:意記]|備考[：:\s])")
_DECIMALS = re.compile(r"[^.]*[0-9]\.([0-9]+)")


@dataclass(frozen=True, slots=True)
class Torn:
    """What of the last line is held back: a column from 1, or the whole line (-1); the line as it stands there."""

    place: int
    raw: str


def find(inspected: Inspected, recognised: Recognised, delimiter: str, wanted: str) -> Torn | None:
    """Return what of the last line may be cut off, or nothing."""
    lines = split_lines(_tail(inspected)) if inspected.ends_open and ALWAYS_SO not in wanted else []
    if inspected.size <= TAIL_BYTES:
        lines = lines[recognised.header_line :]
    if not lines or not lines[-1].strip() or (inspected.quoted and lines[-1].rstrip().endswith('"')):
        return None  # nothing stands there, or what stands there is closed
    cells = split_line_at(lines[-1], delimiter)
    if _NOTE.match(cells[0]) and not any(cells[1:]):
        return None
    place, text, raw = len(cells), cells[-1], lines[-1][:160]
    above = [row for line in lines[:-1] if line.strip() and len(row := split_line_at(line, delimiter)) > 1]
    fellows = [row[-1] for row in above if len(row) == place]
    if recognised.read is not None:
        return _torn_matrix(recognised, Torn(place, raw), text)
    if place < recognised.width and (not fellows or any(len(row) > place for row in above)):
        return Torn(WHOLE_LINE, raw)
    roles = {role for role, column in recognised.columns.items() if column == place} - DECIDES_NOTHING
    if any(slot.position == place for slot in recognised.slots):
        roles = {"quantity"}
    cut = [role for role in roles if not _is_whole(role, text, fellows, recognised)]
    costs_itself_only = BESIDE | {"quantity"}
    return Torn(place if costs_itself_only.issuperset(cut) else WHOLE_LINE, raw) if cut else None


def _torn_matrix(recognised: Recognised, last: Torn, text: str) -> Torn | None:
    """Return what is held back of a table that is read in Python: weather says in its last columns how good the values are."""
    if recognised.record == "weather":
        return Torn(WHOLE_LINE, last.raw)
    return last if text else None


def _tail(inspected: Inspected) -> str:
    with inspected.path.open("rb") as stream:
        stream.seek(max(0, inspected.size - TAIL_BYTES))
        text = stream.read().decode(inspected.encoding.removesuffix("-sig"), errors="ignore")
    return text.replace("\0", "").replace("\ufeff", "")


def _is_whole(role: str, text: str, fellows: Sequence[str], recognised: Recognised) -> bool:
    """Tell whether the file shows that a cell of a role is all that was written there."""
    others = [other for other in fellows if other]
    if not text:
        return bool(fellows) and not others
    if role in FIGURES | BESIDE:
        return _has_their_decimals(text, others)
    if role in MOMENTS:
        return _has_their_form(text, others)
    known = {
        *AGREED_WORDS.get(role, ()),
        *(key.partition(":")[2] for key in recognised.words if key.startswith(f"{role}:")),
    }
    return _stands_alone(text, {*others, *known})


def _stands_alone(text: str, words: Collection[str]) -> bool:
    """Tell whether a cell is one of the words and none of them goes on where it ends."""
    return text in words and not any(word != text and word.startswith(text) for word in words)


def _has_their_decimals(text: str, others: Sequence[str]) -> bool:
    """Tell whether all figures of a column have as many decimals as this one: a digit less would show."""
    counts = {len(match.group(1)) if (match := _DECIMALS.fullmatch(other)) else 0 for other in (text, *others)}
    return len(others) >= LEAST_FELLOWS and len(counts) == 1 and 0 not in counts


def _has_their_form(text: str, others: Sequence[str]) -> bool:
    """Tell whether all moments of a column are written in the fixed length of this one."""
    return bool(others) and all(_FIXED_MOMENT.fullmatch(each) and len(each) == len(text) for each in (text, *others))
