"""Official editions: totals frozen for a purpose, with document, date, person, method and rounding. Append only.

Under ``history/``: ``official_edition_totals/<id>.parquet`` the totals, ``official_editions.jsonl`` one line an edition,
written last. What was frozen never changes; today's totals are shown against it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from pipelines import durable, tables
from pipelines.errors import ActionableError
from pipelines.findings import stable_id
from pipelines.history import chain, journal, kept
from pipelines.history.moments import Past
from pipelines.periods import fiscal_year
from pipelines.rounding import Document, rule_of
from pipelines.texts import both
from pipelines.warehouse import database

EDITIONS, TOTALS = "official_editions", "official_edition_totals"


class FreezeError(ActionableError, ValueError):
    """The edition cannot be frozen; one sentence says why and what to do."""


@dataclass(frozen=True, slots=True)
class FreezeRequest:
    """What is to be frozen: for which purpose, of which year, under which document, by whom."""

    purpose: str
    fiscal_year: int
    document_no: str
    frozen_by: str
    frozen_at: datetime
    recorded_by: str | None = None
    accept_incomplete: bool = False


def editions(history: Path, past: Past | None = None) -> list[dict[str, Any]]:
    """Return every official edition (frozen by a past moment), oldest first."""
    return [
        record
        for number, record in journal.numbered(history / f"{EDITIONS}.jsonl")
        if past is None or past.knows(f"{EDITIONS}.jsonl", number, record["frozen_at"])
    ]


def gases(
    connection: duckdb.DuckDBPyConnection, years: Iterable[int], kind: str | None = None, subject: str | None = None
) -> list[dict[str, Any]]:
    """Return kg and warming potential of each gas of fiscal years, by subject and basis; of one subject or all."""
    asked = {"years": sorted(set(years)), "kind": kind, "subject": subject}
    return database.rows(connection, Path(__file__).parent / "subject_gases.sql", asked)


def freeze(
    connection: duckdb.DuckDBPyConnection, history: Path, wanted: FreezeRequest, stated: Document | None = None
) -> dict[str, Any]:
    """Freeze the published totals of a fiscal year, and of the base years, for a purpose.

    Args:
        connection: The published file, for reading.
        history: Where editions are kept.
        wanted: The request.
        stated: The city's own rules of rounding for this purpose.

    Returns:
        The edition's record.

    Raises:
        FreezeError: unknown purpose, a year that is not over or has no totals, the same document again, or facilities
            without a verdict that nobody entitled to it has accepted.
    """
    publication = connection.execute(
        "SELECT run_id, published_time, today, version FROM publications ORDER BY rowid DESC LIMIT 1"
    ).fetchone()
    assert publication is not None  # noqa: S101 - a published file knows its publication
    run_id, published_time, today, version = publication
    _check(history, wanted, today)
    incomplete = _without_verdict(connection, wanted.fiscal_year)
    if incomplete:
        _check_accepted(connection, wanted, incomplete, today)
    rows = connection.execute(
        """SELECT subject_kind, subject_id, fiscal_year, basis, co2e_kg FROM emissions_by_subject_fiscal_year
           WHERE fiscal_year = $year OR fiscal_year IN (SELECT base_fy FROM targets) ORDER BY ALL""",
        {"year": wanted.fiscal_year},
    ).fetchall()
    if not any(row[2] == wanted.fiscal_year for row in rows):
        raise FreezeError(both("no_totals_of_year", fiscal_year=wanted.fiscal_year))
    official_id = stable_id("official", wanted.purpose, wanted.fiscal_year, wanted.document_no)
    rule = rule_of(wanted.purpose)
    printed = [rule.rounded(Decimal(row[4])) for row in rows]
    if stated is not None:
        rule = stated.figures
        parts: dict[tuple[Any, ...], list[tuple[Decimal, Decimal]]] = defaultdict(list)
        for gas in gases(connection, {row[2] for row in rows}) if stated.gas else ():
            key = (gas["subject_kind"], gas["subject_id"], gas["fiscal_year"], gas["basis"])
            parts[key].append((gas["emissions_kg"], gas["gwp_value"]))
        printed = [rule.rounded(stated.total(Decimal(row[4]), parts[row[:4]])) for row in rows]
    _keep(history, official_id, [(official_id, *row, value) for row, value in zip(rows, printed, strict=True)])
    record = {
        "official_id": official_id,
        "purpose": wanted.purpose,
        "fiscal_year": wanted.fiscal_year,
        "document_no": wanted.document_no,
        "frozen_at": str(wanted.frozen_at),
        "frozen_by": wanted.frozen_by,
        "as_known_at": str(published_time),
        "run_id": run_id,
        "version": version,
        "rounding": f"{rule.name}: {rule.ja if stated is None else stated.sentence('ja')}",
        "history_head": chain.head_told(history),
        "recorded_by": wanted.recorded_by,
        "facilities_undeterminable": len(incomplete),
    }
    journal.append(history / f"{EDITIONS}.jsonl", [record])
    return record


def _check(history: Path, wanted: FreezeRequest, today: date) -> None:
    purposes = tables.words("purpose")
    if wanted.purpose not in purposes:
        raise FreezeError(f"--purpose {wanted.purpose}: {' / '.join(purposes)}")
    if wanted.fiscal_year >= fiscal_year(today):
        raise FreezeError(both("year_not_over", fiscal_year=wanted.fiscal_year, today=today))
    for known in editions(history):
        if (known["purpose"], known["fiscal_year"], known["document_no"]) == (
            wanted.purpose,
            wanted.fiscal_year,
            wanted.document_no,
        ):
            raise FreezeError(
                both(
                    "frozen_already",
                    document_no=wanted.document_no,
                    purpose=wanted.purpose,
                    frozen_at=known["frozen_at"],
                )
            )


def _without_verdict(connection: duckdb.DuckDBPyConnection, year: int) -> list[str]:
    """Return the facilities of a year that are neither achieved nor not achieved."""
    rows = connection.execute(
        """SELECT DISTINCT facility_id FROM facility_results
           WHERE fiscal_year = $year AND verdict NOT IN ('achieved', 'not_achieved') ORDER BY facility_id""",
        {"year": year},
    ).fetchall()
    return [row[0] for row in rows]


def _check_accepted(
    connection: duckdb.DuckDBPyConnection, wanted: FreezeRequest, incomplete: list[str], today: date
) -> None:
    """Refuse to freeze a year with facilities without a verdict, unless somebody in office takes that on."""
    named = ", ".join(incomplete[:5]) + (" …" if len(incomplete) > 5 else "")
    numbers = {"fiscal_year": wanted.fiscal_year, "incomplete": len(incomplete), "named": named}
    if not wanted.accept_incomplete:
        raise FreezeError(both("without_verdict", **numbers))
    in_office = connection.execute(
        """SELECT count(*) FROM appointments WHERE person_id = $person AND appointed_on <= $today
           AND coalesce(ended_on, DATE '9999-12-31') > $today""",
        {"person": wanted.frozen_by, "today": today},
    ).fetchone()
    if in_office is None or not in_office[0]:
        raise FreezeError(both("accepted_by_nobody_in_office", frozen_by=wanted.frozen_by, **numbers))


def _keep(history: Path, official_id: str, rows: list[tuple[Any, ...]]) -> None:
    path = history / TOTALS / f"{official_id}.parquet"
    durable.make_folder(path.parent)
    part = path.with_suffix(".part")
    with database.connect() as connection:
        database.create(connection, TOTALS)
        database.insert_rows(connection, TOTALS, rows)
        connection.execute(f"COPY {TOTALS} TO {tables.literal(str(part))} (FORMAT parquet, COMPRESSION zstd)")
    durable.put(part, path)
    kept.note(history, [path])


def recover(connection: duckdb.DuckDBPyConnection, history: Path) -> None:
    """Write the totals of frozen editions again from the published file, where those that were kept are no longer whole."""
    for name in kept.wrong(history, f"{history.name}/{TOTALS}/"):
        official_id = Path(name).stem
        found = f"FROM {TOTALS} WHERE official_id = $official_id ORDER BY ALL"
        if rows := connection.execute(found, {"official_id": official_id}).fetchall():
            _keep(history, official_id, rows)


def load(connection: duckdb.DuckDBPyConnection, history: Path, past: Past | None) -> None:
    """Fill official_editions and official_edition_totals with what was frozen (by a past moment)."""
    known = editions(history, past)
    names = tables.table(EDITIONS).column_names
    database.insert_rows(connection, EDITIONS, [[record.get(name) for name in names] for record in known])
    paths = [history / TOTALS / f"{record['official_id']}.parquet" for record in known]
    kept.refuse_torn(history, TOTALS)
    if found := [str(path) for path in paths if path.is_file()]:
        connection.execute(f"INSERT INTO {TOTALS} BY NAME SELECT * FROM read_parquet($paths)", {"paths": found})
