"""What a night takes in: the values of new files, and those of the base that stand where they do.

Intervals and bills rival only where they share a day, so their days are touched, and those of every longer reading that covers
one of them, until none is added. Deliveries, registers, activity, weather and composition are looked at per meter or source as
a whole. Nothing else of the readings can change: files are only ever added; where one is gone, all starts from an empty base.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from pipelines.settings.city import Settings
from pipelines.warehouse import database
from pipelines.warehouse.incremental import Incremental

HERE = Path(__file__).parent
TOUCHED = HERE / "touched"


def know_files(inc: Incremental, settings: Settings, today: date) -> None:
    """Make ``known_files``: every arrival, and which of them are to be taken in; ``taken_tables``: their tables.

    Raises:
        CannotContinueError: files are gone or count differently.
    """
    database.create_temp(inc.connection, "taken_before", TOUCHED / "taken_before.sql")
    for step in ("known_files", "taken_tables"):
        database.create_temp(inc.connection, step, HERE / f"{step}.sql", {"usual": settings.wanted("")})
    inc.stop_if("files changed", TOUCHED / "files_changed.sql")
    inc.stop_if("values from the future", TOUCHED / "future_come.sql", {"today": today})


def take_back(inc: Incremental) -> None:
    """Add to the step ``checked``, which holds the new values, those of the base that may rival them.

    They were taken in on an earlier night and stand in the base's tables, from which ``touched/kept.sql`` makes candidates again.

    Raises:
        CannotContinueError: the order of the values cannot be told from the tables.
    """
    connection = inc.connection
    inc.stop_if("an earlier first day", TOUCHED / "earlier_start.sql")
    for step in ("touched_owners", "touched_days", "long_kept"):
        database.create_temp(connection, step, TOUCHED / f"{step}.sql")
    further = database.sql_text(TOUCHED / "further_days.sql")
    while (connection.execute(f"INSERT INTO touched_days {further}").fetchone() or (0,))[0]:
        pass
    days = database.span(connection, "touched_days", "local_date", 1)
    database.create_temp(connection, "kept", TOUCHED / "kept.sql", days)
    inc.stop_if("files that stand for several", TOUCHED / "kept_of_many.sql")
    connection.execute(
        "INSERT INTO checked BY NAME SELECT * EXCLUDE (table_name, place, source_sha256, known_to, files) FROM kept"
    )
    for step in ("counted_before", "unknown_before", "spans_before"):
        database.create_temp(connection, step, TOUCHED / f"{step}.sql")
