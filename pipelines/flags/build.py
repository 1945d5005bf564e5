"""Raise the flags and findings of the night.

Reads results, emissions, what is doubted and post_holders. Writes doubts, flag_doubts, raised_flags (temporary; the review
stage adds their state) and findings. Each rule is one .sql file; the sentence comes from the catalogue of texts; the owner is
the 管理員, else
the 管理責任者, else the 企画推進者 of the facility.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from pipelines import tables
from pipelines.findings import Finding, explain_reason, rules, stable_id
from pipelines.flags import backdated
from pipelines.periods import fiscal_year
from pipelines.reference import contract_names
from pipelines.registers import factor_line, spoken
from pipelines.rounding import pair, rule_of
from pipelines.settings.city import Settings
from pipelines.texts import LANGUAGES, Bilingual, label, say, verdict_words, word
from pipelines.warehouse import database

HERE = Path(__file__).parent
FLAG_RULES = (
    "over_path",
    "data_missing",
    "delivery_not_closed",
    "no_factor",
    "no_target",
    "flat_run",
    "spike",
    "unusual_months",
    "counted_twice",
    "type_left_out",
    "bill_year_length",
    "fall_unexplained",
    "no_responsible_person",
    "verdict_changed",
    "readings_after_closing",
    "year_not_closed",
)
# Of statements that raise flags of more than one rule, besides those of quality_rules (rule_ids.sql).
MORE_RULES = ("readings_before_validity", "readings_after_validity", "backdated_target")
# What the 企画推進者 answers for, whoever runs the facility.
OF_PROMOTER = frozenset({"verdict_changed", "backdated_target", "year_not_closed"})
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
        Findings: what keeps older years from a verdict, flags that nobody owns, energy without a factor, weather stations that
        sent nothing, verdicts and targets that changed.
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
        "unusual_ratio": settings.thresholds.unusual_ratio,
        "fall_share": settings.thresholds.fall_share,
        "fall_step": settings.thresholds.fall_step,
        "closing_late_days": settings.year.closing_late_days,
        "base_difference": settings.thresholds.base_difference,
        "bill_tolerance": settings.thresholds.bill_tolerance,
    }
    database.create_temp(connection, "doubt_days", HERE / "doubt_days.sql")
    database.fill(connection, "doubts", HERE / "doubts.sql")
    raised = []
    for rule_id in FLAG_RULES:
        raised += _as_flags(database.rows(connection, HERE / f"{rule_id}.sql", parameters), rule_id)
    for of_many_rules in ("outside_validity", "asked_doubts"):
        raised += _as_flags(database.rows(connection, HERE / f"{of_many_rules}.sql"))
    _inform(connection, raised, parameters)
    database.create(connection, "flag_doubts")
    asked = [(flag.flag_id, doubt_id) for flag in raised for doubt_id in flag.doubt_ids]
    database.insert_rows(connection, "flag_doubts", sorted(asked))
    changed_late = backdated.found(connection)
    raised += _as_flags(_of_targets(connection, changed_late), "backdated_target")
    owners, promoters = _owners(connection), _promoters(connection, today)
    of_flags = {flag.flag_id: _owner(flag, owners, promoters) for flag in raised}
    database.create(connection, "raised_flags", temporary=True)
    database.insert_rows(connection, "raised_flags", [_row(f, of_flags[f.flag_id], opened, today) for f in raised])
    older = database.rows(connection, HERE / "older_reasons.sql", parameters)
    lacking = database.rows(connection, HERE / "missing_factors.sql")
    strange = database.rows(connection, HERE / "unknown_stations.sql")
    return [
        *_of_older_years(older),
        *_without_owner(flag for flag in raised if of_flags[flag.flag_id] is None),
        *_without_factor(lacking),
        *contract_names.findings(connection),
        *(Finding("weather_station_unknown", row["station"], row) for row in strange),
        *_of_verdicts(connection, changed_late, parameters),
        *_of_yearly_totals(database.rows(connection, HERE / "yearly_totals_differ.sql", parameters), settings),
        *_not_told_then(database.rows(connection, HERE / "types_not_told_then.sql")),
    ]


def rule_ids(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """Return every rule that can raise flags, whether or not it does tonight."""
    of_doubts = {row["rule_id"] for row in database.rows(connection, HERE / "rule_ids.sql")}
    return {*FLAG_RULES, *MORE_RULES, *of_doubts}


def write_findings(connection: duckdb.DuckDBPyConnection, findings: Iterable[Finding]) -> None:
    """Fill findings with everything the night found, each once."""
    unique = {finding.finding_id: finding.row() for finding in findings}
    if not database.exists(connection, "findings"):
        database.create(connection, "findings")
    connection.execute("DELETE FROM findings")
    database.insert_rows(connection, "findings", [unique[key] for key in sorted(unique)])


def _as_flags(rows: Iterable[dict[str, Any]], rule_id: str = "") -> list[Raised]:
    """Flags of rows that say facility, year, subject, stake and evidence, and, unless all are of one rule, which."""
    raised = [
        Raised(
            row["facility_id"],
            rule_id or row["rule_id"],
            row["fiscal_year"],
            row["subject"],
            _kg(row["co2e_at_stake_kg"]),
            json.loads(row["evidence"]),
            tuple(row.get("doubt_ids", ())),
        )
        for row in rows
    ]
    return sorted(raised, key=lambda flag: flag.flag_id)


def _inform(connection: duckdb.DuckDBPyConnection, raised: Iterable[Raised], parameters: dict[str, Any]) -> None:
    """Put what else speaks of a unit beside the questions that have too little history to compare with."""
    unchecked = [flag for flag in raised if flag.rule_id == "unit_slip_unchecked"]
    if unchecked:
        rows = database.rows(connection, HERE / "unchecked_beside.sql", parameters)
        told = {row["facility_id"]: row for row in rows}
        for flag in unchecked:
            row = told.get(flag.facility_id, {})
            flag.numbers.update({name: row[name] for name in ("area", "contract_percent") if row.get(name) is not None})


def _of_targets(connection: duckdb.DuckDBPyConnection, changed: list[backdated.Backdated]) -> list[dict[str, Any]]:
    """Rows of flags about targets, each at the first facility that is judged with it, else at the city's first."""
    facilities = dict(
        connection.execute("SELECT target_id, min(facility_id) FROM target_members GROUP BY target_id").fetchall()
    )
    first = connection.execute("SELECT min(facility_id) FROM facilities").fetchone()
    return backdated.rows(changed, facilities, str(first[0] if first else ""))


def _row(flag: Raised, owner: tuple[str, str] | None, opened: dict[str, date], today: date) -> tuple[Any, ...]:
    rule = rules()[flag.rule_id]
    post, person = owner or (None, None)
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
    if "by_column" in flag.numbers:
        columns = tables.table("delivery_closings").columns
        column = next(each for each in columns if each.name == flag.numbers["by_column"])
        told["row"] = f"{column.meaning_ja if language == 'ja' else column.name}={flag.numbers['whose']}"
    if "types" in flag.numbers:
        told["types"] = ", ".join(_type(name, language) for name in flag.numbers["types"])
    told["beside"] = _beside(flag.numbers, language)
    told["per"] = word(f"per_{flag.numbers.get('per', 'day')}", language)
    if "causes" in flag.numbers:
        told |= verdict_words(flag.numbers, language)
    if "actual_kg" in flag.numbers:
        actual, allowed = Decimal(flag.numbers["actual_kg"]), Decimal(flag.numbers["allowed_kg"])
        told["actual"], told["allowed"] = pair(actual, allowed, rule_of("emissions"))
        told["at_least"] = "" if flag.numbers["is_exact"] else label("at_least", language)
        told["excess"] = rule_of("emissions").text(actual - allowed)
    return told


def _type(name: str, language: str) -> str:
    """An energy type or activity as the registers call it."""
    usual = spoken.usual("meters", "energy_type") | spoken.usual("activity_sources", "activity")
    return word("all_types", language) if name == "all" else usual.get(name, name) if language == "ja" else name


def _beside(numbers: Mapping[str, Any], language: str) -> str:
    """What else speaks of a quantity that has too little history, as sentences."""
    area, percent = numbers.get("area"), numbers.get("contract_percent")
    sentences = [say("beside_area", language, **area)] if area else []
    sentences += [say("beside_contract", language, percent=percent)] if percent is not None else []
    return "".join(f" {sentence}" for sentence in sentences)


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


def _promoters(connection: duckdb.DuckDBPyConnection, today: date) -> dict[str, tuple[str, str]]:
    """Return facility -> (post, person) of its 企画推進者, that of its operator where it has none of its own, as when closed."""
    post = OWNER_POSTS[-1]
    found = database.rows(connection, HERE / "promoters.sql", {"post": post, "today": today})
    return {row["facility_id"]: (post, row["person_id"]) for row in found}


def _owner(
    flag: Raised, owners: dict[str, tuple[str, str]], promoters: dict[str, tuple[str, str]]
) -> tuple[str, str] | None:
    """Who answers for a flag: the facility's own, or the 企画推進者 where it is a matter of targets and verdicts."""
    first, second = (promoters, owners) if flag.rule_id in OF_PROMOTER else (owners, promoters)
    return first.get(flag.facility_id) or second.get(flag.facility_id)


def _of_verdicts(
    connection: duckdb.DuckDBPyConnection, changed_late: list[backdated.Backdated], parameters: dict[str, Any]
) -> Iterable[Finding]:
    """Findings about verdicts of closed years, targets that were changed for them, and base years."""
    for row in database.rows(connection, HERE / "verdict_restated.sql"):
        subject = f"{row['subject_key']}/FY{row['fiscal_year']}/{row['basis']}/{row['run_id']}"
        numbers = {name: value for name, value in row.items() if name not in ("facility_id", "fiscal_year")}
        targets = f"{row['before_target']} → {row['after_target']}"
        words = [verdict_words(row, language) for language in LANGUAGES]
        told = " / ".join(f"{w['before']} → {w['after']} ({targets}; {w['causes']})" for w in words)
        yield Finding("verdict_restated", subject, numbers | {"change": told}, row["facility_id"], row["fiscal_year"])
    for row in database.rows(connection, HERE / "method_restated.sql"):
        yield Finding("method_restated", f"{row['rule']}/{row['run_id']}", row)
    for one in changed_late:
        for year in one.years:
            numbers = {"target": one.target_id, "known_from": f"{one.known_from:%Y-%m-%d}", "years": f"FY{year}"}
            yield Finding("backdated_target", f"{one.target_id}/FY{year}/{one.known_from}", numbers, None, year)
    for row in database.rows(connection, HERE / "base_differs.sql", parameters):
        own = rule_of("change").text(row["own_co2e_kg"])
        stated, tolerance = f"{row['base_co2e_t'].normalize():f}", f"{parameters['base_difference']:.0%}"
        numbers = {"stated": stated, "own": own, "tolerance": tolerance}
        yield Finding("base_differs", row["target_id"], numbers, None, row["base_fy"])


def _of_older_years(rows: list[dict[str, Any]]) -> Iterable[Finding]:
    for row in rows:
        facility, year, reason = row["facility_id"], row["fiscal_year"], row["reason"]
        rule_id = reason.removeprefix("baseline:")
        if rule_id in rules():
            numbers = {"reason": reason, "fiscal_year": year}
            yield Finding(rule_id, f"{facility}/FY{year}/{reason}", numbers, facility, year)


def _of_yearly_totals(rows: list[dict[str, Any]], settings: Settings) -> Iterable[Finding]:
    """A yearly total that says otherwise than the data of its year, with the place to look at."""
    for row in rows:
        place = " ".join(filter(None, ("yearly_totals", row["source_member"], f"{row['source_line'] or ''}")))
        numbers = {
            "total": rule_of("change").text(row["total_kg"]),
            "readings": rule_of("change").text(row["readings_kg"]),
            "tolerance": f"{settings.thresholds.bill_tolerance:.0%}",
            "place": f"{place} ({' '.join(filter(None, (row['document'], row['page'])))})",
        }
        yield Finding(
            "yearly_total_contradicted", row["yearly_total_id"], numbers, row["facility_id"], row["fiscal_year"]
        )


def _not_told_then(rows: list[dict[str, Any]]) -> Iterable[Finding]:
    """A type that later years count and the totals of the base year leave out."""
    for row in rows:
        type_of = Bilingual(_type(row["source_type"], "ja"), _type(row["source_type"], "en"))
        numbers = {
            "facility": row["facility_id"],
            "type": type_of,
            "first": f"FY{row['first_fy']}",
            "base": row["base_fy"],
        }
        yield Finding("type_not_told_then", row["source_type"], numbers, row["facility_id"], row["base_fy"])


def _without_factor(rows: list[dict[str, Any]]) -> Iterable[Finding]:
    for row in rows:
        years = f"FY{row['first_fy']}" + ("" if row["first_fy"] == row["last_fy"] else f"-FY{row['last_fy']}")
        found = {
            "meter": row["meter_id"],
            "energy_type": row["energy_type"],
            "basis": row["basis"],
            "years": years,
            "supplier": row["contract"] or "-",
            "found": row["candidates"] or "-",
            "why": _why_no_factor(row),
        }
        subject = f"{row['meter_id']}/{row['basis']}/{row['reason']}"
        yield Finding("factor_missing", subject, found, row["facility_id"])


def _why_no_factor(row: Mapping[str, Any]) -> str:
    """Why a factor lacks; where no list has it, the line that would give it, for the last year that lacks it."""
    if row["reason"] != "no_factor_row":
        return rules()[row["reason"]].both({})
    return " / ".join(factor_line.to_write(row, row["last_fy"], language) for language in LANGUAGES)


def _without_owner(flags: Iterable[Raised]) -> Iterable[Finding]:
    for facility in sorted({flag.facility_id for flag in flags}):
        yield Finding("no_owner", facility, {"found": facility}, facility)


def _kg(value: Any) -> Decimal | None:  # noqa: ANN401 - DuckDB's decimal of any scale
    return None if value is None else round(Decimal(value), 9)
