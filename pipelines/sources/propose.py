"""Look at an unknown table and draft its layout for city.toml: what is sure, what a person must decide, what it would read.

Only a draft: the header and the first few hundred rows are looked at, nothing is written. What cannot be told from the file stands as
a line to decide, never as a guess; a draft that is not whole is a comment throughout. A file that is read already gets none.
How senders head their columns stands in ``drafts/heads.toml``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from pipelines import folding
from pipelines.process.child import ChildDiedError
from pipelines.settings.city import Limits
from pipelines.settings.layout import Layout
from pipelines.sources import trial
from pipelines.sources.drafts.looked import Draft, SeenTable, are_numbers, are_units, head_words, is_date, take
from pipelines.sources.drafts.times import find_end, find_times, lies_in_other_files, months_across
from pipelines.sources.drafts.values import find_beside, find_meter, find_parts, find_quantities, find_sums
from pipelines.sources.layouts import described, register
from pipelines.sources.layouts.head import RefusedFileError, TableHead, plain, unmarked
from pipelines.sources.layouts.slots import day_slots
from pipelines.sources.open import lines, read_apart, workbook
from pipelines.sources.open.inspect_file import HEAD_LINES, inspect
from pipelines.sources.parse import ParseOptions
from pipelines.texts import Bilingual, both

SAMPLE_ROWS, MOST_UNKNOWN = 400, 5


FIGURE = re.compile(r"[▲△-]?[0-9][0-9,.]*(?:[A-Za-z]+3?|円)?")  # also with a unit behind it, or a number of a point


UNREAD = frozenset({"unknown_layout"})


def propose(
    path: Path,
    limits: Limits | None = None,
    reading: ParseOptions | None = None,
    office: trial.Office | None = None,
) -> dict[str, Any]:
    """Return a draft of the layout of a CSV or Excel file, unless it is read already.

    Args:
        path: The file.
        limits: Limits on size and lines.
        reading: The city's own layouts and limits.
        office: The words of the city's registers: a column that has them names the meters.

    Returns:
        ``toml`` (the section for city.toml, empty where there is nothing to draft), ``sure`` and ``unsure`` (sentences).
    """
    chosen = reading or ParseOptions(limits or Limits())
    told = trial.read(path, "", chosen)
    if told["problem"] is None:
        known = both("draft_known", layout=told["layout"], values=told["rows_values"], rejected=told["rows_rejected"])
        return {"toml": "", "sure": [known], "unsure": []}
    if told["problem"]["rule_id"] not in UNREAD:
        return {"toml": "", "sure": [], "unsure": [f"{told['problem']['ja']} / {told['problem']['en']}"]}
    return drafted(path, chosen, office)


def drafted(path: Path, reading: ParseOptions, office: trial.Office | None = None) -> dict[str, Any]:
    """Return a draft, also where the file is read already."""
    try:
        rows = _rows(path, reading.limits)
    except (workbook.WorkbookError, RefusedFileError, ChildDiedError) as error:
        return {"toml": "", "sure": [], "unsure": [both("draft_not_readable", error=error)]}
    top = _header(rows)
    if top is None:
        return {"toml": "", "sure": [], "unsure": [both("draft_no_header")]}
    parts = path.resolve().parts
    head = TableHead(tuple(tuple(row) for row in rows[: top + 1]), tuple(parts[-3:-1]), path.name)
    table = SeenTable(head, top, tuple(rows[top]), rows[top + 1 : top + 1 + SAMPLE_ROWS])
    draft = _draft(table, office or trial.Office())
    name = _name(
        [path.stem, *_titles(table)],
        {*register.names(), *(layout.name for layout in reading.of_city)},
    )
    _check(draft, path, name, reading, office)
    return {"toml": _as_toml(name, draft), "sure": draft.sure, "unsure": draft.unsure}


def _rows(path: Path, limits: Limits) -> Sequence[Sequence[str]]:
    inspected = inspect(path, limits)
    if inspected.problem is None and inspected.kind == "workbook":
        seen = (sheet for sheet in read_apart.sheets(path, limits) if not sheet.is_hidden)
        rows = max((sheet.rows for sheet in seen), key=len, default=())
        return [tuple(map(unmarked, row)) for row in rows]
    if inspected.problem is None and inspected.kind == "text":
        return lines.text_rows(inspected, limits)
    return ()


def _header(rows: Sequence[Sequence[str]]) -> int | None:
    """The header: among the first lines the one with most words that are no numbers, where rows of data follow."""
    best: tuple[int, int] | None = None
    for number, row in enumerate(rows[:HEAD_LINES]):
        values = sum(1 for cell in row if FIGURE.fullmatch(plain(cell)) or is_date(cell))
        named = sum(1 for cell in row if plain(cell)) - 3 * values
        filled = [r for r in rows[number + 1 : number + 4] if any(plain(c) for c in r)]
        if named >= 2 and filled and (best is None or named > best[0]):
            best = (named, number)
    return None if best is None else best[1]


def _draft(table: SeenTable, office: trial.Office) -> Draft:
    draft = Draft()
    draft.sure.append(both("draft_header_line", line=table.top + 1))
    slots = day_slots(table.names)
    across = months_across(draft, table)
    table.taken |= {slot.position - 1 for slot in slots}
    take(draft, table, "days", [n for n in table.free("days") if are_numbers(table.cells[n])])
    if not across:
        find_times(draft, table, has_slots=bool(slots))
    unit_columns = [n for n in table.free() if are_units(table.cells[n])]
    find_meter(draft, table, {folding.name(word) for word in office.names})
    find_beside(draft, table)
    if slots:
        draft.layout["slots"] = True
        draft.sure.append(both("draft_day_of_slots", slots=len(slots)))
    elif not across:
        find_quantities(draft, table, unit_columns)
    if unit_columns and "quantities" not in draft.layout:
        take(draft, table, "unit", unit_columns)
    find_parts(draft, table)
    lies_in_other_files(draft, table)
    find_end(draft, table)
    find_sums(draft, table)
    roles = ("meter", "start", "period", "date", "month", "year", "fiscal_year", "quantity")
    stands = [draft.columns[role] for role in roles if isinstance(draft.columns.get(role), str)]
    first = [table.names[n - 1] for n in list(across)[:1]]
    several = [q["column"] for q in draft.layout.get("quantities", []) if isinstance(q["column"], str)]
    draft.layout = {"header": list(dict.fromkeys([*map(str, stands), *first, *several])), **draft.layout}
    return draft


def _check(draft: Draft, path: Path, name: str, reading: ParseOptions, office: trial.Office | None) -> None:
    """Read the file by the draft; what is missing, and what it could not read, is told."""
    try:
        layout = Layout.model_validate(draft.whole)
    except ValidationError:
        draft.unsure.append(both("draft_to_decide", lines="、".join(draft.decide) or "columns"))
        return
    own = described.readers({name: layout})
    told = trial.read(path, name, ParseOptions(reading.limits, own), office)
    if told["problem"]:
        draft.unsure.append(f"{told['problem']['ja']} / {told['problem']['en']}")
        return
    draft.sure.append(both("draft_reads", values=told["rows_values"], rejected=told["rows_rejected"]))
    for reject in told["rejects"][:3]:
        draft.unsure.append(
            both("draft_rejects", line=reject["source_line"], reason=Bilingual(reject["ja"], reject["en"]))
        )
    for meter in [meter for meter in told["meters"] if meter["meter_id"] is None][:MOST_UNKNOWN]:
        near = ", ".join(meter["near"]) or "-"
        draft.unsure.append(both("draft_unknown_name", word=meter["key"], near=near))
    if not all(value["unit"] for value in told["values"]) and not draft.layout.get("is_power"):
        draft.decide["unit"] = ["kWh", "m3", "L"]
        draft.unsure.append(both("draft_no_unit"))


def _titles(table: SeenTable) -> list[str]:
    """Return the cells that stand alone in a row above the header: what stands beside a label is no title."""
    rows = [[cell for cell in row if plain(cell)] for row in table.above]
    return [row[0] for row in rows if len(row) == 1]


def _name(said: Iterable[str], known: set[str]) -> str:
    """Return a name for the layout: the words of the file's name, else of its titles, without dates and lone figures; none taken."""
    undated = (re.sub(str(head_words()["date_parts"]), " ", folding.word(text)) for text in said)
    words = ("_".join(each for each in re.findall(r"[^\W_]+", text) if not each.isdecimal()) for text in undated)
    found = next((word for word in words if len(word) > 1), "layout")[:30]
    found = found.lower() if found.isascii() else found
    return next(each for n in range(1, 1_000) if (each := found if n == 1 else f"{found}_{n}") not in known)


def _as_toml(name: str, draft: Draft) -> str:
    """Return the section; a comment throughout where it is not whole, with a line for each thing to decide."""
    told = [f"[layouts.{name if re.fullmatch('[0-9A-Za-z_-]+', name) else _value(name)}]"]
    told += [f"{key} = {_value(value)}" for key, value in draft.layout.items()]
    told += [f"columns.{role} = {_value(column)}" for role, column in draft.columns.items()]
    try:
        Layout.model_validate(draft.whole)
    except ValidationError:
        told = [f"# {line}" for line in told]
    chosen = " / ".join
    told += [
        f"# {both('draft_decide')}: {key} = {chosen(_value(value) for value in values)}"
        for key, values in draft.decide.items()
    ]
    return "\n".join(told)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(_value(v) for v in value)}]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_value(v)}" for key, v in value.items()) + " }"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return str(value)
