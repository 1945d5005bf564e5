"""Editions of the ministries' lists that the city took in: kept for ever, used by the night from then on.

Under ``history/``: ``editions/<edition>.csv`` has the rows in the form of emission_factors.csv, ``editions/<hash>`` the
file as it came, ``editions.jsonl`` one line an edition, written last. The newest edition of a list (kind and result
year) counts as a whole: what it no longer lists has no factor there.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from pipelines import durable
from pipelines.history import journal, kept
from pipelines.history.moments import Past
from pipelines.reference.supplier_list import KINDS, TITLES, SupplierList, SupplierRow

FOLDER, JOURNAL = "editions", "editions.jsonl"
COLUMNS = (
    "factor_id", "factor_table", "key", "name_ja", "kind", "supplier_no", "supplier", "menu", "variant", "gas", "value",
    "unit", "result_fy", "valid_from", "valid_to", "status", "edition", "source_id", "source_place", "note",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Edition:
    """One list as taken: which, from which file, since when the system knows it."""

    edition_id: str
    kind: str
    result_fy: int
    activity_fy: int | None
    issued_on: date
    sha256: str
    file_name: str
    taken_at: datetime
    rows: int
    path: Path


def taken(history: Path, past: Past | None = None) -> list[Edition]:
    """Return the editions taken in (by a past moment), oldest first."""
    found = []
    for number, record in journal.numbered(history / JOURNAL):
        if past is not None and not past.knows(JOURNAL, number, record["taken_at"]):
            continue
        values = record | {
            "issued_on": date.fromisoformat(record["issued_on"]),
            "taken_at": datetime.fromisoformat(record["taken_at"]),
            "path": history / FOLDER / f"{record['edition_id']}.csv",
        }
        found.append(Edition(**values))
    return found


def take(history: Path, file: Path, read: SupplierList, now: datetime) -> tuple[Edition, bool]:
    """Keep a list as an edition; the same content again changes nothing.

    Returns:
        The edition, and whether it is new.
    """
    content = file.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    known = {edition.sha256: edition for edition in taken(history)}
    if digest in known:
        return known[digest], False
    name = f"{read.kind}-R{read.result_fy}-{read.issued_on}-{digest[:8]}"
    path = history / FOLDER / f"{name}.csv"
    durable.write(path.with_name(digest), content)
    durable.write(path, _as_csv(read, name, file.name).encode())
    kept.note(history, [path.with_name(digest), path])
    edition = Edition(
        name, read.kind, read.result_fy, read.activity_fy, read.issued_on, digest, file.name, now, len(read.rows), path
    )
    record = {key: value for key, value in asdict(edition).items() if key != "path"}
    journal.append(history / JOURNAL, [json.loads(json.dumps(record, default=str))])
    return edition, True


def factor_rows(read: SupplierList, edition_id: str, file_name: str) -> list[dict[str, str]]:
    """Return a list's rows in the form of emission_factors.csv, one for each of basic and adjusted."""
    first = read.activity_fy
    assert first is not None  # noqa: S101 - reading asked for it
    status = "provisional" if read.is_provisional else "confirmed"
    rows = []
    for row in read.rows:
        for variant, value in (("basic", row.basic), ("adjusted", row.adjusted)):
            if value is None:
                continue
            factor_id = f"{read.kind}/R{read.result_fy}/{row.number}/{_label(row)}/{variant}@{edition_id}"
            values = (
                factor_id, read.kind, read.kind, row.name, row.kind, row.number, row.name, row.menu or "", variant, "CO2",
                _number(value), KINDS[read.kind], str(read.result_fy), f"{first}-04-01", f"{first + 1}-04-01", status,
                str(read.issued_on), edition_id, f"{file_name} {row.line}行目", row.note or "",
            )  # fmt: skip
            rows.append(dict(zip(COLUMNS, values, strict=True)))
    return rows


def source_row(edition: Edition) -> tuple[str, str, str, str]:
    """Return the edition as a row of reference_sources."""
    title = f"{TITLES[edition.kind]}排出係数 {edition.result_fy}年度実績（{edition.issued_on} 公表・更新）"
    return edition.edition_id, title, "ministry_list", f"history/{FOLDER}/{edition.sha256} ({edition.file_name})"


def _label(row: SupplierRow) -> str:
    return f"{row.kind}-{row.menu}" if row.menu else row.kind


def _number(value: Decimal) -> str:
    return f"{value:f}"


def _as_csv(read: SupplierList, edition_id: str, file_name: str) -> str:
    lines = [",".join(COLUMNS)]
    for row in factor_rows(read, edition_id, file_name):
        lines.append(",".join(_cell(row[column]) for column in COLUMNS))
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if set(text) & set(',"\n') else text


def read_rows(editions: Sequence[Edition]) -> list[dict[str, str]]:
    """Return the rows of editions as kept."""
    rows = []
    for edition in editions:
        with edition.path.open(encoding="utf-8", newline="") as stream:
            rows += list(csv.DictReader(stream))
    return rows
