"""Whose and how much: the columns of meters, parts of meters, quantities with their units, what stands beside them, totals."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from pipelines import folding
from pipelines.settings.layout import TIMES
from pipelines.sources.drafts.looked import (
    MOSTLY,
    Draft,
    SeenTable,
    are_numbers,
    bare_name,
    head_words,
    is_head_of,
    labels_of,
    number_of,
    share_filled,
    take,
    unit_of,
)
from pipelines.sources.layouts import facts
from pipelines.sources.layouts.head import plain
from pipelines.texts import both

MOST_PARTS = 30
HEADS = ("point", "meter", "place")  # what a heading says that its column names, the surest first


POINT_NUMBER = re.compile(r"(?<![0-9])(?P<meter>[0-9]{22})(?![0-9])")


def find_meter(draft: Draft, table: SeenTable, known: Collection[str] = ()) -> None:
    """Find what names the meter: a column, a label or a title above the header, else the folder, to be decided.

    Before all goes the column in which most rows have a word of the city's registers (``known``, as names are compared); a number of a
    customer that is the same in every row names no meter where a column of places tells the rows apart.
    """
    if found := _of_registers(table, known):
        take(draft, table, "meter", found)
        draft.sure.append(both("draft_meter_known", column=draft.columns["meter"]))
        return
    filled = [n for n in table.free("point", "meter", "place") if table.cells[n] and share_filled(table, n) >= MOSTLY]
    filled.sort(key=lambda n: is_head_of(table.names[n], "no_place"))
    places = [n for n in filled if is_head_of(table.names[n], "place") and not is_head_of(table.names[n], "no_place")]
    several = [n for n in places if len(set(table.cells[n])) > 1]
    for role in HEADS:
        found = [n for n in filled if is_head_of(table.names[n], role)]
        same = [n for n in found if role != "place" and len(set(table.cells[n])) == 1]
        if several and found and same == found:
            draft.unsure.append(both("draft_meter_place", column=table.name(found[0]), place=table.name(several[0])))
            found = several
        if found:
            take(draft, table, "meter", found)
            return
    for label in sorted(labels_of(table, "label_meter"), key=lambda label: is_head_of(label, "no_place")):
        draft.layout["meter_from"] = f"cell:{label}"
        draft.sure.append(both("draft_meter_from", source=facts.source_name(f"cell:{label}")))
        return
    titles = [cell for row in table.above for cell in row]
    if len({m.group("meter") for cell in titles for m in POINT_NUMBER.finditer(folding.figures(cell))}) == 1:
        draft.layout |= {"meter_from": "title", "meter_pattern": POINT_NUMBER.pattern}
        draft.sure.append(both("draft_meter_from", source=facts.source_name("title")))
        return
    draft.layout["meter_from"] = "folders"
    draft.decide["meter_from"] = ["folders", "file_name", "="]
    draft.unsure.append(both("draft_no_meter"))


def _of_registers(table: SeenTable, known: Collection[str]) -> list[int]:
    """Return the column in which most cells, and at least half, are words of the registers; of equals that of a meter, then the first."""
    words = {n: [folding.name(cell) in known for cell in table.cells[n]] for n in table.free() if table.cells[n]}
    shares = {n: sum(found) / len(found) for n, found in words.items() if 2 * sum(found) >= len(found)}
    heads = {
        n: next((-r for r, role in enumerate(HEADS) if is_head_of(table.names[n], role)), -len(HEADS)) for n in shares
    }
    return [max(shares, key=lambda n: (shares[n], heads[n], -n))] if shares and known else []


def find_parts(draft: Draft, table: SeenTable) -> None:
    """Where one meter has several rows of one time, the column that tells these apart names a part of the meter."""
    if "meter" not in draft.columns:
        return
    keys = [number_of(table, c) for r, c in draft.columns.items() if r in ("meter", *TIMES, "time")]

    def doubled(places: Sequence[int]) -> int:
        counted = Counter(tuple(table.at(row, n) for n in places) for row in table.rows if any(row))
        return sum(count - 1 for count in counted.values())

    if (
        draft.layout.get("reading_kind") == "delivery"
        and take(draft, table, "meter_part", table.free("fuel")) is not None
    ):
        draft.sure.append(both("draft_meter_part", column=draft.columns["meter_part"]))
        return
    if not doubled(keys):
        return
    for n in sorted(table.free(), key=lambda n: not is_head_of(table.names[n], "part")):
        texts = set(table.cells[n])
        if 1 < len(texts) <= MOST_PARTS and not are_numbers(table.cells[n]) and doubled([*keys, n]) == 0:
            take(draft, table, "meter_part", [n])
            draft.sure.append(both("draft_meter_part", column=draft.columns["meter_part"]))
            return
    draft.unsure.append(both("draft_rows_alike"))


def find_beside(draft: Draft, table: SeenTable) -> None:
    """Columns beside the quantity: what was paid, states of the register, power."""
    amounts = [
        n for n in table.free("money") if are_numbers(table.cells[n]) and not is_head_of(table.names[n], "part_of_paid")
    ]
    for pattern in head_words()["paid"]:
        if found := [n for n in amounts if re.search(str(pattern), plain(table.names[n]))]:
            take(draft, table, "yen", found)
            break
    table.taken |= {n for n in table.free("money") if are_numbers(table.cells[n]) and not unit_of(table.names[n])}
    for role, words in (("index_before", "before"), ("index_after", "after")):
        take(
            draft,
            table,
            role,
            [n for n in table.free("index") if is_head_of(table.names[n], words) and are_numbers(table.cells[n])],
        )
    for role in ("contract", "demand"):
        free = [n for n in table.free(role) if are_numbers(table.cells[n])]
        others = [n for n in table.free("quantity") if n not in free and are_numbers(table.cells[n])]
        if others or role == "contract":
            take(draft, table, f"{role}_kw", free)


def find_quantities(draft: Draft, table: SeenTable, unit_columns: Sequence[int]) -> None:
    """Find the columns of quantities and their units."""
    numeric = [n for n in table.free() if are_numbers(table.cells[n]) and not is_head_of(table.names[n], "identity")]
    own = [n for n in numeric if not is_head_of(table.names[n], "no_quantity")]
    likely = [n for n in own if is_head_of(table.names[n], "quantity") or unit_of(table.names[n])]
    likely = likely or [n for n in own if is_head_of(table.names[n], "power")] or own
    if not likely:
        candidates = [table.name(n) for n in table.free() if n not in unit_columns]
        draft.decide["columns.quantity"] = [*candidates[:5]]
        draft.unsure.append(both("draft_no_quantity"))
        return
    bands = {n: b for n in likely for b in ("day", "night") if is_head_of(table.names[n], f"band_{b}")}
    whole = [n for n in likely if is_head_of(table.names[n], "whole")]
    if bands and whole:
        likely = whole
    units = {n: unit_of(table.names[n]) for n in likely}
    if len(likely) > 1 and (bands or len(set(units.values())) > 1 or len(unit_columns) == len(likely)):
        _several(draft, table, likely, bands, unit_columns)
        return
    take(draft, table, "quantity", likely)
    if len(likely) > 1:
        draft.decide["columns.quantity"] = [table.name(n) for n in likely[:6]]
        draft.unsure.append(both("draft_more_quantities", others="、".join(str(table.name(n)) for n in likely[1:6])))
    if is_head_of(table.names[likely[0]], "power"):
        draft.layout |= {"is_power": True, "reading_kind": "interval"}
        draft.unsure.append(both("draft_power"))
    elif unit := units[likely[0]]:
        draft.layout["unit"] = unit
        draft.sure.append(both("draft_unit_in_header", unit=unit))


def _several(
    draft: Draft, table: SeenTable, likely: Sequence[int], bands: Mapping[int, str], unit_columns: Sequence[int]
) -> None:
    """Several quantities a row, each with its unit and its own meter, or a band of the day."""
    quantities = []
    for n in likely:
        each: dict[str, Any] = {"column": table.name(n)}
        if unit := unit_of(table.names[n]):
            each["unit"] = unit
        elif behind := [u for u in unit_columns if u > n][:1]:
            each["unit_column"] = table.name(behind[0])
        if n in bands:
            each["time_band"] = bands[n]
        else:
            each["meter"] = bare_name(table.names[n])
        quantities.append(each)
        table.taken.add(n)
    table.taken |= set(unit_columns)
    draft.layout["quantities"] = quantities
    draft.sure.append(both("draft_several", columns="、".join(str(q["column"]) for q in quantities)))


def find_sums(draft: Draft, table: SeenTable) -> None:
    """Rows and columns of totals: checked; rows of subtotals: passed over."""
    if totals := sorted(word for word, kind in table.sums.items() if kind == "total"):
        draft.layout["total_rows"] = totals
        draft.sure.append(both("draft_total_rows", words="、".join(totals)))
    if parts := sorted(word for word, kind in table.sums.items() if kind == "subtotal"):
        draft.layout["skip_rows"] = parts
        draft.sure.append(both("draft_skip_rows", words="、".join(parts)))
    total = next(
        (name for name in table.names if re.fullmatch(str(head_words()["total"]), plain(name), re.IGNORECASE)), None
    )
    if total and (draft.layout.get("slots") or draft.layout.get("months")):
        draft.columns["total"] = total
        draft.sure.append(both("draft_total_column"))
