"""Show factors, editions and what a new list changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pipelines.registers import spoken
from pipelines.reports.plain_text import plain
from pipelines.reports.terminal.look import Terminal
from pipelines.reports.terminal.show_source import unit_of
from pipelines.texts import note, word

MOST = 20
MOST_KEYS = 3
OF_TABLES = frozenset({"table", "own"})  # their table says already what they are


def factors(out: Terminal, rows: Sequence[dict[str, Any]]) -> None:
    """Factors, two lines each: whose and what, then validity and edition."""
    for row in rows:
        value = f"{plain(row['value'])} {unit_of(out, row['unit'])}"
        out.line(f"{_whose(out, row)}{_sort(out, row)}: {value}", "bold")
        period = f"{row['valid_from'] or ''} – {row['valid_to'] or ''}"
        out.line(f"  {period} {word(row['status'], out.language)} {row['edition'] or ''} {row['factor_id']}", "dim")
    if not rows:
        out.line(out.say("factors_none"))


def by_year(out: Terminal, rows: Sequence[dict[str, Any]]) -> None:
    """What there is, by table and years of use, and how to see single values."""
    columns = [
        out.say(key)
        for key in ("col_factor_table", "col_used_in", "col_factors", "col_suppliers", "col_state", "col_origin")
    ]
    out.table(
        columns,
        (
            (
                _named(out, row),
                _years(out, row),
                row["factors"],
                row["suppliers"] or "",
                word(row["status"], out.language) + (f" {row['edition']}" if row["suppliers"] else ""),
                out.say(f"origin_{row['origin']}"),
            )
            for row in rows
        ),
        right=frozenset({2, 3}),
        whole=frozenset({1}),
    )
    out.line(out.say("factors_how"))


def _whose(out: Terminal, row: dict[str, Any]) -> str:
    """The supplier and menu; without one the fuel or activity, as people call it."""
    supplied = [row["supplier_no"], row["supplier"], row["menu"]]
    if any(supplied):
        return " ".join(str(part) for part in supplied if part)
    told = row["name_ja"] if out.language == "ja" else row["key"].replace("_", " ")
    return str(told or row["key"])


def _sort(out: Terminal, row: dict[str, Any]) -> str:
    """What kind of factor it is: table, kind of row, basic or adjusted, gas."""
    parts = [_group(out, row), _variant(out, row["variant"]), row["gas"]]
    return out.say("in_brackets", text=(" " if out.language == "ja" else ", ").join(filter(None, parts)))


def _group(out: Terminal, row: dict[str, Any]) -> str:
    """The table, and of a list of suppliers the kind of row."""
    name = word(f"group_{row['factor_table']}", out.language)
    return name if row["kind"] in OF_TABLES else f"{name} {kind_of(out, row['kind'])}"


def kind_of(out: Terminal, kind: str) -> str:
    """The kind of row in a list of suppliers, in the word that an office writes into its register."""
    if out.language == "en":
        return word(kind, "en").replace("_", " ")
    return spoken.usual("supplier_factors", "kind").get(kind) or word(kind, "ja")


def _variant(out: Terminal, variant: str) -> str:
    """基礎 or 調整後; what serves both needs no word."""
    return "" if variant == "both" else word(f"variant_{variant}", out.language)


def _named(out: Terminal, row: dict[str, Any]) -> str:
    """The table, and its fuels where they are few; substitutes are named so."""
    name = word(f"group_{row['factor_table']}", out.language)
    if row["is_substitute"]:
        return f"{name} {word('legal_substitute', out.language)}"
    keys = row["keys"] if out.language == "ja" else [key.replace("_", " ") for key in row["keys_en"]]
    is_few = row["factor_table"].endswith("_fuels") and len(keys) <= MOST_KEYS
    return f"{name}: {', '.join(keys)}" if is_few else name


def _years(out: Terminal, row: dict[str, Any]) -> str:
    first, last = row["first_fy"] or "", row["last_fy"] or ""
    return str(first) if first == last else out.say("from_to_years", first=first, last=last)


def factor(out: Terminal, row: dict[str, Any]) -> None:
    """One factor."""
    out.pairs(
        [
            ("ID", row["factor_id"]),
            (out.say("factor_whose"), _whose(out, row)),
            (out.say("factor_of"), f"{_group(out, row)} {_variant(out, row['variant'])}".rstrip()),
            (
                out.say("converted_factor"),
                f"{plain(row['value'])} {unit_of(out, row['unit'])}" + out.say("in_brackets", text=row["gas"]),
            ),
            (out.say("factor_period"), f"{row['valid_from'] or ''} – {row['valid_to'] or ''}"),
            (out.say("edition"), f"{row['edition'] or ''} {word(row['status'], out.language)}"),
            (out.say("converted_source"), f"{row['source_place'] or ''} {row['source'] or ''}"),
            (out.say("factor_note"), note(row["note"], out.language) or None),
        ]
    )
    for other in row["others"]:
        out.line(
            f"  {other['result_fy'] or ''} {other['edition'] or ''} {plain(other['value'])} {other['factor_id']}", "dim"
        )


def editions(out: Terminal, rows: Sequence[dict[str, Any]]) -> None:
    """Editions of lists."""
    for row in rows:
        taken = out.say("edition_taken", at=row["taken_at"], file=row["file_name"]) if row.get("taken_at") else ""
        kind = word(f"group_{row['kind']}", out.language)
        told = out.say("edition_of", kind=kind, year=row["result_fy"], count=row["factors"])
        out.line(f"{row['edition_id']}  {told} {taken}".rstrip())


def read_list(out: Terminal, read: Any, found: Any) -> None:  # noqa: ANN401 - plain records
    """What a new list says and changes."""
    told = {
        "kind": word(read.kind, out.language),
        "year": read.result_fy,
        "serves": read.activity_fy,
        "rows": len(read.rows),
    }
    out.line(out.say("list_read", **told, issued=read.issued_on), "bold")
    difference(out, found)
    if found.contracts:
        out.line(out.say("list_contracts", meters=", ".join(found.contracts)))


def taken(out: Terminal, edition: Any, *, is_new: bool) -> None:  # noqa: ANN401 - an Edition or none
    """Whether the list was kept."""
    if edition is None:
        out.line(out.say("list_not_taken"), "yellow")
    elif is_new:
        out.line(out.say("list_taken", edition=edition.edition_id), "green")
    else:
        out.line(out.say("list_known", edition=edition.edition_id))


def difference(out: Terminal, found: Any) -> None:  # noqa: ANN401 - a Difference
    """Changed, added and removed values, the first of many."""
    counts = {"changed": len(found.changed), "added": len(found.added), "removed": len(found.removed)}
    out.line(out.say("list_difference", against=found.against or "-", unchanged=found.unchanged, **counts))
    for key, old, new in found.changed[:MOST]:
        out.line(f"  {_key(out, key)}: {plain(old)} → {plain(new)}", "yellow")
    for key, value in found.added[:MOST] if found.against else ():
        out.line(f"  + {_key(out, key)}: {plain(value)}")
    for key, value in found.removed[:MOST]:
        out.line(f"  − {_key(out, key)}: {plain(value)}", "red")


def _key(out: Terminal, key: tuple[str, str, str, str]) -> str:
    number, kind, menu, variant = key
    return " ".join(part for part in (number, menu or kind_of(out, kind), _variant(out, variant)) if part)
