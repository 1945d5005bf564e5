"""One row per meter and day, 48 half hours (or 24 hours) across.

What senders call the columns: ``[00:30]`` .. ``[24:00]`` (the end of the slot), ``kWh_1`` .. ``kWh_48``,
``00:00`` .. ``23:30`` (the start), ``0:00～0:30``. Energy in each slot, never power. A missing slot is an empty cell
or dashes; zero is a value. Corrections come as a new file.
"""

from __future__ import annotations

import re

from pipelines.sources.head import Head, Recognised, Slot, by_role

NAME = "day_columns"
ROLES = {
    "key": (
        "meter_id", "供給地点特定番号", "計器ID", "お客様番号", "お客さま番号", "MPAN", "MPR", "Meter Number", "ID",
    ),
    "started": ("local_date", "年月日", "日付", "ご使用日", "Date", "Reading Date", "ConsumptionDate"),
    "unit": ("unit", "単位", "Units"),
    "stage": ("stage", "確定区分"),
}  # fmt: skip
_END = re.compile(r"\[(\d{1,2}):(\d{2})\]")
_NUMBER = re.compile(r"(kWh|MWh|m3)_(\d{1,2})")
_START = re.compile(r"(\d{1,2}):(\d{2})")
_RANGE = re.compile(r"(\d{1,2}):(\d{2})\s*[～〜~-]\s*(\d{1,2}):(\d{2})(?:\(kWh\))?")
MINUTES_A_DAY = 1_440
SLOT_COUNTS = (24, 48)


def recognise(head: Head) -> Recognised | None:
    """Return how to read the file when a row has a meter, a date and slots that cover the day exactly once."""
    for number, row in enumerate(head.rows, start=1):
        slots = _slots(row)
        columns = by_role(row, ROLES)
        if slots and {"key", "started"} <= set(columns):
            unit = next((m.group(1) for cell in row if (m := _NUMBER.fullmatch(cell))), None)
            if unit is None and any("(kWh)" in cell for cell in row):
                unit = "kWh"
            return Recognised(NAME, number, len(row), columns, unit=unit, slots=slots)
    return None


def _slots(row: tuple[str, ...]) -> tuple[Slot, ...]:
    for read in (_ended, _numbered, _ranged, _started):
        slots = sorted(read(row), key=lambda slot: slot.start_minutes)
        edges = [slot.start_minutes for slot in slots] + [slots[-1].end_minutes if slots else 0]
        step = MINUTES_A_DAY // len(slots) if len(slots) in SLOT_COUNTS else 0
        if step and edges == list(range(0, MINUTES_A_DAY + 1, step)):
            return tuple(slots)
    return ()


def _ended(row: tuple[str, ...]) -> list[Slot]:
    found = [(i, cell, _END.fullmatch(cell)) for i, cell in enumerate(row, start=1)]
    ends = [(i, cell, _minutes(m)) for i, cell, m in found if m]
    step = MINUTES_A_DAY // len(ends) if ends else 0
    return [Slot(i, cell, end - step, end) for i, cell, end in ends]


def _numbered(row: tuple[str, ...]) -> list[Slot]:
    found = [(i, cell, _NUMBER.fullmatch(cell)) for i, cell in enumerate(row, start=1)]
    numbers = [(i, cell, int(m.group(2))) for i, cell, m in found if m]
    step = MINUTES_A_DAY // len(numbers) if numbers else 0
    return [Slot(i, cell, (number - 1) * step, number * step) for i, cell, number in numbers]


def _ranged(row: tuple[str, ...]) -> list[Slot]:
    found = [(i, cell, _RANGE.fullmatch(cell)) for i, cell in enumerate(row, start=1)]
    return [Slot(i, cell, _minutes(m), int(m.group(3)) * 60 + int(m.group(4))) for i, cell, m in found if m]


def _started(row: tuple[str, ...]) -> list[Slot]:
    found = [(i, cell, _START.fullmatch(cell)) for i, cell in enumerate(row, start=1)]
    starts = [(i, cell, _minutes(m)) for i, cell, m in found if m]
    step = MINUTES_A_DAY // len(starts) if starts else 0
    return [Slot(i, cell, start, start + step) for i, cell, start in starts]


def _minutes(match: re.Match[str]) -> int:
    return int(match.group(1)) * 60 + int(match.group(2))
