"""Contracts whose supplier or menu no list knows, with the nearest names: a slip there leaves energy without a factor, a year later.

Reads contracts, meters and emission_factors. A finding and no error: the list of an older or newer year may have the name.
"""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from pipelines.findings import Finding
from pipelines.warehouse import database

HERE = Path(__file__).parent
NEAREST, LIKE = 3, 0.4
# Words of contracts.menu that name a kind of row, not a menu.
KINDS = frozenset(
    {"残差", "residual", "事業者全体", "whole_company", "代替値", "substitute", "最終保障供給", "離島供給"}
)
SUBSTITUTE = frozenset({"代替値", "substitute"})
COMPANY = ("株式会社", "(株)", "合同会社", "有限会社")
Row = Mapping[str, Any]


def findings(connection: duckdb.DuckDBPyConnection) -> list[Finding]:
    """Return a finding for each supplier, number or menu of a contract that is in no list."""
    listed = database.rows(connection, HERE / "listed_suppliers.sql")
    found = []
    for contract in database.rows(connection, HERE / "contract_names.sql"):
        rows = [row for row in listed if row["factor_table"] == contract["factor_table"]]
        rule_id, near = _problem(contract, rows)
        if rule_id is not None:
            named = " ".join(filter(None, (contract["supplier_no"], contract["supplier"])))
            numbers = {
                "whose": named or "-", "menu": contract["menu"] or "-", "near": ", ".join(near) or "-",
                "meters": ", ".join([*contract["meters"][:5], *(["..."] if contract["meters"][5:] else [])]),
            }  # fmt: skip
            subject = f"contracts.csv/{contract['factor_table']}/{named}/{contract['menu'] or ''}"
            found.append(Finding(rule_id, subject, numbers))
    return found


def _problem(contract: Row, rows: Sequence[Row]) -> tuple[str | None, list[str]]:
    """Return the rule that the contract breaks, and the nearest of what is listed."""
    number, name, menu = contract["supplier_no"], contract["supplier"], contract["menu"]
    if menu in SUBSTITUTE or (number is None and name is None):
        return None, []
    mine = (
        [row for row in rows if row["supplier_no"] == number]
        if number
        else [row for row in rows if row["supplier"] == name]
    )
    mine = mine or [row for row in rows if name and row["supplier_no"] is None and row["supplier"] == name]
    if not mine:
        return "contract_supplier_unlisted", _near_suppliers(number, name, rows)
    others = {
        _label(row)
        for row in rows
        if number and name and row["supplier_no"] != number and _plain(row["supplier"]) == _plain(name)
    }
    if others and _plain(name) not in {_plain(row["supplier"]) for row in mine}:
        return "contract_supplier_differs", sorted({_label(mine[0]), *others})
    menus = sorted({row["menu"] for row in mine if row["menu"]})
    if menu and menu not in KINDS and menu not in menus:
        near = difflib.get_close_matches(menu, menus, NEAREST, LIKE) or menus[: NEAREST * 2]
        return "contract_menu_unlisted", near
    return None, []


def _near_suppliers(number: str | None, name: str | None, rows: Iterable[Row]) -> list[str]:
    """Return number and name of the listed suppliers that are most like what is written: by name where there is one."""
    names: dict[str, list[str]] = {}
    numbers: dict[str, str] = {}
    for row in rows:
        names.setdefault(_plain(row["supplier"]), []).append(_label(row))
        if row["supplier_no"]:
            numbers[row["supplier_no"]] = _label(row)
    wanted = _plain(name)
    like = difflib.get_close_matches(wanted, names, NEAREST, LIKE) if wanted else []
    like += [each for each in names if wanted and (wanted in each or (each and each in wanted))]
    near = [label for each in like for label in names[each]]
    near += [numbers[each] for each in difflib.get_close_matches((number or "").upper(), numbers, NEAREST, LIKE)]
    return list(dict.fromkeys(near))[:NEAREST]


def _label(row: Row) -> str:
    return " ".join(filter(None, (row["supplier_no"], row["supplier"])))


def _plain(name: str | None) -> str:
    """Return a company's name without its legal form, blanks and width."""
    text = "".join(unicodedata.normalize("NFKC", name or "").split())
    for form in COMPANY:
        text = text.replace(form, "")
    return text
