"""Build the readings: from the Parquets under ``parsed/`` and the ledger of arrivals to tables.

Reads parsed values, rejects and counts, the registers meters and activity_sources. Writes counted_units, readings (and
the views current_readings, superseded_readings, bills), register_states, register_uses, activity_readings,
waste_samples, weather_days, quarantine, source_files, unknown_names, intake_log, expected_inputs and, in doubting.py,
reading_doubts. The outcome depends only on contents, receipts, registers and the day, never on the order of processing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import groupby
from pathlib import Path
from typing import Any

import duckdb

from pipelines import findings, units
from pipelines.readings import doubting, spellings, taking
from pipelines.readings.acceptance import Rival, RivalEvent, losers, losing_events
from pipelines.settings.city import Settings
from pipelines.warehouse import database
from pipelines.warehouse.incremental import Incremental

HERE = Path(__file__).parent
# In this order; register_uses reads the states, readings the uses. All of them are merged with what the base holds.
MERGED = (
    "register_states",
    "register_uses",
    "readings",
    "activity_readings",
    "waste_samples",
    "weather_days",
    "quarantine",
)
SCALE_PLACES = 9
# So many readings are sorted at once: about a gigabyte.
BLOCK_ROWS = 3_000_000


def build(inc: Incremental, settings: Settings, today: date) -> list[findings.Finding]:
    """Fill the stage's tables.

    Args:
        inc: The warehouse under construction, with the registers; ``arrivals``, ``parsed_values``, ``parsed_rejects``,
            ``parsed_files`` and ``discarded_rows`` (rows that an accepted answer gave up) must be there.
        settings: For the sources, their units and the limits.
        today: The day of the run; values of a later day are held back.

    Returns:
        Findings about what was received: registers whose use is unknown, contents that came back.

    Raises:
        StageError: when a statement of ours fails.
        CannotContinueError: the base cannot be gone on from.
    """
    connection = inc.connection
    _load_words(connection, settings)
    taking.know_files(inc, settings, today)
    database.create_temp(connection, "meter_names", HERE / "meter_names.sql", {"city": settings.city.name})
    spellings.start(connection)
    spellings.know(
        connection,
        """SELECT v.key FROM parsed_values AS v
           JOIN taken_tables AS t ON t.table_no = v.table_no AND t.batch_no = v.batch_no""",
    )
    database.create_view(connection, "incoming", HERE / "incoming.sql", temporary=True)
    _count_units(connection, settings)
    database.create_temp(connection, "checked", HERE / "checked.sql", {"today": today})
    taking.take_back(inc)
    database.create_view(connection, "candidates", HERE / "candidates.sql", temporary=True)
    _accept(connection)
    longest = {"longest_days": settings.thresholds.reading_days_longest}
    inc.touch("replaced_rows", HERE / "touched" / "replaced_rows.sql")
    with inc.merging() as fill:
        for table in MERGED:
            blocks = _blocks(connection) if table == "readings" else None
            fill(table, HERE / f"{table}.sql", longest, replacing=("replaced_rows",), blocks=blocks)
        for table in ("source_files", "unknown_names", "intake_log"):
            database.fill(connection, table, HERE / f"{table}.sql")
        inc.touch("touched_readings", HERE / "touched" / "touched_readings.sql")
    for view in ("current_readings", "superseded_readings", "bills"):
        database.create_view(connection, view, HERE / f"{view}.sql")
    database.fill(connection, "evidence", HERE / "evidence.sql")
    told = [*doubting.build(connection, settings), *_evidence_findings(connection), *_index_findings(connection)]
    rounded = database.rows(connection, HERE / "cells_rounded.sql")
    told += [findings.Finding("cells_rounded", row["place"], row) for row in rounded]
    late = settings.thresholds
    lateness = {
        "today": today,
        "bill_late_days": late.bill_late_days,
        "interval_late_days": late.interval_late_days,
        "activity_late_days": late.activity_late_days,
    }
    database.fill(connection, "expected_inputs", HERE / "expected_inputs.sql", lateness)
    for view in ("candidates", "incoming"):
        connection.execute(f"DROP VIEW {view}")
    for step in ("checked", "suspects", "rivals", "event_rows", "beaten_events"):
        connection.execute(f"DROP TABLE {step}")
    return [*_register_findings(connection), *told]


def _blocks(connection: duckdb.DuckDBPyConnection) -> list[dict[str, str]]:
    """Cut the meters, in their order, into ranges of at most BLOCK_ROWS values, or of one meter."""
    counted = connection.execute(
        """SELECT owner_id, count(*) FROM candidates WHERE record IN ('reading', 'register') GROUP BY owner_id ORDER BY owner_id"""
    ).fetchall()
    blocks: list[dict[str, str]] = []
    room = 0
    for meter, rows in counted:
        if room >= rows and blocks:
            blocks[-1]["last_meter"] = meter
            room -= rows
        else:
            blocks.append({"first_meter": meter, "last_meter": meter})
            room = BLOCK_ROWS - rows
    return blocks


def _register_findings(connection: duckdb.DuckDBPyConnection) -> list[findings.Finding]:
    """Tell where successive states of a register leave the use between them unknown."""
    rows = connection.execute(
        """SELECT rule_id, meter_id, CAST(started_at AS VARCHAR), CAST(ended_at AS VARCHAR), CAST(opened_value AS VARCHAR),
           CAST(closed_value AS VARCHAR) FROM register_uses WHERE rule_id IS NOT NULL ORDER BY ALL"""
    ).fetchall()
    told = [
        findings.Finding(rule_id, meter, {"started": started, "ended": ended, "opened": opened, "closed": closed})
        for rule_id, meter, started, ended, opened, closed in rows
    ]
    first = database.rows(connection, HERE / "first_reading_days.sql")
    return [*told, *(findings.Finding("reading_day_first", row["meter_id"], row) for row in first)]


def _evidence_findings(connection: duckdb.DuckDBPyConnection) -> list[findings.Finding]:
    """Tell the evidence that is not what was named, and the documents that no value names."""
    told = [
        findings.Finding(f"evidence_{row['evidence_state']}", f"{row['stated_in']} {row['evidence_name']}", row)
        for row in database.rows(connection, HERE / "evidence_faults.sql")
    ]
    unnamed = database.rows(connection, HERE / "documents_unnamed.sql")
    return [*told, *(findings.Finding("document_not_entered", row["place"], {}) for row in unnamed)]


def _index_findings(connection: duckdb.DuckDBPyConnection) -> list[findings.Finding]:
    """Tell the bills whose states of the register contradict each other."""
    rows = [
        {name: f"{value.normalize():f}" if isinstance(value, Decimal) else value for name, value in row.items()}
        for row in database.rows(connection, HERE / "index_faults.sql")
    ]
    return [findings.Finding(row["rule_id"], f"{row['meter_id']} {row['since']}", row) for row in rows]


def _load_words(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Make ``source_layouts`` and ``rule_texts``, the words the statements join."""
    layouts = [(name, settings.wanted(name)) for name in settings.sources]
    database.create_from(
        connection,
        "source_layouts",
        {
            "source": ("VARCHAR", [name for name, _ in layouts]),
            "wanted": ("VARCHAR", [layout for _, layout in layouts]),
        },
    )
    known = findings.rules().values()
    database.create_from(
        connection,
        "rule_texts",
        {
            "rule_id": ("VARCHAR", [r.rule_id for r in known]),
            "ja": ("VARCHAR", [r.ja for r in known]),
            "en": ("VARCHAR", [r.en for r in known]),
        },
    )


def _count_units(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Fill ``counted_units``: pint says once per (unit as written, energy type, source) how it is counted."""
    database.create(connection, "counted_units")
    connection.execute("INSERT INTO counted_units FROM last.internal.counted_units")
    usual = dict(connection.execute("SELECT activity, usual_unit FROM activities").fetchall())
    written = connection.execute(
        """SELECT DISTINCT raw_unit, owner_type, source_folder FROM incoming
           WHERE raw_unit IS NOT NULL AND owner_type IS NOT NULL
           EXCEPT SELECT raw, energy_type, source_folder FROM counted_units ORDER BY ALL"""
    ).fetchall()
    rows: list[tuple[Any, ...]] = []
    for raw, owner_type, folder in written:
        words = settings.sources[folder].unit_words if folder in settings.sources else {}
        aliases = tuple(sorted(words.items()))
        try:
            if owner_type in usual:
                counted = units.counted_activity(raw, usual[owner_type], aliases)
            else:
                counted = units.counted(raw, owner_type, aliases)
            word = units.meaning(raw, words).word
            rows.append((raw, owner_type, folder, word, counted.unit, _as_scale(counted.scale), None, None))
        except units.UnitError as error:
            rows.append((raw, owner_type, folder, None, None, None, error.rule_id, error.detail))
    database.insert_rows(connection, "counted_units", rows)


def _as_scale(scale: Fraction) -> Decimal:
    """Return a scale as a decimal; counting only shifts digits, so it always is one."""
    value = Decimal(scale.numerator) / Decimal(scale.denominator)
    if Fraction(value) != scale or value != round(value, SCALE_PLACES):
        raise units.UnitError("too_many_digits", f"scale {scale}")
    return value


def _accept(connection: duckdb.DuckDBPyConnection) -> None:
    """Make ``losers``: the candidates that are superseded, with the time from which they were."""
    database.create_temp(connection, "suspects", HERE / "suspects.sql")
    database.create_temp(connection, "rivals", HERE / "rivals.sql")
    database.create_temp(connection, "losers", HERE / "simple_losers.sql")
    crossing = connection.execute(database.sql_text(HERE / "crossing_rivals.sql")).fetchall()
    beaten: dict[int, object] = {}
    for _, island in groupby(crossing, key=lambda row: row[:4]):
        beaten.update(losers(Rival(*row[4:]) for row in island))
    connection.execute(
        """INSERT INTO losers SELECT unnest(CAST($ids AS BIGINT[])), unnest(CAST($times AS TIMESTAMP[]))""",
        {"ids": list(beaten), "times": list(beaten.values())},
    )
    _accept_events(connection)
    _explain_files(connection)


def _accept_events(connection: duckdb.DuckDBPyConnection) -> None:
    """Add to ``losers`` the deliveries and activity figures that other statements about their source and period replace."""
    database.create_temp(connection, "event_rows", HERE / "event_rows.sql")
    rivals = connection.execute(database.sql_text(HERE / "rival_events.sql")).fetchall()
    beaten: dict[int, object] = {}
    for _, island in groupby(rivals, key=lambda row: row[:3]):
        beaten.update(losing_events(RivalEvent(*row[3:]) for row in island))
    database.create_from(
        connection,
        "beaten_events",
        {"unit_no": ("BIGINT", list(beaten)), "known_to": ("TIMESTAMP", list(beaten.values()))},
    )
    database.run(connection, "INSERT INTO losers " + database.sql_text(HERE / "event_losers.sql"), what="event_losers")


def _explain_files(connection: duckdb.DuckDBPyConnection) -> None:
    """Make ``file_reasons``: the sentence for each file that could not be read or came twice."""
    rows = connection.execute(
        """SELECT file_no, rule_id, numbers, is_first, first_path FROM known_files
           WHERE rule_id IS NOT NULL OR NOT is_first"""
    ).fetchall()
    sentences = list(_sentences(rows))
    database.create_from(
        connection,
        "file_reasons",
        {
            "file_no": ("BIGINT", [s[0] for s in sentences]),
            "ja": ("VARCHAR", [s[1] for s in sentences]),
            "en": ("VARCHAR", [s[2] for s in sentences]),
        },
    )


def _sentences(rows: list[tuple[int, str | None, str, bool, str]]) -> Iterable[tuple[int, str, str]]:
    for file_no, rule_id, numbers, _, first_path in rows:
        rule = findings.rules()[rule_id or "duplicate_file"]
        known = json.loads(numbers) if rule_id else {"found": first_path}
        yield file_no, rule.sentence("ja", known), rule.sentence("en", known)
