"""推奨データセット「公共施設一覧」: rows proposed for facilities.csv, for a person to check.

Reads the 24 columns of the recommended data set and the newer standard open data set alike, by the names of their columns.
The same facility stands in several lists and NO is not unique over them: rows of the same name and address are one proposal.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pipelines import tables
from pipelines.errors import ActionableError
from pipelines.settings.city import Limits
from pipelines.sources.layouts.head import plain
from pipelines.sources.open import lines
from pipelines.sources.open.inspect_file import inspect
from pipelines.texts import both

NEEDED = ("名称", "住所")
NAMES = {
    "number": ("NO", "ID", "施設ID"),
    "name": ("名称", "施設名"),
    "name_kana": ("名称_カナ", "施設名_カナ"),
    "address": ("住所", "所在地_連結表記", "所在地"),
    "more_address": ("方書", "建物名等(方書)"),
    "latitude": ("緯度",),
    "longitude": ("経度",),
    "department": ("団体名", "管理部署", "所管課"),
    "note": ("備考", "POIコード"),
}
PLACES = 6


class FacilityListError(ActionableError, ValueError):
    """A file that is no list of facilities; the message says what was expected."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """Rows for facilities.csv and how they came about."""

    rows: list[dict[str, str]]
    read: int
    merged: int

    def as_csv(self) -> str:
        """The rows as CSV with the header of facilities.csv."""
        stream = io.StringIO()
        columns = [column.name for column in tables.table("facilities").columns]
        writer = csv.DictWriter(stream, fieldnames=columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(self.rows)
        return stream.getvalue()


def propose(paths: Iterable[Path], known: frozenset[str] = frozenset(), limits: Limits | None = None) -> Proposal:
    """Return a row for every facility of the lists that the register does not have yet.

    Args:
        paths: The lists.
        known: Names of the facilities that the register has.
        limits: Limits on size and lines.

    Raises:
        FacilityListError: a file is no such list.
    """
    found: dict[tuple[str, str], dict[str, str]] = {}
    read = merged = 0
    for path in paths:
        for row in _rows(path, limits or Limits()):
            read += 1
            key = (plain(row["name"]), plain(row["address"]))
            if key in found or row["name"] in known:
                merged += 1
                continue
            found[key] = row
    return Proposal(_numbered(list(found.values())), read, merged)


def _rows(path: Path, limits: Limits) -> Iterable[dict[str, str]]:
    inspected = inspect(path, limits)
    if inspected.problem or inspected.kind != "text":
        raise FacilityListError(both("not_a_list_of_facilities", at=path))
    rows = lines.text_rows(inspected, limits)
    top = next((n for n, row in enumerate(rows[:10]) if any(name in row for name in NAMES["name"])), None)
    if top is None:
        raise FacilityListError(both("no_such_headings", at=path, columns="・".join(NEEDED)))
    places = {role: next((rows[top].index(n) for n in names if n in rows[top]), None) for role, names in NAMES.items()}
    for row in rows[top + 1 :]:
        told = {role: row[at].strip() if at is not None and at < len(row) else "" for role, at in places.items()}
        if told["name"]:
            yield told


def _numbered(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    taken: set[str] = set()
    made = []
    for row in rows:
        base = row["number"] or plain(row["name"])
        facility_id, turn = base, 1
        while facility_id in taken:
            turn += 1
            facility_id = f"{base}-{turn}"
        taken.add(facility_id)
        made.append(
            {
                "facility_id": facility_id,
                "name": row["name"],
                "name_kana": row["name_kana"],
                "operator_id": "?",
                "department": row["department"],
                "use_class": row["note"],
                "address": f"{row['address']} {row['more_address']}".strip(),
                "latitude": _degrees(row["latitude"]),
                "longitude": _degrees(row["longitude"]),
            }
        )
    return made


def _degrees(text: str) -> str:
    """Degrees to six places, as the register keeps them (0.1 m); empty where they are no number."""
    try:
        return f"{float(text):.{PLACES}f}" if text else ""
    except ValueError:
        return ""
