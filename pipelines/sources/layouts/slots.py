"""Columns that each hold a part of the day, by whatever name senders give them.

``[00:30]`` .. ``[24:00]`` (the end of the slot), ``kWh_1`` .. ``kWh_48``, ``00:00`` .. ``23:30`` (the start),
``0:00～0:30``. They count only when together they cover the day exactly once, in parts of one length; numbers alone say nothing of a
clock, so that these are believed only from 24 on.
"""

from __future__ import annotations

import re

from pipelines.sources.layouts.head import Slot, plain

MINUTES_A_DAY = 1_440
FEWEST_PARTS, FEWEST_NUMBERED = 2, 24
_END = re.compile(r"\[(\d{1,2}):(\d{2})\]")
_NUMBER = re.compile(r"(kWh|MWh|m3)_(\d{1,4})")
_START = re.compile(r"(\d{1,2}):(\d{2})")
_RANGE = re.compile(r"(\d{1,2}):(\d{2})[~〜-](\d{1,2}):(\d{2})(?:\((kWh|kW)\))?")


def day_slots(names: tuple[str, ...]) -> tuple[Slot, ...]:
    """Return the slots among a header's names, in the order of the day; empty when they do not cover it once."""
    words = [(position, name, plain(name)) for position, name in enumerate(names, start=1)]
    for read in (_ended, _numbered, _ranged, _started):
        slots = sorted(read(words), key=lambda slot: slot.start_minutes)
        edges = [slot.start_minutes for slot in slots] + [slots[-1].end_minutes if slots else 0]
        fewest = FEWEST_NUMBERED if read is _numbered else FEWEST_PARTS
        step = MINUTES_A_DAY // len(slots) if len(slots) >= fewest and MINUTES_A_DAY % len(slots) == 0 else 0
        if step and edges == list(range(0, MINUTES_A_DAY + 1, step)):
            return tuple(slots)
    return ()


def numbered_slots(names: tuple[str, ...], first: int, minutes: int) -> tuple[Slot, ...]:
    """Return the slots that begin at a column, for tables without a header."""
    count = MINUTES_A_DAY // minutes
    slots = [Slot(first + n, f"slot_{n + 1}", n * minutes, (n + 1) * minutes) for n in range(count)]
    return tuple(slots) if first + count - 1 <= len(names) and count * minutes == MINUTES_A_DAY else ()


Words = list[tuple[int, str, str]]


def _ended(words: Words) -> list[Slot]:
    ends = [(position, name, _minutes(m)) for position, name, word in words if (m := _END.fullmatch(word))]
    step = MINUTES_A_DAY // len(ends) if ends else 0
    return [Slot(position, name, end - step, end) for position, name, end in ends]


def _numbered(words: Words) -> list[Slot]:
    found = [(position, name, m) for position, name, word in words if (m := _NUMBER.fullmatch(word))]
    step = MINUTES_A_DAY // len(found) if found else 0
    return [
        Slot(position, name, (int(m.group(2)) - 1) * step, int(m.group(2)) * step, m.group(1))
        for position, name, m in found
    ]


def _ranged(words: Words) -> list[Slot]:
    found = [(position, name, m) for position, name, word in words if (m := _RANGE.fullmatch(word))]
    return [
        Slot(position, name, _minutes(m), int(m.group(3)) * 60 + int(m.group(4)), m.group(5))
        for position, name, m in found
    ]


def _started(words: Words) -> list[Slot]:
    starts = [(position, name, _minutes(m)) for position, name, word in words if (m := _START.fullmatch(word))]
    step = MINUTES_A_DAY // len(starts) if starts else 0
    return [Slot(position, name, start, start + step) for position, name, start in starts]


def _minutes(match: re.Match[str]) -> int:
    return int(match.group(1)) * 60 + int(match.group(2))
