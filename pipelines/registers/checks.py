"""Do the registers hold together? References, periods, shares, units, targets: every problem, then one error.

A check here protects a number: a meter counted twice, a share that does not sum to one, a unit that cannot become
energy. Each function takes the registers and returns problems as sentences with file and line.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from pathlib import Path
from typing import Any

from pipelines import units
from pipelines.findings import rules
from pipelines.registers import own_factors, references, spoken, yearly_totals
from pipelines.registers.read import Check, RegisterRow, Registers, register_tables
from pipelines.settings.city import Settings
from pipelines.texts import Bilingual, both, told_of

LEGAL_POSTS = (
    "エネルギー管理統括者",
    "エネルギー管理企画推進者",
    "エネルギー管理者",
    "エネルギー管理員",
    "エネルギー管理責任者",
)
# what deliveries are counted in
CLOSING_UNITS = ("L", "kg", "m3")
DAYS_OF_A_YEAR = 365
REFERENCE = Path(__file__).parents[1] / "reference"
# register -> the columns within which periods must not overlap
PERIODS = {
    "meters": ("meter_id",),
    "facility_periods": ("facility_id",),
    "facility_facts": ("facility_id",),
    "contracts": ("meter_id",),
    "meter_shares": ("meter_id", "facility_id"),
    "activity_sources": ("activity_source_id",),
    "group_members": ("group_id", "facility_id"),
    "own_factors": ("facility_id", "activity", "energy_type", "gas"),
}


def problems(registers: Registers, settings: Settings, energy_types: set[str], activities: set[str]) -> list[str]:
    """Check the registers against each other; returns every problem found.

    Args:
        registers: As read.
        settings: For the posts the city itself names.
        energy_types: The vocabulary of energy types.
        activities: The vocabulary of activities.
    """
    checks: list[Callable[[], Iterable[str]]] = [
        lambda: _keys(registers),
        lambda: references.problems(registers),
        lambda: _periods(registers),
        lambda: _vocabulary(registers, energy_types, activities),
        lambda: _meter_units(registers),
        lambda: _floor_areas(registers),
        lambda: _denominators(registers),
        lambda: _meter_families(registers),
        lambda: _meter_names(registers),
        lambda: _shares(registers),
        lambda: _closings(registers),
        lambda: _events(registers),
        lambda: _derived(registers),
        lambda: _targets(registers),
        lambda: _target_departments(registers),
        lambda: _factors(registers),
        lambda: own_factors.problems(registers, energy_types),
        lambda: yearly_totals.problems(registers, _department_spans(registers)),
        lambda: _posts(registers, settings),
    ]
    return [problem for one in checks for problem in one()]


def of_city(settings: Settings) -> Check:
    """Return the check of a city's registers, for :func:`pipelines.registers.read.read`; it adds to their findings."""

    def check(registers: Registers) -> list[str]:
        registers.findings += references.findings(registers)
        return problems(registers, settings, *vocabularies())

    return check


def vocabularies() -> tuple[set[str], set[str]]:
    """Return the words of energy types and of activities, from the reference CSVs."""
    with (REFERENCE / "energy_types.csv").open(encoding="utf-8") as stream:
        energy_types = {row["energy_type"] for row in csv.DictReader(stream)}
    with (REFERENCE / "activities.csv").open(encoding="utf-8") as stream:
        activities = {row["activity"] for row in csv.DictReader(stream)}
    return energy_types, activities


def span(row: RegisterRow) -> tuple[date, date]:
    """The validity of a row; open ends reach to the ends of time."""
    return row["valid_from"] or date.min, row["valid_to"] or date.max


def _keys(registers: Registers) -> Iterable[str]:
    for table in register_tables():
        seen: dict[tuple[Any, ...], RegisterRow] = {}
        for row in registers[table.name]:
            key = tuple(row[column] for column in table.key)
            if key in seen:
                yield both(
                    "key_doubled",
                    at=row.place(),
                    line=seen[key].line,
                    key=", ".join(row.heading(column) for column in table.key),
                )
            seen.setdefault(key, row)


def _periods(registers: Registers) -> Iterable[str]:
    for name, columns in PERIODS.items():
        by_key: dict[tuple[Any, ...], list[RegisterRow]] = defaultdict(list)
        for row in registers[name]:
            start, end = span(row)
            if start >= end:
                yield both("ends_before_it_begins", at=row.place("valid_to"))
            by_key[tuple(row[column] for column in columns)].append(row)
        for rows in by_key.values():
            ordered = sorted(rows, key=lambda row: span(row)[0])
            for before, after in pairwise(ordered):
                if span(before)[1] > span(after)[0]:
                    yield both("validity_overlaps", at=after.place(), line=before.line)


def _vocabulary(registers: Registers, energy_types: set[str], activities: set[str]) -> Iterable[str]:
    for name in ("meters", "supplier_factors", "supplier_properties", "own_factors"):
        for row in registers[name]:
            if row["energy_type"] not in energy_types and not (name == "own_factors" and row["energy_type"] is None):
                words = spoken.nearest(name, "energy_type", row["energy_type"] or "")
                yield both("word_not_usable", at=row.place("energy_type"), value=row["energy_type"], words=words)
    for name in ("activity_sources", "own_factors"):
        for row in registers[name]:
            if row["activity"] not in activities and not (name == "own_factors" and row["activity"] is None):
                words = spoken.nearest(name, "activity", row["activity"] or "")
                yield both("unknown_activity", at=row.place("activity"), activity=row["activity"], words=words)


def _meter_units(registers: Registers) -> Iterable[str]:
    for row in registers["meters"]:
        try:
            units.counted(row["unit"], row["energy_type"])
        except units.UnitError as error:
            yield _not_usable(row, error)
        multiplier = row["multiplier"]
        if multiplier is not None and multiplier <= 0:
            yield both("must_be_positive", at=row.place("multiplier"))
        for name, most in (("register_digits", 12), ("daily_limit", None), ("tank_capacity", None)):
            if row[name] is not None and not 0 < row[name] <= (most or row[name]):
                yield both("out_of_range", at=row.place(name), value=row[name])
    for row in registers["activity_sources"]:
        try:
            units.canonical(row["unit"])
        except units.UnitError as error:
            yield _not_usable(row, error)


def _spoken(register: str, column: str, word: str) -> Bilingual:
    """A word of a column as an office writes it, and as the catalogue has it."""
    return Bilingual(spoken.usual(register, column).get(word, word), word)


def _not_usable(row: RegisterRow, error: units.UnitError) -> str:
    """Why a unit cannot stand there, and which could."""
    return told_of(row.place("unit"), rules()[error.rule_id].both({"raw": row["unit"], "right": error.detail}))


def _closings(registers: Registers) -> Iterable[str]:
    """A closing of deliveries says whose, by one column, and states its figures in a unit that they are counted in."""
    holds = {row["meter_id"]: row["tank_capacity"] for row in registers["meters"]}
    for name in ("supplier", "department"):
        known = {
            row[name]
            for row in [*registers["contracts"], *registers["facilities"], *registers["facility_periods"]]
            if name in row.values
        }
        numbers = {row["supplier_no"] for row in registers["contracts"]} if name == "supplier" else set()
        for row in registers["delivery_closings"]:
            if row[name] is not None and row[name] not in known | numbers:
                yield both("closing_of_nobody", at=row.place(name), value=row[name])
    for row in registers["delivery_closings"]:
        if sum(row[name] is not None for name in ("supplier", "department", "meter_id")) != 1:
            yield both("closing_of_one", at=row.place())
        if row["stock"] is not None and row["meter_id"] is None:
            yield both("stock_of_a_tank", at=row.place("stock"))
        if (row["quantity"] is not None or row["stock"] is not None) and row["unit"] not in CLOSING_UNITS:
            yield both("closing_unit", at=row.place("unit"), value=row["unit"] or "", units=" / ".join(CLOSING_UNITS))
        most = holds.get(row["meter_id"])
        if row["stock"] is not None and not 0 <= row["stock"] <= (row["stock"] if most is None else most):
            yield both("out_of_range", at=row.place("stock"), value=row["stock"])


def _events(registers: Registers) -> Iterable[str]:
    """An event is a facility's or a use class's; one that comes back each year ends before it begins again."""
    for row in registers["events"]:
        if (row["facility_id"] is None) == (row["use_class"] is None):
            yield both("event_of_one", at=row.place())
        first, end = row["from"], row["to"]
        if end is not None and end <= first:
            yield both("ends_before_it_begins", at=row.place("to"))
        elif row["yearly"] is not None and (end is None or (end - first).days > DAYS_OF_A_YEAR):
            yield both("yearly_needs_its_end", at=row.place("to"))


def _floor_areas(registers: Registers) -> Iterable[str]:
    for row in registers["facility_facts"]:
        if row["floor_area_m2"] is not None and row["floor_area_m2"] < 0:
            yield both("out_of_range", at=row.place("floor_area_m2"), value=row["floor_area_m2"])


def _denominators(registers: Registers) -> Iterable[str]:
    for row in registers["denominators"]:
        if row["value"] <= 0:
            yield both("must_be_positive", at=row.place("value"))


def _meter_families(registers: Registers) -> Iterable[str]:
    parents: dict[str, set[str]] = defaultdict(set)  # of all periods together: no meter is ever its own ancestor
    for row in registers["meters"]:
        if row["parent_meter_id"] is not None:
            parents[row["meter_id"]].add(row["parent_meter_id"])
    for row in registers["meters"]:
        if row["role"] in ("sub", "tenant_deduct") and row["parent_meter_id"] is None:
            yield both("needs_a_parent", at=row.place("parent_meter_id"), role=_spoken("meters", "role", row["role"]))
        above, left = set(), [row["parent_meter_id"]]
        while left:
            if (meter := left.pop()) is not None and meter not in above:
                above.add(meter)
                left += parents[meter]
        if row["meter_id"] in above:
            yield both("circle_of_parents", at=row.place("parent_meter_id"))


def _meter_names(registers: Registers) -> Iterable[str]:
    owners: dict[str, set[str]] = defaultdict(set)
    rows: dict[str, RegisterRow] = {}
    for row in registers["meters"]:
        aliases = [alias.strip() for alias in (row["aliases"] or "").split(";")]
        for word in {row["meter_id"], row["supply_point"], *aliases} - {None, ""}:
            owners[word].add(row["meter_id"])
            rows[word] = row
    # A swapped meter keeps its supply point: such a name is resolved by date, so periods must not overlap.
    for word, meters in owners.items():
        if len(meters) < 2:
            continue
        spans = sorted((span(row), row["meter_id"]) for row in registers["meters"] if row["meter_id"] in meters)
        if any(a[0][1] > b[0][0] for a, b in pairwise(spans) if a[1] != b[1]):
            named = ", ".join(sorted(meters))
            yield both("name_of_two_meters", at=rows[word].place(), word=word, meters=named)


def _shares(registers: Registers) -> Iterable[str]:
    by_meter: dict[str, list[RegisterRow]] = defaultdict(list)
    for row in registers["meter_shares"]:
        if not 0 <= row["share"] <= 1:
            yield both("between_0_and_1", at=row.place("share"))
        by_meter[row["meter_id"]].append(row)
    for meter, rows in by_meter.items():
        edges = sorted({edge for row in rows for edge in span(row)})
        for start, end in pairwise(edges):
            total = sum((r["share"] for r in rows if span(r)[0] <= start and end <= span(r)[1]), Decimal(0))
            if total != 1:
                yield both("shares_do_not_add_up", at=rows[0].place("share"), meter=meter, start=start, total=total)


def _derived(registers: Registers) -> Iterable[str]:
    """A burnt fraction is worked out from the tonnes of another source of the same facility."""
    with (REFERENCE / "waste_categories.csv").open(encoding="utf-8") as stream:
        possible = {row["activity"] for row in csv.DictReader(stream)} - {""}
    known = {row["activity_source_id"]: row for row in registers["activity_sources"]}
    for row in registers["activity_sources"]:
        parent = known.get(row["derived_from"])
        if row["derived_from"] is None:
            continue
        if row["activity"] not in possible:
            yield both("not_a_burnt_fraction", at=row.place("activity"), possible=", ".join(sorted(possible)))
        if parent is None or parent["derived_from"] is not None or parent["facility_id"] != row["facility_id"]:
            yield both("not_burnt_waste_of_facility", at=row.place("derived_from"), derived_from=row["derived_from"])
        elif units.dimension_of(units.canonical(parent["unit"])) != "[mass]":
            yield both("must_count_tonnes", at=row.place("derived_from"), derived_from=row["derived_from"])


def _targets(registers: Registers) -> Iterable[str]:
    for row in registers["targets"]:
        if None not in (row["base_fy"], row["target_fy"]) and row["base_fy"] >= row["target_fy"]:
            yield both("must_follow_base_fy", at=row.place("target_fy"))
        yield from _target_amounts(row)
        if row["reduction_rate"] is not None and not 0 <= row["reduction_rate"] <= 1:
            yield both("rate_between_0_and_1", at=row.place("reduction_rate"))
        try:
            points = milestones(row["milestones"] or "")
        except ValueError as error:
            yield told_of(row.place("milestones"), error.args[0])
            continue
        if row["path"] == "milestones" and not points and row["reduction_rate"] is not None:
            yield both("needs_milestones", at=row.place("milestones"))


def _target_amounts(row: RegisterRow) -> Iterable[str]:
    """A target is a rate, or amounts, or amounts per floor area; amounts end in the target year, and their path is the years named."""
    stated = [name for name in ("reduction_rate", *spoken.BY_YEAR) if row[name] is not None]
    if len(stated) != 1:
        yield both("one_way_to_set_a_target", at=row.place("reduction_rate"), stated=", ".join(sorted(stated)) or "-")
    elif stated != ["reduction_rate"]:
        (name,) = stated
        years = [year for year, _ in amounts(row[name])]
        if row["milestones"] is not None or row["path"] == "linear":
            yield both("amounts_are_their_own_path", at=row.place("path"), column=name)
        if None not in (row["base_fy"], row["target_fy"]) and not (
            row["base_fy"] < years[0] and years[-1] == row["target_fy"]
        ):
            yield both("amounts_end_in_target_fy", at=row.place(name), first=row["base_fy"], last=row["target_fy"])


def amounts(text: str) -> list[tuple[int, Decimal]]:
    """Return amounts by fiscal year, as the register holds them, in order."""
    pairs = (point.split(":") for point in text.split(";"))
    return [(int(year), Decimal(amount)) for year, amount in pairs]


def _target_departments(registers: Registers) -> Iterable[str]:
    """A department target is for one operator's department: two operators may have departments of one name."""
    spans = _department_spans(registers)
    for row in registers["targets"]:
        operator = row["operator_id"]
        if row["subject_kind"] != "department":
            if operator is not None and (row["subject_kind"], row["subject_id"]) != ("operator", operator):
                yield both("only_for_a_department", at=row.place("operator_id"))
            continue
        named = spans.get(row["subject_id"], {})
        if operator is not None and named and operator not in named:
            yield both(
                "no_such_department", at=row.place("subject_id"), operator=operator, subject_id=row["subject_id"]
            )
        elif operator is None and (rivals := _at_once(named)):
            yield (
                both(
                    "department_of_two_operators",
                    at=row.place("subject_id"),
                    department=row["subject_id"],
                    first=rivals[0],
                    second=rivals[1],
                )
            )


def _department_spans(registers: Registers) -> dict[str, dict[str, list[tuple[date, date]]]]:
    """Return department -> operator -> the spans in which a facility of the operator belongs to it."""
    periods: dict[str, list[RegisterRow]] = defaultdict(list)
    for row in registers["facility_periods"]:
        periods[row["facility_id"]].append(row)
    found: dict[str, dict[str, list[tuple[date, date]]]] = defaultdict(lambda: defaultdict(list))
    for facility in registers["facilities"]:
        dated = [(*span(row), row) for row in periods[facility["facility_id"]]]
        edges = sorted({date.min, date.max, *(edge for since, until, _ in dated for edge in (since, until))})
        for since, until in pairwise(edges):
            moved = next((row for start, end, row in dated if start <= since < end), facility)
            department = moved["department"] or facility["department"]
            if department is not None:
                found[department][moved["operator_id"] or facility["operator_id"]].append((since, until))
    return found


def _at_once(by_operator: dict[str, list[tuple[date, date]]]) -> tuple[str, str] | None:
    """Return two operators whose spans share a day; a department that moved from one to the other is one department."""
    ordered = sorted((since, until, operator) for operator, spans in by_operator.items() for since, until in spans)
    latest: dict[str, date] = {}
    for since, until, operator in ordered:
        if other := next((o for o, end in sorted(latest.items()) if o != operator and end > since), None):
            return min(other, operator), max(other, operator)
        latest[operator] = max(until, latest.get(operator, date.min))
    return None


def milestones(text: str) -> list[tuple[int, Decimal]]:
    """Read ``2025:0.30;2030:0.50`` as (fiscal year, reduction rate), in order.

    Raises:
        ValueError: for any other form, rates outside 0..1 or years out of order.
    """
    points = []
    for part in filter(None, (piece.strip() for piece in text.split(";"))):
        year, _, rate = part.partition(":")
        try:
            points.append((int(year), Decimal(rate)))
        except (ValueError, InvalidOperation) as error:
            raise ValueError(both("milestone_unreadable", part=part)) from error
    if any(not 0 <= rate <= 1 for _, rate in points) or [y for y, _ in points] != sorted({y for y, _ in points}):
        raise ValueError(both("milestones_out_of_order", at=f"{text!r}"))
    return points


def _factors(registers: Registers) -> Iterable[str]:
    for name in ("supplier_factors", "supplier_properties", "own_factors"):
        for row in registers[name]:
            try:
                units.factor_unit(row["unit"])
            except units.UnitError as error:
                yield _not_usable(row, error)


def _posts(registers: Registers, settings: Settings) -> Iterable[str]:
    allowed = {*LEGAL_POSTS, *settings.fallback_posts.values()}
    for post in settings.fallback_posts:
        if post not in LEGAL_POSTS:
            words = ", ".join(LEGAL_POSTS)
            yield both("not_a_legal_post", at="city.toml fallback_posts", post=post, words=words)
    for row in registers["appointments"]:
        if row["post"] not in allowed:
            yield both("word_not_usable", at=row.place("post"), value=row["post"], words=", ".join(sorted(allowed)))
