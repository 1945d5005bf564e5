"""Show an explanation: verdict, total, sources, factors, readings with file and line, flags and decisions.

What is printed can be followed with a calculator: each reading x its days x its share, their sum x the factors = kg. Kilograms have three
decimals unless all are asked for, and a quantity as many as its factor needs for that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any

from rich.cells import cell_len
from rich.text import Text

from pipelines.findings import explain_reason
from pipelines.periods import fiscal_year
from pipelines.registers import factor_line, spoken
from pipelines.reports.plain_text import GAP, figure, percent, plain, tonnes
from pipelines.reports.terminal import show_past
from pipelines.reports.terminal.look import Terminal, is_collected
from pipelines.reports.terminal.show_lists import change_against_base
from pipelines.rounding import CHANGE_NEGATIVE, Document, change_rate, rate_text, rule_of, sign_name
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


def show(
    out: Terminal,
    told: dict[str, Any],
    as_known_at: str | None = None,
    sign: str = CHANGE_NEGATIVE,
    documents: Mapping[str, Document] | None = None,
    *,
    exact: bool = False,
) -> None:
    """Print an explanation from the total down to the lines of the files.

    Args:
        out: Where to print.
        told: The explanation.
        as_known_at: The moment whose knowledge it is of.
        sign: What the sign of a change means.
        documents: The documents for which the city states rules of rounding.
        exact: Whether all decimals are printed.
    """
    shown = Explained(out, exact=exact)
    facility = told["facility"]
    period = f"{told['month']:%Y-%m}" if told["month"] else out.say("fiscal_year", year=told["fiscal_year"])
    _head(out, f"{facility['facility_id']} {facility['name']}", period, told["basis"], as_known_at)
    lacking = ", ".join(_amount(shown, row) for row in told["without_factor"])
    if told["total"] is None and not lacking:
        known = told["years_known"]
        out.line(out.say("no_figures_of_span", **known) if known else out.say("no_figures_at_all"), "yellow")
    is_year = told["month"] is None
    out.pairs(
        [
            *(_result(shown, told["result"], sign) if is_year else ()),
            *_total(shown, told, lacking),
            *(_lower_bound(shown, told) if is_year else ()),
            *(_years(shown, told) if is_year else ()),
        ]
    )
    if is_year:
        _documents(out, told, documents or {}, sign)
    for event in told["events"]:
        kind = _spoken(out, "events", "kind", event["kind"])
        out.line(f"  ※ {event['from']} – {event['to'] or ''} {kind} {event['note'] or ''}", "cyan")
    for source in told["sources"]:
        _source(shown, source)
    _notes(shown, told)
    out.rounding("emissions", "rate", "coverage", sign=sign)


def subject(
    out: Terminal,
    told: dict[str, Any],
    as_known_at: str | None = None,
    documents: Mapping[str, Document] | None = None,
    *,
    exact: bool = False,
) -> None:
    """Print the sums of an operator or the city by facility, the verdicts of its own targets, and the city as documents print it."""
    shown = Explained(out, exact=exact)
    name = out.say("whole_city") if told["subject"] == "city" else f"{told['subject']} {told['name']}".strip()
    _head(out, name, out.say("fiscal_year", year=told["fiscal_year"]), told["basis"], as_known_at)
    for result in told["results"]:
        verdict = out.verdict("collecting" if is_collected(result) else result["verdict"], result["is_inherited"])
        out.pairs(
            [
                (f"{out.say('col_verdict')} {result['target_id']}", verdict),
                (out.say("col_reasons"), out.why(result)),
                (
                    word("actual", out.language),
                    shown.interval(result["actual_low_co2e_kg"], result["actual_high_co2e_kg"]),
                ),
                (
                    word("allowed", out.language),
                    shown.interval(result["allowed_co2e_kg"], result["allowed_high_co2e_kg"]),
                ),
            ]
        )
    rows = [
        (
            f"{row['facility_id']} {row['name']}",
            f"{shown.figure(row['co2e_kg'])} kgCO2e",
            tonnes(row["co2e_kg"]),
            _verdict(out, row),
        )
        for row in told["facilities"]
    ]
    out.columns(rows, right=frozenset({1, 2}))
    total = told["total"]
    out.pairs([(out.say("total"), shown.kg(total["co2e_kg"])), (out.say("energy"), _energy(shown, total))])
    for name, stated in (documents or {}).items() if told["gases"] else ():
        printed = stated.total(Decimal(total["co2e_kg"]), _of_year(told["gases"], told["fiscal_year"]))
        _document(out, name, stated, stated.figures.text(printed))
    out.rounding("emissions")


def _head(out: Terminal, whose: str, period: str, basis: str, as_known_at: str | None) -> None:
    head = f"{whose} — {period} — {word(basis, out.language)}"
    if as_known_at:
        head += out.say("as_known_at", at=as_known_at)
    out.console.rule(Text(head, style="bold"), align="left")


def _verdict(out: Terminal, row: Mapping[str, Any]) -> Text:
    if not row["verdict"]:
        return Text("")
    return out.verdict("collecting" if is_collected(row) else row["verdict"], row["is_inherited"])


def _energy(shown: Explained, total: Mapping[str, Any]) -> str:
    return f"{shown.figure(total['energy_gj'])} GJ = {shown.figure(total['crude_oil_kl'])} kL"


def _amount(shown: Explained, row: Mapping[str, Any]) -> str:
    """A quantity by the name of its kind: ``電気 11,575 kWh``."""
    return f"{_kind(shown.out, row)} {shown.figure(row['quantity'])} {_unit(shown.out, row['unit'] or '')}".rstrip()


def _kind(out: Terminal, row: Mapping[str, Any]) -> str:
    """An energy type or activity by its name."""
    return str(row[f"kind_{out.language}"] or row["source_type"])


def _unit(out: Terminal, unit: str) -> str:
    """A unit as people write it: ``kgC/MJ``, ``tCO2/kWh``, ``千m3``."""
    return "/".join(
        word(f"unit_{part}", out.language) if f"unit_{part}" in section("words") else part for part in unit.split("/")
    )


def _result(shown: Explained, result: dict[str, Any] | None, sign: str) -> Iterable[tuple[str, Any]]:
    out = shown.out
    if result is None:
        return
    target = None
    if result["target_id"]:
        kind = _spoken(out, "targets", "subject_kind", result["subject_kind"])
        whose = kind if result["subject_kind"] == "city" else f"{kind} {result['subject_id']}"
        first, last = (out.say("fiscal_year", year=result[year]) for year in ("base_fy", "target_fy"))
        path = _spoken(out, "targets", "path", result["path"])
        set_as = _set_as(result)
        target = f"{result['target_id']} ({whose}) {first} → {last} {set_as} ({path})\n{result['target_source'] or ''}".rstrip()
    yield out.say("col_verdict"), _verdict(out, result)
    yield out.say("col_reasons"), out.why(result)
    yield word("actual", out.language), shown.interval(result["actual_low_co2e_kg"], result["actual_high_co2e_kg"])
    yield word("allowed", out.language), _allowed(shown, result)
    yield (
        word("baseline", out.language),
        shown.interval(result["baseline_low_co2e_kg"], result["baseline_high_co2e_kg"]),
    )
    yield out.say("col_rate"), _rate(out, result, sign)
    yield out.say("target"), target
    yield out.say("same_period"), _same_period(result)


def _total(shown: Explained, told: dict[str, Any], lacking: str) -> Iterable[tuple[str, str]]:
    total, least = told["total"], told["least_covered"]
    if not total:
        return
    out, counted = shown.out, shown.kg(total["co2e_kg"])
    if lacking:
        is_nothing = not total["co2e_kg"]
        counted = out.say("cannot_be_counted" if is_nothing else "counted_without", counted=counted, lacking=lacking)
    yield out.say("total"), counted
    yield out.say("energy"), _energy(shown, total)
    share = percent(total["coverage"])
    yield word("coverage", out.language), f"{share}{out.say('least_covered', **least)}" if least else share


def _lower_bound(shown: Explained, told: dict[str, Any]) -> Iterable[tuple[str, str]]:
    """What stands in the total and not in the lower end of the actual: whose, how much, why; and the subtraction."""
    result, out = told["result"], shown.out
    total = next((year["co2e_kg"] for year in told["years"] if year["is_in_force"]), None)
    if result is None or total is None:
        return
    lines = []
    for row in told["left_out"]:
        why = "・".join(explain_reason(reason, out.language) for reason in row["reasons"].split(";") if reason)
        lines.append(f"{row['source_id']} {shown.figure(row['left_out_co2e_kg'])} kg: {why}")
    if lines:
        parts = [shown.figure(row["left_out_co2e_kg"]) for row in told["left_out"]]
        low = shown.figure(result["actual_low_co2e_kg"])
        lines.append(f"{' − '.join([shown.figure(total), *parts])} = {low} kg")
    missing = [
        f"{source['source_id']} {source['missing_days']}" for source in told["sources"] if source["missing_days"]
    ]
    if missing:
        lines.append(out.say("nothing_of_missing_days", sources=", ".join(missing)))
    if lines:
        yield out.say("left_out_of_low"), "\n".join(lines)


def _allowed(shown: Explained, result: dict[str, Any]) -> str | None:
    """The allowed amount and how it comes about: a share of the baseline, the register's amount, or that of a m2 times the floor area."""
    if result["allowed_num"] is None:
        return None
    out = shown.out
    amount = shown.interval(result["allowed_co2e_kg"], result["allowed_high_co2e_kg"])
    share = f"{result['allowed_num']}/{result['allowed_den']}"
    if result["allowed_den"] == 1:
        share = str(result["allowed_num"])
    if result["allowed_as"] == "share":
        product = f"{word('baseline', out.language)} × {share}"
    elif result["allowed_as"] == "amount":
        product = out.say("amount_of_register")
    else:
        area = "?" if result["floor_area_m2"] is None else plain(result["floor_area_m2"])
        product = f"{share} kgCO2e/m2 × {area} m2"
    return f"{amount}\n= {product}" if amount else product


def _set_as(result: dict[str, Any]) -> str:
    """What the register says of a target: its rate, or its amounts by year."""
    if result["reduction_rate"] is not None:
        return f"−{plain(Decimal(result['reduction_rate']) * 100)} %"
    if result["allowed_co2e_t"]:
        return f"{result['allowed_co2e_t']} tCO2e"
    return f"{result['allowed_co2e_kg_per_m2']} kgCO2e/m2"


def _spoken(out: Terminal, register: str, column: str, text: str) -> str:
    """A word of a register, in Japanese as an office writes it there."""
    return spoken.usual(register, column).get(text, text) if out.language == "ja" else text


def _rate(out: Terminal, result: dict[str, Any], sign: str) -> str | None:
    """The change against the base year, with the convention of its sign."""
    change = change_against_base(result)
    return None if change is None else f"{rate_text(change, rule_of('rate'), sign)} {sign_name(sign, out.language)}"


def _years(shown: Explained, told: dict[str, Any]) -> Iterable[tuple[str, str]]:
    """The year under each rule where there are two, the city's rules, and the series with the base year's factors."""
    out = shown.out
    for year in told["years"]:
        if len(told["years"]) > 1:
            mark = out.say("in_force_mark") if year["is_in_force"] else ""
            name = out.say("total_by_rule", rule=word(year["year_rule"], out.language))
            yield name, f"{shown.kg(year['co2e_kg'])}{mark}"
        if year["is_in_force"] and year["rules"]:
            yield out.say("rules_applied"), year["rules"]
    for fixed in told["at_base_factors"]:
        name = out.say("at_base_factors", base_fy=fixed["base_fy"])
        yield (
            name,
            out.say("open_base_days", days=fixed["open_days"]) if fixed["open_days"] else shown.kg(fixed["co2e_kg"]),
        )


def _documents(out: Terminal, told: dict[str, Any], documents: Mapping[str, Document], sign: str) -> None:
    """The year, its base year and the change as each document of the city prints them, by which rules."""
    result, year = told["result"], told["fiscal_year"]
    in_force = next((each["co2e_kg"] for each in told["years"] if each["is_in_force"]), None)
    if in_force is None:
        return
    for name, stated in documents.items():
        kg = stated.total(in_force, _of_year(told["gases"], year))
        text = stated.figures.text(kg)
        if result and change_against_base(result) is not None:
            base = result["baseline_low_co2e_kg"]
            if result["own_base_co2e_t"] is None:  # what was published before is no sum of gases
                base = stated.total(base, _of_year(told["gases"], result["base_fy"]))
            change = change_rate(kg, base, stated.rate, stated.figures)
            printed = f"{rate_text(change, stated.rate, sign)} {sign_name(sign, out.language)}"
            text = out.say("printed_change", total=text, base=stated.figures.text(base), change=printed)
        _document(out, name, stated, text)


def _document(out: Terminal, name: str, stated: Document, text: str) -> None:
    out.pairs([(out.say("printed_in", document=name), text)])
    out.line(f"  ※ {stated.sentence(out.language)}", "dim")


def _of_year(gases: list[dict[str, Any]], year: int) -> list[tuple[Decimal, Decimal]]:
    return [(gas["emissions_kg"], gas["gwp_value"]) for gas in gases if gas["fiscal_year"] == year]


def _same_period(result: dict[str, Any]) -> str | None:
    if result["same_period_until"] is None:
        return None
    now, before = result["same_period_co2e_kg"], result["same_period_previous_co2e_kg"]
    return f"– {result['same_period_until']}: {tonnes(now)} / {tonnes(before)}"


def _source(shown: Explained, source: dict[str, Any]) -> None:
    out, share = shown.out, ""
    if source["lowest_share"] not in (0, 1) or source["lowest_share"] != source["highest_share"]:
        share = out.say("share_of", share=plain(source["lowest_share"]))
    out.console.print()
    out.line(f"■ {source['source_id']} {_kind(out, source)}{share}: {shown.figure(source['co2e_kg'])} kgCO2e", "bold")
    days = [f"{word(name, out.language)} {source[key]}" for name, key in DAYS if source[key]]
    if source["days_without_factor"]:
        days.append(out.say("days_without_factor", days=source["days_without_factor"]))
    missing = f" ({source['first_missing']} – {source['last_missing']})" if source["missing_days"] else ""
    out.line(f"  {out.say('days')}: {' / '.join(days)}{missing}")
    for rule in sorted({rule for doubt in source["doubts"] or [] for rule in doubt.split(";")}):
        out.line(f"  ! {explain_reason(rule, out.language)}", "yellow")
    for year in source["delivered"]:
        out.line(f"  {out.say('carried', **_carried(source, year))}")
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
        out.line(f"  ✕ {word('quarantine', out.language)} {_place(out, held)} {text}", "red")


def _digits(factors: Sequence[Mapping[str, Any]]) -> int:
    """How many decimals a quantity needs so that its product has the decimals of a kilogram."""
    largest = max(
        (abs(f["multiplier14"] or Decimal(0)) * (f.get("gwp_value") or 1) for f in factors), default=Decimal(0)
    )
    return min(MOST_DIGITS, DIGITS + max(0, largest.adjusted())) if largest else DIGITS


def _carried(source: dict[str, Any], year: dict[str, Any]) -> dict[str, str]:
    """Deliveries of a year against what is counted, in the unit of the meter, what crosses its edges also in tonnes of its mean."""
    told = {name.removesuffix("_quantity"): plain(value) for name, value in year.items() if name != "unit"}
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
        place = _place(out, r)
        fits = cell_len(said) + GAP + cell_len(place) <= out.console.width
        out.line(f"{said}{' ' * GAP if fits else chr(10) + ' ' * 6}{place}", "dim")
        if r["counts"] and r["counted"] is not None and (parts := _parts(out, r)):
            result = f"{shown.figure(r['counted'], digits)} {_unit(out, r['counted_unit'])}"
            out.line(f"      {plain(r['quantity'])} {_unit(out, r['unit'])}{parts} = {result}", "dim")
    if len(readings) > MOST_LINES:
        out.line("    " + out.say("more", count=len(readings) - MOST_LINES), "dim")
    rest = None if source["quantity"] is None else source["quantity"] - sum((r["counted"] for r in counted), Decimal(0))
    unit = _unit(out, source["unit"] or "")
    if rest is not None and abs(rest) >= REST:
        why = "filled_days" if source["interpolated_days"] else "spread_otherwise"
        out.line(f"  ▸ {out.say(why)}  {shown.figure(rest, digits)} {unit}", "dim")
    if len(counted) + (rest is not None and abs(rest) >= REST) > 1:
        out.line(f"    {out.say('sum')} {shown.figure(source['quantity'], digits)} {unit}", "dim")


def _sent(out: Terminal, r: Mapping[str, Any]) -> str:
    """What was sent, to the last decimal; how many readings of one file where they are told together."""
    count = f"{out.say('readings', count=r['readings'])} " if r["readings"] > 1 else ""
    return f"{count}{plain(r['quantity'])} {_unit(out, r['unit'])}"


def _parts(out: Terminal, r: Mapping[str, Any]) -> str:
    """The factors between what was sent and what counts: unit, multiplier, days, share."""
    told = ""
    if r["scale"] != 1:
        is_up = r["scale"] > 1
        number = r["scale"] if is_up else 1 / r["scale"]
        above, below = (r["counted_unit"], r["unit"]) if is_up else (r["unit"], r["counted_unit"])
        told += f" {'×' if is_up else '÷'} {plain(number)} {_unit(out, above)}/{_unit(out, below)}"
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


def _place(out: Terminal, r: Mapping[str, Any]) -> str:
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
    return f"{_moment(first)} – {_moment(end)}"


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d}" if at.time() == time() else f"{at:%Y-%m-%d %H:%M}"


def _factor(shown: Explained, factor: dict[str, Any], digits: int) -> None:
    out = shown.out
    span = f"{factor['first_date']} – {factor['last_date']}"
    amount = f"{shown.figure(factor['quantity'], digits)} {_unit(out, factor['unit'] or '')}"
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
    gas = factor.get("gas") or "CO2"
    steps = "".join(_step(out, step, gas) for step in factor["steps"])
    warmed = ""
    if gas != "CO2":
        warmed = f" = {shown.figure(factor['emissions_kg'], MOST_DIGITS)} kg {gas} × GWP {plain(factor['gwp_value'])}"
    out.line(f"  {span}: {amount}{steps}{warmed} = {shown.figure(factor['co2e_kg'])} kgCO2e")
    mark = word(factor["mark"], out.language) if factor["mark"] else ""
    told = [
        f"{out.say('factor')}: {factor['factor_id']}",
        word(factor["choice"], out.language),
        f"{out.say('edition')} {factor['edition'] or '-'}",
        factor["source_place"] if factor["source_place"] != factor["edition"] else "",
        f"({factor['source_id'] or factor['origin']})",
        f"({factor['gwp_id']})" if gas != "CO2" else "",
        mark,
    ]
    out.line("    " + "  ".join(each for each in told if each), "dim")


def _step(out: Terminal, step: Mapping[str, Any], gas: str) -> str:
    unit = _unit(out, step["unit"].replace("kg_gas", f"kg {gas}"))
    return f" {step['sign']} {step['value']} {unit}".rstrip()


def _doubts(shown: Explained, doubts: list[dict[str, Any]]) -> None:
    """What is doubtful, within which bounds, and what lifts it."""
    out = shown.out
    if doubts:
        out.console.print()
        out.line(out.say("doubts"), "bold")
    for doubt in doubts:
        low = shown.figure(doubt["low_quantity"] or Decimal(0), MOST_DIGITS)
        high = None if doubt["high_quantity"] is None else shown.figure(doubt["high_quantity"], MOST_DIGITS)
        unit = _unit(out, doubt["unit"] or "")
        bounds = out.say("no_upper_bound", low=low, unit=unit) if high is None else f"{low} – {high} {unit}"
        head = f"  {doubt['doubt_id'][:8]} {doubt['source_id']} {word(doubt['doubt_state'], out.language)}"
        rule = explain_reason(doubt["rule_id"], out.language)
        out.line(f"{head} {rule}: {doubt['periods']}, {bounds}", "yellow")
        if doubt["doubt_state"] == "standing":
            out.line(f"    → {doubt['lifted_by_ja'] if out.language == 'ja' else doubt['lifted_by_en']}")
        if doubt["limit_cell"]:
            out.line("    → " + out.say("limit_cell", cell=doubt["limit_cell"]))


def _notes(shown: Explained, told: dict[str, Any]) -> None:
    out = shown.out
    if told["references"]:
        out.console.print()
        out.line(out.say("references"), "bold")
        for reference in told["references"]:
            out.line(f"  {reference['source_id']}: {reference['title_ja']} {reference['url']}")
    _doubts(shown, told["doubts"])
    if told["flags"]:
        out.console.print()
        out.line(word("flag", out.language), "bold")
    for flag in told["flags"]:
        text = flag["message_ja"] if out.language == "ja" else flag["message_en"]
        owner = f"{flag['owner_post'] or '-'} {flag['owner_person_id'] or ''}"
        out.line(f"  {flag['flag_id'][:8]} {word(flag['state'], out.language)} {text} ({owner})")
    for review in told["reviews"]:
        who = f"{review['post']} {review['person_id']}"
        said = f"{review['comment'] or ''} {review['document_no'] or ''}"
        out.line(f"  {review['decided_at']} {word(review['step'], out.language)} {who} {said}")
    _verdicts(out, told)
    for change in told["restatements"]:
        moved = f"{tonnes(change['before_co2e_kg'])} → {tonnes(change['after_co2e_kg'])}"
        out.line(
            f"  {word('restatement', out.language)} {change['published_time']}: {moved} ({show_past.parts(out, change)})"
        )


def _verdicts(out: Terminal, told: dict[str, Any]) -> None:
    """Every verdict ever published of the year, and what changed it once it was closed."""
    if len(told["verdict_history"]) > 1:
        out.console.print()
        out.line(out.say("verdict_published"), "bold")
        for row in told["verdict_history"]:
            state = word(row["year_state"] or "closed", out.language)
            verdict = word(row["verdict"] or "no_verdict_row", out.language)
            amounts = f"{tonnes(row['actual_low_co2e_kg'])} / {tonnes(row['allowed_co2e_kg'])}"
            out.line(f"  {row['published_time']} {verdict} ({state}) {row['target_id'] or '-'} {amounts}")
    if told["verdict_restatements"]:
        show_past.verdicts(out, told["verdict_restatements"])
