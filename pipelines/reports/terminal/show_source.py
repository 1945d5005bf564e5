"""Show what one meter or activity contributes: its readings with file and line, how much of each counts, and the factors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any

from rich.cells import cell_len

from pipelines.findings import explain_reason
from pipelines.periods import fiscal_year
from pipelines.registers import factor_line
from pipelines.reports.plain_text import GAP, figure, plain, tonnes
from pipelines.reports.terminal.look import Terminal
from pipelines.texts import section, word

MOST_LINES = 60
DAY = 86_400
DIGITS, MOST_DIGITS = 3, 6  # of kilograms; of what was measured
REST = Decimal("0.001")  # more than the largest remainders of spreading leave

DAYS = (
    ("measured", "good_days"), ("interpolated", "interpolated_days"), ("doubtful", "doubtful_days"), ("missing", "missing_days"),
)  # fmt: skip


class Explained:
    """Prints one explanation: the terminal, and whether all decimals were asked for."""

    def __init__(self, out: Terminal, *, exact: bool = False) -> None:
        self.out, self.exact = out, exact

    def figure(self, number: Decimal | None, digits: int = DIGITS) -> str:
        """A figure as it is printed here."""
        return figure(number, exact=self.exact, digits=digits)

    def kg(self, kg: Decimal) -> str:
        """Kilograms and tonnes."""
        return f"{self.figure(kg)} kgCO2e = {tonnes(kg)}"

    def interval(self, low: Decimal | None, high: Decimal | None) -> str | None:
        """An interval; without an upper end where there is none."""
        if low is None:
            return None
        if high is None:
            return f"≥ {self.figure(low)} kg ({tonnes(low)})"
        if low == high:
            return f"{self.figure(low)} kg ({tonnes(low)})"
        return f"{self.figure(low)} – {self.figure(high)} kg ({tonnes(low)} – {tonnes(high)})"


def kind_of(out: Terminal, row: Mapping[str, Any]) -> str:
    """An energy type or activity by its name."""
    return str(row[f"kind_{out.language}"] or row["source_type"])


def unit_of(out: Terminal, unit: str) -> str:
    """A unit as people write it: ``kgC/MJ``, ``tCO2/kWh``, ``千m3``."""
    return "/".join(
        word(f"unit_{part}", out.language) if f"unit_{part}" in section("words") else part for part in unit.split("/")
    )


def show(shown: Explained, source: dict[str, Any], *, counts: bool = True) -> None:
    """Print a meter or activity of the facility: days, doubts, readings, factors, and what of it is held back.

    Args:
        shown: Where and how exactly to print.
        source: With what was told of it.
        counts: Whether it stands in the total, or a yearly total in its place.
    """
    out, share = shown.out, ""
    if source["lowest_share"] not in (0, 1) or source["lowest_share"] != source["highest_share"]:
        share = out.say("share_of", share=plain(source["lowest_share"]))
    out.console.print()
    only = "" if counts else f" {out.say('reconciles')}"
    amount = f"{shown.figure(source['co2e_kg'])} kgCO2e{only}"
    out.line(f"■ {source['source_id']} {kind_of(out, source)}{share}: {amount}", "bold")
    days = [f"{word(name, out.language)} {source[key]}" for name, key in DAYS if source[key]]
    if source["days_without_factor"]:
        days.append(out.say("days_without_factor", days=source["days_without_factor"]))
    missing = f" ({source['first_missing']} – {source['last_missing']})" if source["missing_days"] else ""
    out.line(f"  {out.say('days')}: {' / '.join(days)}{missing}")
    for rule in sorted({rule for doubt in source["doubts"] or [] for rule in doubt.split(";")}):
        out.line(f"  ! {explain_reason(rule, out.language)}", "yellow")
    for year in source["delivered"]:
        out.line(f"  {out.say('carried', **_carried(source, year))}")
        if year["is_from_unknown"]:
            out.line(f"  ! {out.say('stock_before_unknown')}", "yellow")
    for fraction in source["fractions"]:
        told = {
            **fraction,
            "share": "-" if fraction["fraction"] is None else plain(fraction["fraction"]),
            "why": explain_reason(fraction["reason"] or "", out.language),
        }
        out.line("  " + out.say("burnt_fraction" if fraction["reason"] is None else "no_burnt_fraction", **told))
    digits = _digits(source["factors"])
    _readings(shown, source, digits)
    for factor in source["factors"]:
        _factor(shown, factor, digits)
    for held in source["quarantine"]:
        text = held["reason"] if out.language == "ja" else held["reason_en"]
        out.line(f"  ✕ {word('quarantine', out.language)} {place_of(out, held)} {text}", "red")


def _digits(factors: Sequence[Mapping[str, Any]]) -> int:
    """How many decimals a quantity needs so that its product has the decimals of a kilogram."""
    largest = max(
        (abs(f["multiplier14"] or Decimal(0)) * (f.get("gwp_value") or 1) for f in factors), default=Decimal(0)
    )
    return min(MOST_DIGITS, DIGITS + max(0, largest.adjusted())) if largest else DIGITS


def _carried(source: dict[str, Any], year: dict[str, Any]) -> dict[str, str]:
    """Deliveries of a year against what is counted, in the unit of the meter, what crosses its edges also in tonnes of its mean."""
    told = {name.removesuffix("_quantity"): plain(value) for name, value in year.items() if name.endswith("_quantity")}
    quantity, co2e_kg = source["quantity"], source["co2e_kg"]
    for edge in ("carried_in", "carried_out"):
        of_edge = None if not quantity or co2e_kg is None else year[f"{edge}_quantity"] * co2e_kg / quantity
        told[f"{edge}_t"] = "?" if of_edge is None else tonnes(of_edge)
    return {**told, "unit": year["unit"]}


def _readings(shown: Explained, source: dict[str, Any], digits: int) -> None:
    """Each reading with its file and line, and below it how much of it counts; then their sum."""
    out, readings = shown.out, source["readings"]
    counted = [r for r in readings if r["counts"] and r["counted"] is not None]
    wide = max((cell_len(_sent(out, r)) for r in readings), default=0)
    for r in readings[:MOST_LINES]:
        sent = _sent(out, r)
        stage = f" {word(r['stage'], out.language)}" if r["stage"] != "confirmed" else ""
        only = "" if r["counts"] else f" {out.say('reconciles')}"
        said = f"  ▸ {_span(r)}  {' ' * (wide - cell_len(sent))}{sent}{stage}{only}"
        place = place_of(out, r)
        fits = cell_len(said) + GAP + cell_len(place) <= out.console.width
        out.line(f"{said}{' ' * GAP if fits else chr(10) + ' ' * 6}{place}", "dim")
        if r["counts"] and r["counted"] is not None and (parts := _parts(out, r)):
            result = f"{shown.figure(r['counted'], digits)} {unit_of(out, r['counted_unit'])}"
            out.line(f"      {plain(r['quantity'])} {unit_of(out, r['unit'])}{parts} = {result}", "dim")
        if r.get("evidence_name"):
            _evidence(out, r)
    if len(readings) > MOST_LINES:
        out.line("    " + out.say("more", count=len(readings) - MOST_LINES), "dim")
    rest = None if source["quantity"] is None else source["quantity"] - sum((r["counted"] for r in counted), Decimal(0))
    unit = unit_of(out, source["unit"] or "")
    if rest is not None and abs(rest) >= REST:
        why = "filled_days" if source["interpolated_days"] else "spread_otherwise"
        out.line(f"  ▸ {out.say(why)}  {shown.figure(rest, digits)} {unit}", "dim")
    if len(counted) + (rest is not None and abs(rest) >= REST) > 1:
        out.line(f"    {out.say('sum')} {shown.figure(source['quantity'], digits)} {unit}", "dim")


def _sent(out: Terminal, r: Mapping[str, Any]) -> str:
    """What was sent, to the last decimal; how many readings of one file where they are told together."""
    count = f"{out.say('readings', count=r['readings'])} " if r["readings"] > 1 else ""
    return f"{count}{plain(r['quantity'])} {unit_of(out, r['unit'])}"


def _parts(out: Terminal, r: Mapping[str, Any]) -> str:
    """The factors between what was sent and what counts: unit, multiplier, days, share."""
    told = ""
    if r["scale"] != 1:
        is_up = r["scale"] > 1
        number = r["scale"] if is_up else 1 / r["scale"]
        above, below = (r["counted_unit"], r["unit"]) if is_up else (r["unit"], r["counted_unit"])
        told += f" {'×' if is_up else '÷'} {plain(number)} {unit_of(out, above)}/{unit_of(out, below)}"
    if r["multiplier"] != 1:
        told += " × " + out.say("by_multiplier", multiplier=plain(r["multiplier"]))
    if r.get("is_stock"):
        told += " × " + out.say("stock_days", days=r["seconds"] // DAY)
    elif r["seconds"] != r["all_seconds"]:
        whole = DAY if not r["seconds"] % DAY and not r["all_seconds"] % DAY else 3600
        if r["seconds"] % whole or r["all_seconds"] % whole:
            whole = 60
        name = {DAY: "part_of_days", 3600: "part_of_hours", 60: "part_of_minutes"}[whole]
        told += " × " + out.say(name, part=f"{r['seconds'] // whole:,}", all=f"{r['all_seconds'] // whole:,}")
    if r["facility_share"] != 1:
        told += " × " + out.say("by_share", share=plain(r["facility_share"]))
    return told


def place_of(out: Terminal, r: Mapping[str, Any]) -> str:
    """File, sheet or member, row and column as sent: ``料金一覧.xlsx [令和7年度] 19行目「使用量」``."""
    member = f" [{r['source_member']}]" if r["source_member"] else ""
    last = r.get("last_line", r["source_line"])
    lines = f"{r['source_line']}" if last == r["source_line"] else f"{r['source_line']}–{last}"
    column = out.say("at_column", column=str(r["source_column"]).strip("[]")) if r["source_column"] else ""
    return f"{r['path']}{member} {out.say('at_line', line=lines)}{column}"


def _span(r: Mapping[str, Any]) -> str:
    """First and last day of a period of whole days; else its times."""
    first, end = r["started_at"], r["ended_at"]
    if first.time() == end.time() == time() and end > first:
        last = end - timedelta(days=1)
        return f"{first:%Y-%m-%d}–{last:%Y-%m-%d}" if last > first else f"{first:%Y-%m-%d}"
    return f"{moment(first)} – {moment(end)}"


def _evidence(out: Terminal, r: Mapping[str, Any]) -> None:
    """The bill on paper or as PDF behind a reading: which content it is bound to, or why it is not."""
    kept = f" sha256 {r['evidence_sha256'][:12]}" if r["evidence_sha256"] else ""
    state = "" if r["evidence_state"] == "bound" else f"  {word('evidence_' + r['evidence_state'], out.language)}"
    told = f"      {out.say('evidence')}: {r['evidence_path'] or r['evidence_name']}{kept}{state}"
    out.line(told, "yellow" if state else "dim")


def moment(at: datetime) -> str:
    """A time; of midnight only the day."""
    return f"{at:%Y-%m-%d}" if at.time() == time() else f"{at:%Y-%m-%d %H:%M}"


def _factor(shown: Explained, factor: dict[str, Any], digits: int) -> None:
    out = shown.out
    span = f"{factor['first_date']} – {factor['last_date']}"
    amount = f"{shown.figure(factor['quantity'], digits)} {unit_of(out, factor['unit'] or '')}"
    if factor["factor_id"] is None:
        if factor["reason"] == "not_in_basis":
            out.line(f"  × {span}: {out.say('not_in_basis')}")
        else:
            why = explain_reason(factor["reason"] or "", out.language)
            out.line(f"  × {span}: {amount} — {why} {factor['candidates'] or ''}", "yellow")
            if factor["reason"] == "no_factor_row" and factor.get("energy_type"):
                line = factor_line.to_write(factor, fiscal_year(factor["last_date"]), out.language)
                out.indented(f"→ {line}")
        return
    steps = "".join(_step(out, step, factor.get("gas") or "CO2") for step in factor["steps"])
    out.line(f"  {span}: {amount}{steps}{warmed(shown, factor)} = {shown.figure(factor['co2e_kg'])} kgCO2e")
    mark = word(factor["mark"], out.language) if factor["mark"] else ""
    told = [
        f"{out.say('factor')}: {factor['factor_id']}",
        word(factor["choice"], out.language),
        f"{out.say('edition')} {factor['edition'] or '-'}",
        factor["source_place"] if factor["source_place"] != factor["edition"] else "",
        f"({factor['source_id'] or factor['origin']})",
        f"({factor['gwp_id']})" if is_warmed(factor) else "",
        mark,
    ]
    out.line("    " + "  ".join(each for each in told if each), "dim")


def is_warmed(factor: Mapping[str, Any]) -> bool:
    """Whether what is emitted is another gas than CO2, so that its warming potential counts."""
    return (factor.get("gas") or "CO2") not in ("CO2", "CO2e")


def warmed(shown: Explained, factor: Mapping[str, Any]) -> str:
    """The gas emitted and its warming potential: `` = 12.3 kg N2O × GWP 265``."""
    if not is_warmed(factor):
        return ""
    return (
        f" = {shown.figure(factor['emissions_kg'], MOST_DIGITS)} kg {factor['gas']} × GWP {plain(factor['gwp_value'])}"
    )


def _step(out: Terminal, step: Mapping[str, Any], gas: str) -> str:
    unit = unit_of(out, step["unit"].replace("kg_gas", f"kg {gas}"))
    return f" {step['sign']} {step['value']} {unit}".rstrip()
