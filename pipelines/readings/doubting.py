"""What the values received contradict, and what was held back: doubts on the days they name.

Reads readings, activity_readings, register_states, register_uses, quarantine, counted_units, unknown_names, the registers and
known_files, all of them whole, so that a night and a rebuild say the same. Writes reading_doubts, held_back_rows and outside_rows. Only few
rows are looked at: those that were superseded, bills, events, paths that held several contents, and what was held back.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from pipelines import findings, units
from pipelines.readings import spellings
from pipelines.settings.city import Settings
from pipelines.warehouse import database

HERE = Path(__file__).parent
STEPS = (
    "file_receipts", "value_scales", "statements", "displaces_several", "own_losers",
    "tied_values", "two_values", "equal_rows", "path_versions",
    "version_values", "no_longer_sent", "held_rows", "later_values",
    "held_values", "held_days", "held_back",
)  # fmt: skip


def build(connection: duckdb.DuckDBPyConnection, settings: Settings) -> list[findings.Finding]:
    """Fill ``reading_doubts``, ``held_back_rows`` and ``outside_rows``; return what contents brought back that came once more."""
    database.create_view(connection, "stated_values", HERE / "stated_values.sql", temporary=True)
    spellings.know(connection, "SELECT meter_id FROM quarantine")
    _fit_unknown(connection)
    parameters = {"bill_tolerance": settings.thresholds.bill_tolerance}
    for step in STEPS:
        database.create_temp(connection, step, HERE / f"{step}.sql", parameters)
    for table in ("reading_doubts", "held_back_rows", "outside_rows"):
        database.fill(connection, table, HERE / f"{table}.sql")
    told = database.rows(connection, HERE / "brought_back.sql")
    for step in (*STEPS, "unknown_fits"):
        connection.execute(f"DROP TABLE {step}")
    connection.execute("DROP VIEW stated_values")
    return [findings.Finding("brought_back", f"{row['file']} / {row['other']}", row) for row in told]


def _fit_unknown(connection: duckdb.DuckDBPyConnection) -> None:
    """Make ``unknown_fits``: the main meters of the facility that an unknown word names, those its unit fits, else all."""
    found = connection.execute(database.sql_text(HERE / "unknown_words.sql")).fetchall()
    fitting = {(word, meter) for word, unit, meter, energy_type in found if _fits(unit, energy_type)}
    narrowed = {word for word, _ in fitting}
    pairs = sorted({(word, meter) for word, _, meter, _ in found if word not in narrowed} | fitting)
    database.create_from(
        connection,
        "unknown_fits",
        {"word": ("VARCHAR", [word for word, _ in pairs]), "meter_id": ("VARCHAR", [meter for _, meter in pairs])},
    )


def _fits(unit: str | None, energy_type: str) -> bool:
    try:
        units.counted(unit or "", energy_type)
    except units.UnitError:
        return False
    return True
