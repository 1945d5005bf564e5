"""The cells of an operator's periodic report (定期報告書) for a year, from the published file: values, where they come from, what is empty.

The tables follow the order of the form as ``report_tables`` names them. Columns of the form that are not known are not invented; a cell
that cannot be filled is empty and says why. Every cell has an id, by which ``explain --cell`` shows it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb

from pipelines.ask import select
from pipelines.errors import ActionableError
from pipelines.texts import both, letter

OPERATOR, ENERGY, POWER, INTENSITY, CHANGE, SHARE, REASONS, SITES, CO2 = (
    "特定第1表", "特定第2表1-1", "特定第2表1-5", "特定第3表", "特定第4表1", "特定第4表3", "特定第5表", "特定第10表", "特定第12表",
)  # fmt: skip
SITE_ENERGY, SITE_INTENSITY = "指定第2表", "指定第4表"
ORDER = (OPERATOR, ENERGY, POWER, INTENSITY, CHANGE, SHARE, REASONS, SITES, CO2, SITE_ENERGY, SITE_INTENSITY)
SLIP = 5  # a quantity that is so many times that of the year before, or so small a part of it, may be a slip of digits
DIGITS_OF_OPERATOR = 7
SHOWN = 5
Row = dict[str, Any]


class NoReportError(ActionableError, ValueError):
    """There is no such operator, or nothing of that year; the message says which there are."""


@dataclass(frozen=True, slots=True)
class ReportCell:
    """A cell of the report: its value (``None``: empty), unit, how it was reckoned from which table, and why it is empty."""

    table: str
    row: str
    column: str
    value: Decimal | float | str | None
    unit: str = ""
    how: str = ""
    reason: str = ""

    @property
    def cell_id(self) -> str:
        """How ``explain --cell`` calls it."""
        return "/".join((self.table, self.row, self.column))


@dataclass(frozen=True, slots=True)
class SelfCheck:
    """One point of the ministry's self-check list: passed, not, or (``None``) not to be told from what is known."""

    point: str
    passed: bool | None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class PeriodicReport:
    """The report of an operator and year: cells in the order of the form, the self-check, and figures as they were filed."""

    operator_id: str
    name: str
    fiscal_year: int
    cells: tuple[ReportCell, ...]
    checks: tuple[SelfCheck, ...]
    filed: tuple[Row, ...]

    def cell(self, cell_id: str) -> ReportCell:
        """Return a cell by its id.

        Raises:
            NoReportError: no cell is called so; the message names some of the same table.
        """
        found = next((cell for cell in self.cells if cell.cell_id == cell_id), None)
        if found is None:
            table = cell_id.split("/", maxsplit=1)[0]
            near = [cell.cell_id for cell in self.cells if cell.table == table] or [cell.cell_id for cell in self.cells]
            raise NoReportError(both("no_such_cell", at=cell_id, known=", ".join(near[:SHOWN])))
        return found

    def now(self, stated_item: str | None) -> Decimal | float | None:
        """Return what is reckoned today of a figure that was filed."""
        place = {"crude_oil_kl": (ENERGY, letter("periodic_crude_oil")), "co2_t": (CO2, letter("periodic_co2"))}.get(
            stated_item or ""
        )
        found = (cell.value for cell in self.cells if (cell.table, cell.column) == place)
        value = next(found, None)
        return None if isinstance(value, str) else value


def report(connection: duckdb.DuckDBPyConnection, operator_id: str, fiscal_year: int, today: date) -> PeriodicReport:
    """Return the report of an operator for a fiscal year.

    Args:
        connection: The published file.
        operator_id: The operator.
        fiscal_year: The year that is reported.
        today: Decides who holds the posts.

    Raises:
        NoReportError: no such operator, or nothing was used in that year.
    """
    parameters = {"operator": operator_id, "fiscal_year": fiscal_year, "today": today}

    def asked(name: str) -> list[Row]:
        return select.rows(connection, f"periodic_{name}", parameters)

    operators, sums = asked("operator"), asked("sums")
    if not operators or not sums:
        known = ", ".join(
            row[0] for row in connection.execute("SELECT operator_id FROM operators ORDER BY 1").fetchall()
        )
        raise NoReportError(both("no_report", operator_id=operator_id, fiscal_year=fiscal_year, known=known))
    operator, energy, intensities = operators[0], asked("energy"), asked("intensities")
    cells = (
        *_operator(operator),
        *_energy(ENERGY, [row for row in energy if row["site_id"] is None], sums[0], ""),
        *_power(asked("power")),
        *_intensities(INTENSITY, intensities, fiscal_year, None, ""),
        *_changes(CHANGE, intensities, None, ""),
        ReportCell(
            SHARE,
            letter("periodic_non_fossil_share"),
            letter("periodic_share"),
            None,
            "%",
            "",
            letter("periodic_no_share"),
        ),
        *_reasons(intensities, fiscal_year),
        *_sites(sums[1:]),
        *_co2(asked("co2")),
        *(
            cell
            for site in sums[1:]
            if site["designation_no"]
            for cell in _of_site(site, energy, intensities, fiscal_year)
        ),
    )
    filed = tuple(asked("filed"))
    checks = tuple(_checks(operator, sums, energy, intensities, fiscal_year, cells))
    return PeriodicReport(operator_id, operator["name"], fiscal_year, cells, checks, filed)


def _operator(row: Row) -> Iterator[ReportCell]:
    for name, value, missing in (
        (letter("periodic_name"), row["name"], ""),
        (letter("periodic_designation_no"), row["designation_no"], letter("periodic_not_designated")),
        (letter("periodic_emitter_no"), None, letter("periodic_no_emitter_no")),
        (letter("periodic_chief"), row["chief"], letter("periodic_vacant")),
        (letter("periodic_promoter"), row["promoter"], letter("periodic_vacant")),
    ):
        reason = "" if value else missing
        yield ReportCell(
            OPERATOR, name, letter("periodic_entry"), value, how=letter("periodic_of_registers"), reason=reason
        )


def _energy(table: str, rows: Sequence[Row], total: Row, where: str) -> Iterator[ReportCell]:
    """What was used of each kind, and the sum; a kind with days without a value is marked, since its figure is too low."""
    how = letter("periodic_from_energy")
    for row in rows:
        if (
            row["unit"] == "-"
        ):  # days without a value: a mark of the kind's figures, and where it has none, an empty cell
            if not any(r["energy_type"] == row["energy_type"] and r["unit"] != "-" for r in rows):
                nothing = letter("periodic_no_value", days=row["missing_days"])
                yield ReportCell(table, f"{where}{row['name_ja']}", letter("periodic_amount"), None, "", how, nothing)
            continue
        missing = sum(r["missing_days"] for r in rows if r["energy_type"] == row["energy_type"])
        label, reason = (
            f"{where}{row['name_ja']} {row['unit']}",
            letter("periodic_too_low", days=missing) if missing else "",
        )
        yield ReportCell(table, label, letter("periodic_amount"), row["quantity"], row["unit"], how, reason)
        yield ReportCell(table, label, letter("periodic_heat"), row["energy_gj"], "GJ", how, reason)
    label, is_open = f"{where}{letter('periodic_total')}", total["high"] is None
    open_end = letter("periodic_open_end") if is_open else ""
    yield ReportCell(
        table, label, letter("periodic_heat"), sum((row["energy_gj"] for row in rows), Decimal(0)), "GJ", how, open_end
    )
    yield ReportCell(
        table, label, letter("periodic_crude_oil"), total["kl"], "kL", letter("periodic_from_sums"), open_end
    )
    known = not is_open and total["previous_high"] is not None and total["previous_kl"]
    ratio = float(total["kl"]) / float(total["previous_kl"]) * 100 if known else None
    yield ReportCell(
        table,
        label,
        letter("periodic_ratio"),
        ratio,
        "%",
        letter("periodic_from_sums"),
        "" if known else letter("periodic_no_ratio"),
    )
    yield ReportCell(table, label, letter("periodic_sold"), None, "GJ", "", letter("periodic_nothing_sold"))


def _power(rows: Sequence[Row]) -> Iterator[ReportCell]:
    """Electricity by contract: the share that the contract states; an ordinary contract's share is not known for every year."""
    for row in rows:
        label = " ".join(filter(None, (row["supplier"], row["menu"]))) or letter("periodic_no_contract")
        share, evidence = row["renewable_share"], row["evidence"]
        stated = share is not None and bool(evidence)
        yield ReportCell(POWER, label, letter("periodic_amount"), row["kwh"], "kWh", letter("periodic_from_contracts"))
        value = share * 100 if stated and share is not None else None
        yield ReportCell(
            POWER, label, letter("periodic_share"), value, "%", letter("periodic_evidence", evidence=evidence or "-"),
            "" if stated else letter("periodic_no_contract_share"),
        )  # fmt: skip


def _of(rows: Sequence[Row], site: str | None) -> list[Row]:
    return [row for row in rows if row["site_id"] == site]


def _intensities(table: str, rows: Sequence[Row], year: int, site: str | None, where: str) -> Iterator[ReportCell]:
    found = [row for row in _of(rows, site) if row["fiscal_year"] == year]
    if not found:
        yield ReportCell(
            table,
            where.strip() or letter("periodic_total"),
            letter("periodic_intensity"),
            None,
            "",
            "",
            letter("periodic_no_denominator"),
        )
    for row in found:
        label, how = f"{where}{row['denominator']}", letter("periodic_from_intensities")
        yield ReportCell(
            table, label, letter("periodic_denominator"), row["value"], row["unit"], letter("periodic_of_registers")
        )
        whole = row["intensity_high"] is not None
        value = row["intensity_low"] if whole else None
        yield ReportCell(
            table,
            label,
            letter("periodic_intensity"),
            value,
            f"kL/{row['unit']}",
            how,
            "" if whole else letter("periodic_open_end"),
        )
        known = row["previous_ratio_high"] is not None and whole
        ratio = row["previous_ratio_high"] * 100 if known else None
        yield ReportCell(
            table, label, letter("periodic_ratio"), ratio, "%", how, "" if known else letter("periodic_no_ratio")
        )


def _changes(table: str, rows: Sequence[Row], site: str | None, where: str) -> Iterator[ReportCell]:
    """Five years of the intensity and their mean change; across FY2023 it is marked."""
    how = letter("periodic_from_intensities")
    for row in _of(rows, site):
        label = f"{where}{row['denominator']} {letter('periodic_year', year=row['fiscal_year'])}"
        value = row["intensity_low"] if row["intensity_high"] is not None else None
        empty = letter("periodic_open_end") if value is None else ""
        yield ReportCell(table, label, letter("periodic_intensity"), value, f"kL/{row['unit']}", how, empty)
    latest = {row["denominator"]: row for row in _of(rows, site)}
    for name, row in latest.items():
        high = row["five_year_change_high"]
        crossed = letter("periodic_crosses") if "crosses_2023" in (row["marks"] or "") else ""
        value = high * 100 if high is not None else None
        reason = crossed if value is not None else letter("periodic_too_few_years")
        yield ReportCell(table, f"{where}{name}", letter("periodic_change"), value, "%", how, reason)


def _reasons(rows: Sequence[Row], year: int) -> Iterator[ReportCell]:
    for row in [r for r in _of(rows, None) if r["fiscal_year"] == year]:
        wanted = row["aim_state"] != "reached"
        value = None if wanted else letter("periodic_none_needed")
        yield ReportCell(
            REASONS,
            row["denominator"],
            letter("periodic_why"),
            value,
            reason=letter("periodic_office_writes") if wanted else "",
        )


def _sites(rows: Sequence[Row]) -> Iterator[ReportCell]:
    for row in rows:
        label = " ".join(filter(None, (row["site_id"], row["name"])))
        number = row["designation_no"]
        yield ReportCell(
            SITES,
            label,
            letter("periodic_site_no"),
            number,
            how=letter("periodic_of_registers"),
            reason="" if number else letter("periodic_not_designated"),
        )
        open_end = letter("periodic_open_end") if row["high"] is None else ""
        yield ReportCell(
            SITES, label, letter("periodic_crude_oil"), row["kl"], "kL", letter("periodic_from_sums"), open_end
        )


def _co2(rows: Sequence[Row]) -> Iterator[ReportCell]:
    names = {"shk_basic": letter("periodic_shk_basic"), "shk_adjusted": letter("periodic_shk_adjusted")}
    for row in rows:
        marks = [letter("periodic_open_end")] if not row["is_whole"] else []
        marks += [letter("periodic_provisional")] if row["is_provisional"] else []
        tonnes = row["co2_kg"] / 1000 if row["co2_kg"] is not None else None
        yield ReportCell(
            CO2,
            names[row["basis"]],
            letter("periodic_co2"),
            tonnes,
            "t-CO2",
            letter("periodic_from_emissions"),
            " ".join(marks),
        )


def _of_site(site: Row, energy: Sequence[Row], intensities: Sequence[Row], year: int) -> Iterator[ReportCell]:
    where = f"{site['site_id']} "
    yield from _energy(SITE_ENERGY, [row for row in energy if row["site_id"] == site["site_id"]], site, where)
    yield from _intensities(SITE_INTENSITY, intensities, year, site["site_id"], where)


def _checks(
    operator: Row,
    sums: Sequence[Row],
    energy: Sequence[Row],
    intensities: Sequence[Row],
    year: int,
    cells: Sequence[ReportCell],
) -> Iterator[SelfCheck]:
    """The ministry's self-check list, as far as it can be told from what is known."""
    number = operator["designation_no"] or ""
    yield SelfCheck(letter("check_operator_no"), number.isdigit() and len(number) == DIGITS_OF_OPERATOR, number or "-")
    yield SelfCheck(letter("check_emitter_no"), None, letter("periodic_no_emitter_no"))
    slips = [
        f"{row['site_id'] or ''} {row['name_ja']} {row['quantity']:,.0f} {row['unit']} ({row['previous_quantity']:,.0f})"
        for row in energy
        if row["previous_quantity"]
        and not row["previous_quantity"] / SLIP <= row["quantity"] <= row["previous_quantity"] * SLIP
    ]
    yield SelfCheck(letter("check_digits"), not slips, "; ".join(slips))
    of_types = sum((row["crude_oil_kl"] for row in energy if row["site_id"] is None), Decimal(0))
    yield SelfCheck(
        letter("check_tables_agree"), of_types == sums[0]["kl"], f"{of_types:,.3f} = {sums[0]['kl']:,.3f} kL"
    )
    unlisted = [
        row["site_id"] for row in sums[1:] if row["designation_state"] == "at_or_above" and not row["designation_no"]
    ]
    yield SelfCheck(letter("check_sites_listed"), not unlisted, ", ".join(unlisted))
    tables = {cell.row.split(" ")[0] for cell in cells if cell.table == SITE_ENERGY}
    without = [row["site_id"] for row in sums[1:] if row["designation_no"] and row["site_id"] not in tables]
    yield SelfCheck(letter("check_sites_have_tables"), not without, ", ".join(without))
    ratio = next(cell for cell in cells if cell.table == ENERGY and cell.column == letter("periodic_ratio"))
    yield SelfCheck(letter("check_ratio"), ratio.value is not None, ratio.reason)
    changed = sorted(
        {
            r["denominator"]
            for r in intensities
            if r["fiscal_year"] == year and "denominator_changed" in (r["marks"] or "")
        }
    )
    yield SelfCheck(letter("check_denominator"), not changed, ", ".join(changed))
