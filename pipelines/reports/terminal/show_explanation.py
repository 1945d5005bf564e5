"""Show an explanation: verdict, total, sources, factors, readings with file and line, flags and decisions."""

from __future__ import annotations

from datetime import datetime, time
from decimal import Decimal
from typing import Any

from rich.text import Text

from pipelines.findings import explain_reason
from pipelines.registers import spoken
from pipelines.reports.plain_text import percent, plain, tonnes
from pipelines.reports.terminal import show_past
from pipelines.reports.terminal.look import Terminal, is_collected
from pipelines.reports.terminal.show_lists import change_against_base
from pipelines.rounding import CHANGE_NEGATIVE, rate_text, rule_of, sign_name
from pipelines.texts import section, word

MOST_FILES = 30

DAYS = (
    ("measured", "good_days"), ("interpolated", "interpolated_days"), ("doubtful", "doubtful_days"), ("missing", "missing_days"),
)  # fmt: skip


def show(out: Terminal, told: dict[str, Any], as_known_at: str | None = None, sign: str = CHANGE_NEGATIVE) -> None:
    """Print an explanation from the total down to the lines of the files."""
    facility = told["facility"]
    period = f"{told['month']:%Y-%m}" if told["month"] else out.say("fiscal_year", year=told["fiscal_year"])
    head = f"{facility['facility_id']} {facility['name']} — {period} — {word(told['basis'], out.language)}"
    if as_known_at:
        head += out.say("as_known_at", at=as_known_at)
    out.console.rule(Text(head, style="bold"), align="left")
    _result(out, told["result"], told["month"] is not None, sign)
    lacking = ", ".join(_amount(out, row) for row in told["without_factor"])
    if told["total"] is None and not lacking:
        known = told["years_known"]
        out.line(out.say("no_figures_of_span", **known) if known else out.say("no_figures_at_all"), "yellow")
    if told["total"]:
        total = told["total"]
        counted = f"{plain(total['co2e_kg'])} kgCO2e = {tonnes(total['co2e_kg'])}"
        if lacking:
            is_nothing = not total["co2e_kg"]
            counted = out.say(
                "cannot_be_counted" if is_nothing else "counted_without", counted=counted, lacking=lacking
            )
        out.pairs(
            [
                (out.say("total"), counted),
                (out.say("energy"), f"{plain(total['energy_gj'])} GJ = {plain(total['crude_oil_kl'])} kL"),
                (word("coverage", out.language), percent(total["coverage"])),
            ]
        )
    if told["month"] is None:
        _years(out, told)
    for event in told["events"]:
        out.line(f"  ※ {event['from']} – {event['to'] or ''} {event['kind']} {event['note'] or ''}", "cyan")
    for source in told["sources"]:
        _source(out, source)
    _notes(out, told)
    out.rounding("emissions", "rate", "coverage", sign=sign)


def subject(out: Terminal, told: dict[str, Any], as_known_at: str | None = None) -> None:
    """Print the sums of an operator or the city by facility, and the verdicts of its own targets."""
    name = f"{told['subject']} {told['name']}".strip()
    head = f"{name} — {out.say('fiscal_year', year=told['fiscal_year'])} — {word(told['basis'], out.language)}"
    if as_known_at:
        head += out.say("as_known_at", at=as_known_at)
    out.console.rule(Text(head, style="bold"), align="left")
    for result in told["results"]:
        verdict = out.verdict("collecting" if is_collected(result) else result["verdict"], result["is_inherited"])
        amounts = _interval(result["actual_low_co2e_kg"], result["actual_high_co2e_kg"])
        allowed = _interval(result["allowed_co2e_kg"], result["allowed_high_co2e_kg"])
        out.pairs(
            [
                (f"{out.say('col_verdict')} {result['target_id']}", verdict),
                (out.say("col_reasons"), out.why(result)),
                (word("actual", out.language), amounts),
                (word("allowed", out.language), allowed),
            ]
        )
    for row in told["facilities"]:
        amount = f"{plain(row['co2e_kg'])} kgCO2e = {tonnes(row['co2e_kg'])}"
        line = Text(f"  {row['facility_id']} {row['name']}: {amount}  ")
        if row["verdict"]:
            line.append(out.verdict("collecting" if is_collected(row) else row["verdict"], row["is_inherited"]))
        out.console.print(line)
    total = told["total"]
    out.pairs(
        [
            (out.say("total"), f"{plain(total['co2e_kg'])} kgCO2e = {tonnes(total['co2e_kg'])}"),
            (out.say("energy"), f"{plain(total['energy_gj'])} GJ = {plain(total['crude_oil_kl'])} kL"),
        ]
    )
    out.rounding("emissions")


def _kind(out: Terminal, source_type: str) -> str:
    """An energy type or activity by its name, where it has one for people."""
    return word(source_type, out.language) if source_type in section("words") else source_type


def _amount(out: Terminal, row: dict[str, Any]) -> str:
    """A quantity by the name of its kind: ``電気 11,575 kWh``."""
    return f"{_kind(out, row['source_type'])} {plain(row['quantity'])} {row['unit'] or ''}".rstrip()


def _result(out: Terminal, result: dict[str, Any] | None, of_month: bool, sign: str) -> None:
    if result is None or of_month:
        return
    allowed = None
    if result["allowed_num"] is not None:
        share = f"{result['allowed_num']}/{result['allowed_den']}"
        amount = _interval(result["allowed_co2e_kg"], result["allowed_high_co2e_kg"])
        product = f"{share} × {word('baseline', out.language)}"
        allowed = f"{amount}  = {product}" if amount else product
    target = None
    if result["target_id"]:
        rate = f"{Decimal(result['reduction_rate']).normalize():f}"
        whose = f"{_spoken(out, 'subject_kind', result['subject_kind'])} {result['subject_id']}"
        first, last = (out.say("fiscal_year", year=result[year]) for year in ("base_fy", "target_fy"))
        path = _spoken(out, "path", result["path"])
        target = f"{result['target_id']} ({whose}) −{rate} {first}→{last} {path}; {result['target_source'] or ''}"
    out.pairs(
        [
            (
                out.say("col_verdict"),
                out.verdict("collecting" if is_collected(result) else result["verdict"], result["is_inherited"]),
            ),
            (out.say("col_reasons"), out.why(result)),
            (word("actual", out.language), _interval(result["actual_low_co2e_kg"], result["actual_high_co2e_kg"])),
            (word("allowed", out.language), allowed),
            (
                word("baseline", out.language),
                _interval(result["baseline_low_co2e_kg"], result["baseline_high_co2e_kg"]),
            ),
            (out.say("col_rate"), _rate(out, result, sign)),
            (out.say("target"), target),
            (out.say("same_period"), _same_period(result)),
        ]
    )


def _spoken(out: Terminal, column: str, text: str) -> str:
    """A word of the register of targets, in Japanese as an office writes it there."""
    return spoken.usual("targets", column).get(text, text) if out.language == "ja" else text


def _rate(out: Terminal, result: dict[str, Any], sign: str) -> str | None:
    """The change against the base year, with the convention of its sign."""
    change = change_against_base(result)
    return None if change is None else f"{rate_text(change, rule_of('rate'), sign)} {sign_name(sign, out.language)}"


def _years(out: Terminal, told: dict[str, Any]) -> None:
    """The year under each rule where there are two, the city's rules, and the series with the base year's factors."""
    pairs: list[tuple[str, str]] = []
    for year in told["years"]:
        if len(told["years"]) > 1:
            mark = out.say("in_force_mark") if year["is_in_force"] else ""
            name = out.say("total_by_rule", rule=word(year["year_rule"], out.language))
            pairs.append((name, f"{plain(year['co2e_kg'])} kgCO2e = {tonnes(year['co2e_kg'])}{mark}"))
        if year["is_in_force"] and year["rules"]:
            pairs.append((out.say("rules_applied"), year["rules"]))
    for fixed in told["at_base_factors"]:
        name = out.say("at_base_factors", base_fy=fixed["base_fy"])
        known = f"{plain(fixed['co2e_kg'])} kgCO2e = {tonnes(fixed['co2e_kg'])}"
        pairs.append((name, out.say("open_base_days", days=fixed["open_days"]) if fixed["open_days"] else known))
    out.pairs(pairs)


def _same_period(result: dict[str, Any]) -> str | None:
    if result["same_period_until"] is None:
        return None
    now, before = result["same_period_co2e_kg"], result["same_period_previous_co2e_kg"]
    return f"– {result['same_period_until']}: {tonnes(now)} / {tonnes(before)}"


def _interval(low: Decimal | None, high: Decimal | None) -> str | None:
    if low is None:
        return None
    if high is None:
        return f"≥ {plain(low)} kg ({tonnes(low)})"
    if low == high:
        return f"{plain(low)} kg ({tonnes(low)})"
    return f"{plain(low)} – {plain(high)} kg ({tonnes(low)} – {tonnes(high)})"


def _source(out: Terminal, source: dict[str, Any]) -> None:
    share = ""
    if source["lowest_share"] not in (0, 1) or source["lowest_share"] != source["highest_share"]:
        share = f" 按分 {plain(source['lowest_share'])}"
    head = f"■ {source['source_id']} {_kind(out, source['source_type'])}{share}: {plain(source['co2e_kg'])} kgCO2e"
    out.console.print()
    out.line(head, "bold")
    days = [f"{word(name, out.language)} {source[key]}" for name, key in DAYS if source[key]]
    missing = f"（{source['first_missing']} – {source['last_missing']}）" if source["missing_days"] else ""
    out.line(f"  {out.say('days')}: {' / '.join(days)}{missing}")
    for rule in sorted({rule for doubt in source["doubts"] or [] for rule in doubt.split(";")}):
        out.line(f"  ! {explain_reason(rule, out.language)}", "yellow")
    for fraction in source["fractions"]:
        share = "-" if fraction["fraction"] is None else plain(fraction["fraction"])
        told = {**fraction, "share": share, "why": explain_reason(fraction["reason"] or "", out.language)}
        out.line("  " + out.say("burnt_fraction" if fraction["reason"] is None else "no_burnt_fraction", **told))
    for factor in source["factors"]:
        _factor(out, factor)
    if source["readings_left_out"]:
        _files(out, source["files"])
    else:
        _readings(out, source["readings"])
    for held in source["quarantine"]:
        text = held["reason"] if out.language == "ja" else held["reason_en"]
        place = f"{held['path']}:{held['source_line']} [{held['source_column']}]"
        out.line(f"  ✕ {word('quarantine', out.language)} {place} {text}", "red")


def _files(out: Terminal, files: list[dict[str, Any]]) -> None:
    for file in files[:MOST_FILES]:
        first, last = file["first_line"], file["last_line"]
        lines = f"{first}" if first == last else f"{first}–{last}"
        only = "" if file["counts"] else f" {out.say('reconciles')}"
        count = out.say("readings", count=file["readings"])
        out.line(
            f"  ▸ {file['path']}:{lines}  {count} {plain(file['quantity'])} {file['unit']}"
            f"{only}  {out.say('received')} {file['received_at']:%Y-%m-%d}  sha256 {file['source_sha256'][:12]}",
            "dim",
        )
    if len(files) > MOST_FILES:
        out.line("  " + out.say("more", count=len(files) - MOST_FILES), "dim")


def _readings(out: Terminal, readings: list[dict[str, Any]]) -> None:
    for r in readings:
        stage = f" {word(r['stage'], out.language)}" if r["stage"] != "confirmed" else ""
        only = "" if r["counts"] else f" {out.say('reconciles')}"
        span = f"{_moment(r['started_at'])} – {_moment(r['ended_at'])}"
        out.line(
            f"  ▸ {span}  {plain(r['quantity'])} {r['unit']}{stage}{only}"
            f"  {r['path']}:{r['source_line']} [{r['source_column']}]",
            "dim",
        )


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d}" if at.time() == time() else f"{at:%Y-%m-%d %H:%M}"


def _factor(out: Terminal, factor: dict[str, Any]) -> None:
    span = f"{factor['first_date']} – {factor['last_date']}"
    if factor["factor_id"] is None:
        if factor["reason"] == "not_in_basis":
            out.line(f"  × {span}: {out.say('not_in_basis')}")
        else:
            why = explain_reason(factor["reason"] or "", out.language)
            out.line(
                f"  × {span}: {plain(factor['quantity'])} {factor['unit']} — {why} {factor['candidates'] or ''}",
                "yellow",
            )
        return
    chain = f"{plain(factor['factor_value'])} {factor['factor_unit']}"
    if factor.get("heat_content_id"):
        chain = f"{plain(factor['heat_value'])} {factor['heat_unit']} × {chain}"
    if factor.get("density_id"):
        chain = f"{factor['density_value']} {factor['density_unit']} × {chain}"
    gas = ""
    if factor.get("gas") not in (None, "CO2"):
        gwp = f"GWP {plain(factor['gwp_value'])} ({factor['gwp_id']})"
        gas = f" = {plain(factor['emissions_kg'])} kg {factor['gas']} × {gwp}"
    out.line(
        f"  {span}: {plain(factor['quantity'])} {factor['unit']} × {plain(factor['multiplier14'])}{gas}"
        f" = {plain(factor['co2e_kg'])} kgCO2e"
    )
    mark = f" [{factor['mark']}]" if factor["mark"] else ""
    out.line(
        f"    {out.say('factor')}: {chain}{mark}  {factor['factor_id']}  {word(factor['choice'], out.language)}"
        f"  {out.say('edition')} {factor['edition'] or '-'}  {factor['source_place'] or ''}"
        f" ({factor['source_id'] or factor['origin']})",
        "dim",
    )


def _doubts(out: Terminal, doubts: list[dict[str, Any]]) -> None:
    """What is doubtful, within which bounds, and what lifts it."""
    if doubts:
        out.console.print()
        out.line(out.say("doubts"), "bold")
    for doubt in doubts:
        high = "∞" if doubt["high_quantity"] is None else plain(doubt["high_quantity"])
        low = plain(doubt["low_quantity"] or Decimal(0))
        bounds = f"{low} – {high} {doubt['unit'] or ''}"
        head = f"  {doubt['doubt_id'][:8]} {doubt['source_id']} {word(doubt['doubt_state'], out.language)}"
        rule = f"{explain_reason(doubt['rule_id'], out.language)} [{doubt['rule_id']}]"
        out.line(f"{head} {rule}: {doubt['periods']}, {bounds}", "yellow")
        if doubt["doubt_state"] == "standing":
            out.line(f"    → {doubt['lifted_by_ja'] if out.language == 'ja' else doubt['lifted_by_en']}")
        if doubt["limit_cell"]:
            out.line("    → " + out.say("limit_cell", cell=doubt["limit_cell"]))


def _notes(out: Terminal, told: dict[str, Any]) -> None:
    if told["references"]:
        out.console.print()
        out.line(out.say("references"), "bold")
        for reference in told["references"]:
            out.line(f"  {reference['source_id']}: {reference['title_ja']} {reference['url']}")
    _doubts(out, told["doubts"])
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
