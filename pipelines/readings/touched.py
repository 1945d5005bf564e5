"""What the new values of a night touch: the meters' days, and the values of the last publication that stand there.

Intervals and bills rival only where they share a day, so their days are touched, and those of every longer reading that covers
one of them, until none is added. Deliveries, registers, activity, weather and composition are looked at per meter or source as
a whole. Nothing else of the readings can change: files are only ever added here, all else is built wholly.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from pipelines.settings.city import Settings
from pipelines.warehouse import database
from pipelines.warehouse.part import Part

HERE = Path(__file__).parent
PART = HERE / "part"
# What the tables that are continued account for already; a build from nothing begins without.
BEFORE = {
    "taken_before": "sha256 VARCHAR, source VARCHAR, path VARCHAR",
    "counted_before": "file_no BIGINT, loaded BIGINT, superseded BIGINT, quarantined BIGINT",
    "unknown_before": "word VARCHAR, source_kind VARCHAR, unit VARCHAR, reading_kind VARCHAR, values_held BIGINT,"
    " first_at TIMESTAMP, last_at TIMESTAMP, path VARCHAR, layout VARCHAR",
    "spans_before": "source_sha256 VARCHAR, first_at TIMESTAMP, last_at TIMESTAMP, sources_named BIGINT",
}
# The tables that hold values as candidates; of readings also what registers counted is replaced.
OF_CANDIDATES = ("register_states", "activity_readings", "waste_samples", "weather_days")


def know_files(part: Part, settings: Settings, today: date) -> None:
    """Make ``known_files``: every arrival, and which of them are to be taken in; ``taken_tables``: their tables.

    Raises:
        CannotContinueError: files are gone or count differently.
    """
    _before(part, "taken_before")
    database.create_temp(part.connection, "known_files", HERE / "known_files.sql", {"usual": settings.wanted("")})
    database.create_temp(part.connection, "taken_tables", HERE / "taken_tables.sql")
    part.forbid("files changed", PART / "files_changed.sql")
    part.forbid("values from the future", PART / "future_come.sql", {"today": today})


def take_back(part: Part) -> None:
    """Add to ``checked``, which holds the new values, those of the last publication that must be looked at with them.

    Raises:
        CannotContinueError: the order of the values cannot be told from the tables.
    """
    connection = part.connection
    if not part.is_whole:
        part.forbid("an earlier first day", PART / "earlier_start.sql")
        for step in ("touched_owners", "touched_days", "long_kept"):
            database.create_temp(connection, step, PART / f"{step}.sql")
        further = database.sql_text(PART / "further_days.sql")
        while (connection.execute(f"INSERT INTO touched_days {further}").fetchone() or (0,))[0]:
            pass
        database.create_temp(
            connection, "kept", PART / "kept.sql", database.span(connection, "touched_days", "local_date", 1)
        )
        part.forbid("files that stand for several", PART / "kept_of_many.sql")
        connection.execute(
            "INSERT INTO checked BY NAME SELECT * EXCLUDE (table_name, place, source_sha256, known_to, files) FROM kept"
        )
    for step in ("counted_before", "unknown_before", "spans_before"):
        _before(part, step)


def merge(part: Part) -> None:
    """Put what was made anew into the whole tables; the readings stay in sight as those at work."""
    if part.is_whole:
        return
    connection = part.connection
    database.create_temp(connection, "readings_replaced", PART / "readings_replaced.sql")
    part.merge("readings", "readings_replaced")
    for table in OF_CANDIDATES:
        connection.execute(
            "CREATE OR REPLACE TEMP TABLE replaced AS SELECT place FROM kept WHERE table_name = $table",
            {"table": table},
        )
        part.merge(table, "replaced")
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE replaced AS SELECT meter_id FROM touched_owners WHERE reading_kind = 'register'"
    )
    part.merge("register_uses", "replaced")
    part.merge("quarantine")
    part.show(*OF_CANDIDATES, "register_uses", "quarantine")
    connection.execute(
        "DROP TABLE IF EXISTS temp.touched_readings; ALTER TABLE temp.readings RENAME TO touched_readings"
    )


def _before(part: Part, step: str) -> None:
    if part.is_whole:
        part.connection.execute(f"CREATE OR REPLACE TEMP TABLE {step} ({BEFORE[step]})")
    else:
        database.create_temp(part.connection, step, PART / f"{step}.sql")
