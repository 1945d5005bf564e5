"""Deadlines as a calendar file (iCalendar), which any calendar program reads: one event per item, with its article."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pipelines import durable
from pipelines.texts import word

PRODUCT = "-//facility-emissions//deadlines//JA"
DAY = timedelta(1)


def write(path: Path, rows: Sequence[dict[str, Any]], city: str, moment: datetime) -> None:
    """Write the deadlines as all-day events.

    Args:
        path: The file; one that stands there is replaced.
        rows: As ``pipelines/ask/select/deadlines.sql`` gives them.
        city: Name of the calendar.
        moment: When it is written, local time.

    Raises:
        OSError: the file cannot be written.
    """
    from icalendar import Calendar, Event

    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", city)
    for row in rows:
        event = Event()
        event.add("uid", f"{row['deadline_id']}@facility-emissions")
        event.add("dtstamp", moment)
        event.add("dtstart", row["due_on"])
        event.add("dtend", row["due_on"] + DAY)
        event.add("summary", " ".join(filter(None, (row["item"], row["subject_id"], said(row["certainty"])))))
        event.add(
            "description",
            "\n".join(filter(None, (said(row["deadline_kind"]), row["article"], row["form"], row["post"]))),
        )
        event.add("categories", [said(row["deadline_state"])])
        calendar.add_component(event)
    durable.write(path, calendar.to_ical())


def said(key: str) -> str:
    """A word of the table ``deadlines`` in Japanese, the language of the office's calendar."""
    return word(f"duty_{key}", "ja")
