"""Raise the flags and findings of the night.

Reads results, emissions, what is doubted and post_holders. Writes doubts, flag_doubts, raised_flags (temporary; the review
stage adds their state) and findings. Each rule is one .sql file; the sentence comes from the catalogue of texts; the owner is
the 管理員, else
the 管理責任者, else the 企画推進者 of the facility.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from pipelines.findings import Finding, explain_reason, rules, stable_id
from pipelines.periods import fiscal_year
from pipelines.rounding import pair, rule_of
from pipelines.settings import Settings
from pipelines.warehouse import database

HERE = Path(__file__).parent
FLAG_RULES = (
    "over_path",
    "data_missing",
    "no_factor",
    "no_target",
    "flat_run",
    "spike",
    "bill_year_length",
    "fall_unexplained",
    "no_responsible_person",
)
OWNER_POSTS = ("エネルギー管理員", "エネルギー管理責任者", "エネルギー管理企画推進者")


@dataclass(frozen=True, slots=True)
class Raised:
    """A flag before its owner and state are known."""

    facility_id: str
    rule_id: str
    fiscal_year: int
    subject: str | None
    co2e_at_stake_kg: Decimal | None
    numbers: dict[str, Any]
    doubt_ids: tuple[str, ...] = ()

    @property
    def flag_id(self) -> str:
        """Stable over the nights: hash of rule, facility, fiscal year and subject."""
        return stable_id(self.rule_id, self.facility_id, self.fiscal_year, self.subject)


def build(
    connection: duckdb.DuckDBPyConnection, settings: Settings, today: date, opened: dict[str, date]
) -> list[Finding]:
    """Make raised_flags.

    Args:
        connection: The warehouse under construction.
        settings: Lateness per kind of source.
        today: The day of the run.
        opened: flag_id -> day it was first raised, from the history.

    Returns:
        Findings: what keeps older years from a verdict, and flags that nobody owns.
    """
    this_year = fiscal_year(today)
    parameters = {
        "today": today,
        "this_year": this_year,
        "last_closed": this_year - 1,
        "bill_late_days": settings.thresholds.bill_late_days,
        "interval_late_days": settings.thresholds.interval_late_days,
        "activity_late_days": settings.thresholds.activity_late_days,
        "flat_run_days": settings.thresholds.flat_run_days,
        "spike_ratio": settings.thresholds.spike_ratio,
        "fall_share": settings.thresholds.fall_share,
        "fall_step": settings.thresholds.fall_step,
    }
    database.create_temp(connection, "doubt_days", HERE / "doubt_days.sql")
    database.fill(connection, "doubts", HERE / "doubts.sql")
    raised = [flag for rule_id in FLAG_RULES for flag in _raise(connection, rule_id, parameters)]
    raised += _ask(connection)
    database.create(connection, "flag_doubts")
    asked = [(flag.flag_id, doubt_id) for flag in raised for doubt_id in flag.doubt_ids]
    database.insert_rows(connection, "flag_doubts", sorted(asked))
    owners = _owners(connection)
    database.create(connection, "raised_flags", temporary=True)
    database.insert_rows(connection, "raised_flags", [_row(flag, owners, opened, today) for flag in raised])
    older = database.rows(connection, HERE / "older_reasons.sql", parameters)
    lacking = database.rows(connection, HERE / "missing_factors.sql")
    return [*_of_older_years(older), *_without_owner(raised, owners), *_without_factor(lacking)]


def write_findings(connection: duckdb.DuckDBPyConnection, findings: Iterable[Finding]) -> None:
    """Fill findings with everything the night found, each once."""
    unique = {finding.finding_id: finding.row() for finding in findings}
    if not database.exists(connection, "findings"):
        database.create(connection, "findings")
    connection.execute("DELETE FROM findings")
    database.insert_rows(connection, "findings", [unique[key] for key in sorted(unique)])


def _raise(connection: duckdb.DuckDBPyConnection, rule_id: str, parameters: dict[str, Any]) -> list[Raised]:
    raised = [
        Raised(
            row["facility_id"],
            rule_id,
            row["fiscal_year"],
            row["subject"],
            _kg(row["co2e_at_stake_kg"]),
            json.loads(row["evidence"]),
        )
        for row in database.rows(connection, HERE / f"{rule_id}.sql", parameters)
    ]
    return sorted(raised, key=lambda flag: flag.flag_id)


def _ask(connection: duckdb.DuckDBPyConnection) -> list[Raised]:
    """Return the flags that ask about doubts."""
    return [
        Raised(
            row["facility_id"],
            row["rule_id"],
            row["fiscal_year"],
            row["subject"],
            _kg(row["co2e_at_stake_kg"]),
            json.loads(row["evidence"]),
            tuple(row["doubt_ids"]),
        )
        for row in database.rows(connection, HERE / "asked_doubts.sql")
    ]


def _row(flag: Raised, owners: dict[str, tuple[str, str]], opened: dict[str, date], today: date) -> tuple[Any, ...]:
    rule = rules()[flag.rule_id]
    post, person = owners.get(flag.facility_id, (None, None))
    return (
        flag.flag_id,
        flag.facility_id,
        flag.rule_id,
        rule.severity,
        flag.fiscal_year,
        flag.subject,
        rule.sentence("ja", _told(flag, "ja")),
        rule.sentence("en", _told(flag, "en")),
        json.dumps(flag.numbers, ensure_ascii=False),
        flag.co2e_at_stake_kg,
        post,
        person,
        "open",
        opened.get(flag.flag_id, today),
    )


def _told(flag: Raised, language: str) -> dict[str, Any]:
    """The numbers of a flag's sentence; the reasons in it as words."""
    reasons = [code for code in str(flag.numbers.get("why", "")).split(", ") if code]
    why = " ".join(explain_reason(code, language) for code in reasons)
    told = {"fiscal_year": flag.fiscal_year, "subject": flag.subject or "", **flag.numbers, "why": why}
    if "actual_kg" in flag.numbers:
        actual, allowed = Decimal(flag.numbers["actual_kg"]), Decimal(flag.numbers["allowed_kg"])
        told["actual"], told["allowed"] = pair(actual, allowed, rule_of("emissions"))
        told["excess"] = rule_of("emissions").text(actual - allowed)
    return told


def _owners(connection: duckdb.DuckDBPyConnection) -> dict[str, tuple[str, str]]:
    """Return facility -> (post, person) that owns its flags."""
    rows = connection.execute(
        "SELECT facility_id, required_post, person_id FROM post_holders WHERE person_id IS NOT NULL"
    ).fetchall()
    held = {(facility, post): person for facility, post, person in rows}
    owners = {}
    for facility, _ in held:
        post = next((post for post in OWNER_POSTS if (facility, post) in held), None)
        if post is not None:
            owners[facility] = (post, held[facility, post])
    return owners


def _of_older_years(rows: list[dict[str, Any]]) -> Iterable[Finding]:
    for row in rows:
        facility, year, reason = row["facility_id"], row["fiscal_year"], row["reason"]
        rule_id = reason.removeprefix("baseline:")
        if rule_id in rules():
            yield Finding(rule_id, f"{facility}/FY{year}/{reason}", {"reason": reason}, facility, year)


def _without_factor(rows: list[dict[str, Any]]) -> Iterable[Finding]:
    for row in rows:
        years = f"FY{row['first_fy']}" + ("" if row["first_fy"] == row["last_fy"] else f"-FY{row['last_fy']}")
        found = {
            "meter": row["meter_id"],
            "energy_type": row["energy_type"],
            "basis": row["basis"],
            "years": years,
            "supplier": row["supplier"] or "-",
            "found": row["candidates"] or "-",
            "why": rules()[row["reason"]].both({}),
        }
        subject = f"{row['meter_id']}/{row['basis']}/{row['reason']}"
        yield Finding("factor_missing", subject, found, row["facility_id"])


def _without_owner(raised: list[Raised], owners: dict[str, tuple[str, str]]) -> Iterable[Finding]:
    for facility in sorted({flag.facility_id for flag in raised} - set(owners)):
        yield Finding("no_owner", facility, {"found": facility}, facility)


def _kg(value: Any) -> Decimal | None:  # noqa: ANN401 - DuckDB's decimal of any scale
    return None if value is None else round(Decimal(value), 9)
