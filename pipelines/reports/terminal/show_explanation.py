"""Show an explanation: verdict, total, sources, factors, readings with file and line, flags and decisions.

What is printed can be followed with a calculator: each reading x its days x its share, their sum x the factors = kg. Kilograms have three
decimals unless all are asked for, and a quantity as many as its factor needs for that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from itertools import groupby
from typing import Any

from rich.text import Text

from pipelines.findings import explain_reason
from pipelines.registers import spoken
from pipelines.reports.plain_text import not_asked, percent, plain, tonnes
from pipelines.reports.standing import BY_DEPARTMENT, is_its_own, read_as
from pipelines.reports.terminal import show_past, show_source
from pipelines.reports.terminal.look import Terminal
from pipelines.reports.terminal.show_lists import change_against_base
from pipelines.rounding import CHANGE_NEGATIVE, Document, change_rate, rate_text, rule_of, sign_name
from pipelines.texts import verdict_word, word


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
    shown = show_source.Explained(out, exact=exact)
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
    _yearly_totals(shown, told["yearly_totals"])
    replaced = {row["source_type"] for row in _counting(told)}
    for source in told["sources"]:
        show_source.show(shown, source, counts=not replaced & {source["source_type"], "all"})
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
    shown = show_source.Explained(out, exact=exact)
    name = out.say("whole_city") if told["subject"] == "city" else f"{told['subject']} {told['name']}".strip()
    _head(out, name, out.say("fiscal_year", year=told["fiscal_year"]), told["basis"], as_known_at)
    for result in told["results"]:
        verdict = out.verdict(result)
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
    rows = [_member(shown, row) for row in told["facilities"]]
    total, documented = told["total"], told["documents"]
    out.columns(rows + [_documented(shown, row) for row in documented], right=frozenset({1, 2}))
    whole = [
        (out.say("total_of_facilities" if documented else "total"), shown.kg(total["co2e_kg"])),
        (out.say("energy_of_facilities" if documented else "energy"), _energy(shown, total)),
    ]
    if documented:
        whole.append((out.say("total_with_documents"), shown.kg(told["total_with_documents_co2e_kg"])))
    out.pairs(whole)
    for name, stated in (documents or {}).items() if told["gases"] else ():
        printed = stated.total(Decimal(total["co2e_kg"]), _of_year(told["gases"], told["fiscal_year"]))
        _document(out, name, stated, stated.figures.text(printed))
    out.rounding("emissions")


def _documented(shown: show_source.Explained, row: Mapping[str, Any]) -> tuple[str, str, str, Text]:
    """A document of a department or operator as a line of the sum; in brackets what it says where it does not enter the sum."""
    out = shown.out
    kind = out.say("all_types") if row["source_type"] == "all" else show_source.kind_of(out, row)
    page = out.say("page_of", page=row["page"]) if row["page"] else ""
    place = " ".join(filter(None, [row["document"], page]))
    if row["co2e_kg"] is None:
        return f"{row['subject_id']} {kind}", "", "", Text(f"{place}{out.say('no_factor_of_document')}")
    figures = (f"{shown.figure(row['co2e_kg'])} kgCO2e", tonnes(row["co2e_kg"]))
    if not row["counts"]:
        return (
            f"{row['subject_id']} {kind}",
            f"({figures[0]})",
            f"({figures[1]})",
            Text(f"{place}{out.say('not_in_the_sum')}"),
        )
    return f"{row['subject_id']} {kind}", *figures, Text(place)


def _head(out: Terminal, whose: str, period: str, basis: str, as_known_at: str | None) -> None:
    head = f"{whose} — {period} — {word(basis, out.language)}"
    if as_known_at:
        head += out.say("as_known_at", at=as_known_at)
    out.console.rule(Text(head, style="bold"), align="left")


def _member(shown: show_source.Explained, row: Mapping[str, Any]) -> tuple[str | Text, ...]:
    """A facility's line: of one without any data no figure, of one that is not whole how much of it there is."""
    out, name = shown.out, f"{row['facility_id']} {row['name']}"
    if row["coverage"] == 0 and not row["co2e_kg"]:
        return name, out.say("no_data_of_year"), "-", _verdict(out, row)
    verdict = _verdict(out, row)
    if row["coverage"] is not None and row["coverage"] < 1:
        verdict.append(out.say("in_brackets", text=f"{out.say('col_coverage')} {percent(row['coverage'])}"))
    return name, f"{shown.figure(row['co2e_kg'])} kgCO2e", tonnes(row["co2e_kg"]), verdict


def _verdict(out: Terminal, row: Mapping[str, Any]) -> Text:
    if not row["verdict"]:
        return Text("")
    return out.verdict(row)


def _energy(shown: show_source.Explained, total: Mapping[str, Any]) -> str:
    return f"{shown.figure(total['energy_gj'])} GJ = {shown.figure(total['crude_oil_kl'])} kL"


def _amount(shown: show_source.Explained, row: Mapping[str, Any]) -> str:
    """A quantity by the name of its kind: ``電気 11,575 kWh``."""
    amount = f"{shown.figure(row['quantity'])} {show_source.unit_of(shown.out, row['unit'] or '')}"
    return f"{show_source.kind_of(shown.out, row)} {amount}".rstrip()


def _result(shown: show_source.Explained, result: dict[str, Any] | None, sign: str) -> Iterable[tuple[str, Any]]:
    out = shown.out
    if result is None:
        return
    target = None
    if result["target_id"]:
        whose = out.whose(result["subject_kind"], result["subject_id"])
        first, last = (out.say("fiscal_year", year=result[year]) for year in ("base_fy", "target_fy"))
        path = _spoken(out, "targets", "path", result["path"])
        set_as = _set_as(result)
        target = f"{result['target_id']} ({whose}) {first} → {last} {set_as} ({path})\n{result['target_source'] or ''}".rstrip()
    yield out.say("col_verdict"), _verdict(out, result)
    if not is_its_own(result):
        yield "", out.say("no_target_of_its_own")
    if read_as(result) == BY_DEPARTMENT and result["target_verdict"]:
        yield (
            out.say("verdict_of", whose=out.whose(result["subject_kind"], result["subject_id"])),
            out.verdict(
                {"verdict": result["target_verdict"], "is_inherited": result["target_is_inherited"], "year_state": ""}
            ),
        )
    yield out.say("col_reasons"), out.why(result)
    yield word("actual", out.language), shown.interval(result["actual_low_co2e_kg"], result["actual_high_co2e_kg"])
    is_own = is_its_own(result)
    yield word("allowed", out.language) if is_own else out.say("site_level_of_path"), _allowed(shown, result)
    yield (
        word("baseline", out.language),
        shown.interval(result["baseline_low_co2e_kg"], result["baseline_high_co2e_kg"]),
    )
    yield out.say("col_rate"), _rate(out, result, sign)
    yield out.say("target"), target
    yield out.say("same_period"), _same_period(result)


def _total(shown: show_source.Explained, told: dict[str, Any], lacking: str) -> Iterable[tuple[str, str]]:
    total, least = told["total"], told["least_covered"]
    if not total:
        return
    out, counted = shown.out, shown.kg(total["co2e_kg"])
    if lacking:
        is_nothing = not total["co2e_kg"]
        counted = out.say("cannot_be_counted" if is_nothing else "counted_without", counted=counted, lacking=lacking)
    yield out.say("total"), counted
    yield out.say("energy"), _energy(shown, total)
    if _counting(told):
        yield out.say("col_known"), word("yearly_total", out.language)
    share = percent(total["coverage"])
    yield word("coverage", out.language), f"{share}{out.say('least_covered', **least)}" if least else share


def _lower_bound(shown: show_source.Explained, told: dict[str, Any]) -> Iterable[tuple[str, str]]:
    """What stands in the total and not in the lower end of the actual: whose, how much, why; and the subtraction."""
    result, out = told["result"], shown.out
    total = next((year["co2e_kg"] for year in told["years"] if year["is_in_force"]), None)
    if result is None or total is None:
        return
    lines = []
    for row in told["left_out"]:
        why = "・".join(explain_reason(reason, out.language) for reason in row["reasons"].split(";") if reason)
        lines.append(f"{row['source_id']} {shown.figure(row['left_out_co2e_kg'])} kg: {why}")
    told_of = {row["source_type"] for row in _counting(told)}
    if lines and not told_of:
        parts = [shown.figure(row["left_out_co2e_kg"]) for row in told["left_out"]]
        low = shown.figure(result["actual_low_co2e_kg"])
        lines.append(f"{' − '.join([shown.figure(total), *parts])} = {low} kg")
    missing = [
        f"{source['source_id']} {source['missing_days']}"
        for source in told["sources"]
        if source["missing_days"] and not told_of & {source["source_type"], "all"}
    ]
    if missing:
        lines.append(out.say("nothing_of_missing_days", sources=", ".join(missing)))
    if lines:
        yield out.say("left_out_of_low"), "\n".join(lines)


def _allowed(shown: show_source.Explained, result: dict[str, Any]) -> str | None:
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


def _years(shown: show_source.Explained, told: dict[str, Any]) -> Iterable[tuple[str, str]]:
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


def _counting(told: dict[str, Any]) -> list[dict[str, Any]]:
    """The yearly totals that stand in the place of months in the explained year."""
    return [row for row in told["yearly_totals"] if row["counts"] and row["fiscal_year"] == told["fiscal_year"]]


def _yearly_totals(shown: show_source.Explained, totals: list[dict[str, Any]]) -> None:
    """What documents say of a whole year: the figure, its step, gas by gas the factor and the interval, and where it stands."""
    out = shown.out
    for _, some in groupby(totals, key=lambda row: row["yearly_total_id"]):
        gases = list(some)
        row = gases[0]
        whose, unit = "", show_source.unit_of(out, row["unit"])
        if row["subject_kind"] != "facility":
            whose = f" {_spoken(out, 'targets', 'subject_kind', row['subject_kind'])} {row['subject_id']}"
        kind = out.say("all_types") if row["source_type"] == "all" else show_source.kind_of(out, row)
        head = f"■ {word('yearly_total', out.language)} {out.say('fiscal_year', year=row['fiscal_year'])}{whose} {kind}"
        out.console.print()
        out.line(head, "bold")
        rule = _spoken(out, "yearly_totals", "rounding_rule", row["rounding_rule"]).replace("_", " ")
        step = out.say("printed_step", step=plain(row["rounding"]), unit=unit, rule=rule)
        bounds = f"{plain(row['low_quantity'])} – {plain(row['high_quantity'])} {unit}"
        out.line(f"  {plain(row['quantity'])} {unit}  {step}: {bounds}")
        for gas in gases:
            _gas_of_total(shown, gas, unit)
        if row["doubt"]:
            out.line(f"  ! {explain_reason(row['doubt'], out.language)}", "yellow")
        if row["subject_kind"] == "facility" and not row["counts"] and row["co2e_kg"] is not None:
            out.line(f"  {out.say('reconciles')}")
        sheet = f"[{row['source_member']}] " if row["source_member"] else ""
        place = sheet + out.say("line_of", line=row["source_line"])
        page = out.say("page_of", page=row["page"]) if row["page"] else ""
        out.line(f"  ▸ {row['document']} {page}  yearly_totals {place}", "dim")


def _gas_of_total(shown: show_source.Explained, row: dict[str, Any], unit: str) -> None:
    """A gas of a yearly total: its product and interval, its factor, or why it has none."""
    out = shown.out
    if row["multiplier14"] is not None and row["co2e_kg"] is not None:
        interval = shown.interval(row["low_co2e_kg"], row["high_co2e_kg"]) or ""
        emitted = f"{plain(row['multiplier14'])} kg{row['gas']}/{unit}{show_source.warmed(shown, row)}"
        out.line(f"  × {emitted} = {shown.figure(row['co2e_kg'])} kgCO2e: {interval}")
    if row["factor_id"]:
        told = [
            f"{out.say('factor')}: {row['factor_id']}",
            f"{plain(row['factor_value'])} {show_source.unit_of(out, row['factor_unit'])}",
            word(row["choice"], out.language),
            f"{out.say('edition')} {row['edition'] or '-'}",
            row["source_place"] if row["source_place"] != row["edition"] else "",
            f"({row['source_id'] or row['origin']})",
            f"({row['gwp_id']})" if show_source.is_warmed(row) else "",
        ]
        out.line("    " + "  ".join(each for each in told if each), "dim")
    if row["reason"]:
        out.line(f"  ! {explain_reason(row['reason'], out.language)} {row['candidates'] or ''}".rstrip(), "yellow")
    if row["reason"] in ("no_contract", "two_factors"):
        out.line(f"    → {out.say('total_needs_supply')}")


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


def doubts(shown: show_source.Explained, doubts: list[dict[str, Any]]) -> None:
    """What is doubtful, within which bounds, and what lifts it."""
    out = shown.out
    if doubts:
        out.console.print()
        out.line(out.say("doubts"), "bold")
    for doubt in doubts:
        low = shown.figure(doubt["low_quantity"] or Decimal(0), show_source.MOST_DIGITS)
        high = None if doubt["high_quantity"] is None else shown.figure(doubt["high_quantity"], show_source.MOST_DIGITS)
        unit = show_source.unit_of(out, doubt["unit"] or "")
        bounds = out.say("no_upper_bound", low=low, unit=unit) if high is None else f"{low} – {high} {unit}"
        head = f"  {doubt['doubt_id'][:8]} {doubt['source_id']} {word(doubt['doubt_state'], out.language)}"
        rule = explain_reason(doubt["rule_id"], out.language)
        out.line(f"{head} {rule}: {doubt['periods']}, {bounds}", "yellow")
        if doubt["doubt_state"] == "standing":
            out.line(f"    → {doubt['lifted_by_ja'] if out.language == 'ja' else doubt['lifted_by_en']}")
        if doubt["limit_cell"]:
            out.line("    → " + out.say("limit_cell", cell=doubt["limit_cell"]))


def _notes(shown: show_source.Explained, told: dict[str, Any]) -> None:
    out = shown.out
    if told["references"]:
        out.console.print()
        out.line(out.say("references"), "bold")
        for reference in told["references"]:
            out.line(f"  {reference['source_id']}: {reference['title_ja']} {reference['url']}")
    doubts(shown, told["doubts"])
    if told["flags"]:
        out.console.print()
        out.line(word("flag", out.language), "bold")
    for flag in told["flags"]:
        text = flag["message_ja"] if out.language == "ja" else flag["message_en"]
        owner = f"{flag['owner_post'] or '-'} {flag['owner_person_id'] or ''}"
        out.line(f"  {flag['flag_id'][:8]} {word(flag['state'], out.language)} {text} ({owner})")
        if told_of_it := not_asked(flag, out.language):
            out.line(f"    {told_of_it}", "dim")
    for review in told["reviews"]:
        who = f"{review['post']} {review['person_id']}"
        said = f"{review['comment'] or ''} {review['document_no'] or ''}"
        out.line(f"  {review['decided_at']} {word(review['step'], out.language)} {who} {said}")
    _verdicts(out, told)
    for change in told["restatements"][-show_past.MOST_RESTATED :]:
        moved = f"{tonnes(change['before_co2e_kg'])} → {tonnes(change['after_co2e_kg'])}"
        out.line(
            f"  {word('restatement', out.language)} {change['published_time']}: {moved} ({show_past.parts(out, change)})"
        )
    if (more := len(told["restatements"]) - show_past.MOST_RESTATED) > 0:
        out.line(f"  {out.say('restatements_more', count=more)}", "dim")


def _verdicts(out: Terminal, told: dict[str, Any]) -> None:
    """Every verdict ever published of the year, and what changed it once it was closed."""
    if len(told["verdict_history"]) > 1:
        out.console.print()
        out.line(out.say("verdict_published"), "bold")
        for row in told["verdict_history"]:
            state = word(row["year_state"] or "closed", out.language)
            verdict = verdict_word(row["verdict"], out.language, is_inherited=bool(row["is_inherited"]))
            amounts = f"{tonnes(row['actual_low_co2e_kg'])} / {tonnes(row['allowed_co2e_kg'])}"
            out.line(f"  {row['published_time']} {verdict} ({state}) {row['target_id'] or '-'} {amounts}")
    if told["verdict_restatements"]:
        show_past.verdicts(out, told["verdict_restatements"])
