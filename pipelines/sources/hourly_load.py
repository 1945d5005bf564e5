"""Hourly exports of building management: ``datetime,<load> [kWh]``, one file per building, fuel and year.

The stamp is the start of the hour, local time. The meter stands only in the path: ``<building>/<fuel>/<year>.csv``
is the meter ``<building>/<fuel>``. The unit stands in the header's brackets. Zeros may stand for missing hours.
"""

from __future__ import annotations

import re

from pipelines.sources.head import Head, Recognised, Slot

NAME = "hourly_load"
_LOAD = re.compile(r".+\[(?P<unit>[^\]]+)\]")
STAMPS = ("datetime", "日時")


def recognise(head: Head) -> Recognised | None:
    """Return how to read the file: two columns, a stamp and a load with its unit, and folders that name the meter."""
    for number, row in enumerate(head.rows[:3], start=1):
        if len(row) == 2 and row[0] in STAMPS and (match := _LOAD.fullmatch(row[1])) and head.folders:
            return Recognised(
                NAME,
                number,
                2,
                {"started": 1},
                key="/".join(head.folders),
                unit=match.group("unit"),
                slots=(Slot(2, row[1], 0, 60),),
                names_meter_by_path=True,
            )
    return None
