"""Bring people's decisions into the night: overrides before the energy is judged, states after the flags are raised.

Reads the decisions store, raised_flags, answer_rows and totals. Writes flags (with their state), flag_rules, returned_answers and reviews.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from pipelines.findings import Finding
from pipelines.review import standing
from pipelines.review.desk import WAITS_FOR, Desk
from pipelines.review.states import OPEN, binds, overrides, settled
from pipelines.review.store import Decision
from pipelines.settings.city import Settings
from pipelines.texts import word
from pipelines.warehouse import database

HERE = Path(__file__).parent


def load_overrides(connection: duckdb.DuckDBPyConnection, decisions: Iterable[Decision]) -> None:
    """Make the temporary table ``overrides`` that the energy and emissions stages join."""
    rows = overrides(decisions)
    database.create_from(
        connection,
        "overrides",
        {
            "source_kind": ("VARCHAR", [row.source_kind for row in rows]),
            "source_id": ("VARCHAR", [row.source_id for row in rows]),
            "rule_id": ("VARCHAR", [row.rule_id for row in rows]),
            "since": ("DATE", [row.since for row in rows]),
            "until": ("DATE", [row.until for row in rows]),
            "seen_quantity": ("DECIMAL(38, 6)", [row.quantity for row in rows]),
        },
    )


def load_discarded(connection: duckdb.DuckDBPyConnection, decisions: Iterable[Decision]) -> None:
    """Make the temporary table ``discarded_rows`` that the readings stage joins: rows held back that answers settle."""
    rows = settled(decisions)
    database.create_from(
        connection,
        "discarded_rows",
        {
            "source_sha256": ("VARCHAR", [row.source_sha256 for row in rows]),
            "source_member": ("VARCHAR", [row.source_member for row in rows]),
            "source_line": ("BIGINT", [row.source_line for row in rows]),
            "source_column": ("VARCHAR", [row.source_column for row in rows]),
            "source_kind": ("VARCHAR", [row.source_kind for row in rows]),
            "source_id": ("VARCHAR", [row.source_id for row in rows]),
        },
    )


def build(
    connection: duckdb.DuckDBPyConnection,
    decisions: list[Decision],
    today: date,
    settings: Settings,
    asked: Iterable[Mapping[str, Any]],
    rules: Iterable[str] = (),
    known_rules: Iterable[Mapping[str, Any]] = (),
) -> list[Finding]:
    """Fill flags, with their state and whose turn it is, and reviews, and say which flags are asked.

    Args:
        connection: The warehouse under construction, with raised_flags.
        decisions: All decisions so far.
        today: The day of the run.
        settings: By how much a closed year may move before decisions lapse, and what is worth a question.
        asked: flag_id, question_id and asked_on of the flags that were asked before, from the history.
        rules: Every rule that can raise flags.
        known_rules: rule_id, known_on and is_new of those that were known before, from the history.

    Returns:
        A finding for each decision that lapsed, and for each flag whose next step nobody is left to take.
    """
    database.create(connection, "flags")
    unasked = "'' AS question_id, '' AS cause_kind, '' AS cause, 'minor' AS asking"
    connection.execute(f"INSERT INTO flags BY NAME SELECT *, {unasked} FROM raised_flags ORDER BY ALL")
    desk = Desk(connection, decisions, today, Decimal(str(settings.thresholds.decision_tolerance)))
    states = {flag_id: desk.state(flag) for flag_id, flag in desk.flags.items()}
    moved = [(state, flag_id) for flag_id, state in states.items() if state != OPEN]
    waiting = [flag_id for flag_id, state in states.items() if state in WAITS_FOR]
    turns = [(*turn, flag_id) for flag_id in waiting if (turn := desk.turn(desk.flags[flag_id])) is not None]
    if moved:
        connection.executemany("UPDATE flags SET state = ? WHERE flag_id = ?", moved)
    if turns:
        connection.executemany("UPDATE flags SET owner_post = ?, owner_person_id = ? WHERE flag_id = ?", turns)
    lapsed = []
    rows = []
    for decision in decisions:
        flag = desk.flags.get(decision.flag_id) or desk.doubts.get(decision.flag_id)
        is_binding = flag is not None and binds(decision, flag.present(desk.this_year), desk.tolerance)
        if flag is not None and not is_binding:
            found = {"found": decision.decision_id[:12]}
            lapsed.append(Finding("decision_lapsed", decision.flag_id, found, flag.facility_id, flag.fiscal_year))
        rows.append(
            (
                decision.decision_id,
                decision.flag_id,
                decision.facility_id,
                decision.fiscal_year,
                decision.rule_id,
                decision.subject,
                decision.step,
                decision.person_id,
                decision.post,
                decision.decided_at,
                decision.comment,
                decision.data_are_right,
                decision.decided_on,
                decision.document_no,
                decision.seen_co2e_kg,
                decision.seen_quantity,
                decision.seen_state,
                decision.seen_days,
                decision.seen_rows,
                is_binding,
                decision.recorded_by,
                decision.evidence,
                decision.recorded_only,
                decision.discard,
                decision.answer_cause,
                decision.stands_for,
                decision.seen_pattern,
            )
        )
    database.fill(connection, "returned_answers", HERE / "returned_answers.sql")
    database.create(connection, "reviews")
    database.insert_rows(connection, "reviews", rows)
    standing.prepare(connection, desk, today, settings.questions, rules, known_rules)
    _ask(connection, today, settings, asked)
    return [*lapsed, *_stuck(desk)]


def _ask(
    connection: duckdb.DuckDBPyConnection, today: date, settings: Settings, asked: Iterable[Mapping[str, Any]]
) -> None:
    """Write to each flag the question it is part of, and whether that is asked."""
    before = list(asked)
    columns = {name: ("VARCHAR", [row[name] for row in before]) for name in ("flag_id", "question_id")}
    days = [date.fromisoformat(row["asked_on"]) for row in before]
    database.create_from(connection, "asked_before", {**columns, "asked_on": ("DATE", days)})
    chosen = settings.questions
    parameters = {
        "today": today,
        "monday": today - timedelta(days=today.weekday()),
        "per_week": chosen.per_week,
        "of_facility": chosen.of_facility,
        "least_kg": chosen.least_t * 1000,
        "of_operator": chosen.of_operator,
    }
    database.create_temp(connection, "asking", HERE / "asking.sql", parameters)
    connection.execute(
        """UPDATE flags
           SET question_id = a.question_id, cause_kind = a.cause_kind, cause = a.cause, asking = a.asking, asked_on = a.asked_on,
               asked_from = a.asked_from, pattern = a.pattern, standing_decision_id = a.standing_decision_id,
               standing_until = a.standing_until, standing_state = a.standing_state
           FROM asking AS a WHERE a.flag_id = flags.flag_id"""
    )


def _stuck(desk: Desk) -> Iterator[Finding]:
    """Say of which flags nobody is left who may take the next step."""
    for flag in (desk.flags | desk.doubts).values():
        if (step := desk.stuck_at(flag)) is not None:
            told = {"found": flag.flag_id, "step": f"{word(step, 'ja')} / {word(step, 'en')}"}
            yield Finding("nobody_left", flag.flag_id, told, flag.facility_id, flag.fiscal_year)
