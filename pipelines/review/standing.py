"""Answers that stand for more than their own fiscal year, and the rules that are still silent: what the asking is decided with.

Reads flags, doubts, totals, decisions and the history of rules. Writes flag_rules and, as temporary tables, flag_patterns,
last_answers and standing_answers. Both limit who is asked, never a bound or a verdict: the rule is in the SELECTs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from pipelines.review.desk import Desk
from pipelines.review.states import ACCEPTED, CONFIRMED, OPEN, Present, counts, effective, state_of
from pipelines.settings.operation import Questions
from pipelines.warehouse import database

HERE = Path(__file__).parent
# what the state of the flag that an answer was given to says of the answer; any other says it itself
OF_ANSWER = {ACCEPTED: "accepted", CONFIRMED: "accepted", OPEN: "lapsed"}


def prepare(
    connection: duckdb.DuckDBPyConnection,
    desk: Desk,
    today: date,
    settings: Questions,
    rules: Iterable[str],
    known: Iterable[Mapping[str, Any]],
) -> None:
    """Make the tables that ``asking`` joins.

    Args:
        connection: The warehouse under construction, with flags in their states.
        desk: The desk on it, with all decisions.
        today: The day of the run.
        settings: By how much a flag may exceed what was explained, and how long a new rule is silent.
        rules: Every rule that can raise flags.
        known: rule_id, known_on and is_new of the rules that were known before, from the history.
    """
    _last_answers(connection, desk)
    database.create_temp(connection, "flag_patterns", HERE / "flag_patterns.sql")
    difference = {"standing_difference": settings.standing_difference}
    database.create_temp(connection, "standing_answers", HERE / "standing_answers.sql", difference)
    before = list(known)
    columns = {
        "rule_id": ("VARCHAR", [row["rule_id"] for row in before]),
        "known_on": ("DATE", [date.fromisoformat(row["known_on"]) for row in before]),
        "is_new": ("BOOLEAN", [row["is_new"] for row in before]),
    }
    database.create_from(connection, "rules_before", columns)
    parameters = {"rules": sorted(rules), "today": today, "silent_nights": settings.silent_nights}
    database.fill(connection, "flag_rules", HERE / "flag_rules.sql", parameters)


def _last_answers(connection: duckdb.DuckDBPyConnection, desk: Desk) -> None:
    """Make the temporary table ``last_answers``: of each flag that was ever answered the answer that counts, and what became of it.

    A flag that is gone (its rule looks at later years only) is held against the total of its year; one about doubts lapses with them.
    """
    totals = {
        (row["facility_id"], row["fiscal_year"]): row["co2e_kg"]
        for row in database.rows(connection, HERE / "year_totals.sql")
    }
    rows = []
    for flag_id, steps in desk.decisions.items():
        given = [step for step in steps if step.step == "answer" and counts(step)]
        if not given or flag_id in desk.doubts:
            continue
        last = given[-1]
        flag = desk.flags.get(flag_id)
        gone = Present(totals.get((last.facility_id, last.fiscal_year)), "", last.fiscal_year < desk.this_year)
        present = gone if flag is None else flag.present(desk.this_year)
        state = state_of(steps, present, desk.tolerance)
        if state in (ACCEPTED, CONFIRMED):
            binding = [step for step in effective(steps, present, desk.tolerance) if step.step == "answer"]
            last = binding[-1] if binding else last
        until = last.fiscal_year + (last.stands_for or 1) - 1
        own = (last.decision_id, last.facility_id, last.rule_id, last.subject, last.fiscal_year)
        rows.append((*own, until, OF_ANSWER.get(state, state), last.seen_pattern))
    names = (
        "decision_id",
        "facility_id",
        "rule_id",
        "subject",
        "fiscal_year",
        "stands_until",
        "answer_state",
        "pattern",
    )
    kinds = {"fiscal_year": "INTEGER", "stands_until": "INTEGER"}
    columns = {name: (kinds.get(name, "VARCHAR"), [row[at] for row in rows]) for at, name in enumerate(names)}
    database.create_from(connection, "last_answers", columns)
