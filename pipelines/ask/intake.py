"""What came in, what did not, what is held back and what to do: for the page and the command.

Reads the published file. A word that no register knows is shown with the row to add
and with what it may mean.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import duckdb

from pipelines import tables, units
from pipelines.ask import select
from pipelines.registers import near_names, spoken
from pipelines.warehouse import query

MOST_ROWS, MOST_NEAR = 200, 50
UNSURE = "?"


def gather(published: Path, most: int = MOST_ROWS) -> dict[str, Any]:
    """Return what the page and the command tell.

    Args:
        published: The published file.
        most: Most rows of each list.

    Raises:
        QueryError: nothing is published yet.
    """
    with query.opened(published) as connection:
        limit = {"most": most}
        return {
            "counts": select.rows(connection, "intake_counts")[0],
            "came": select.rows(connection, "intake_came", limit),
            "late": select.rows(connection, "intake_late"),
            "problems": select.rows(connection, "file_problems"),
            "documents": select.rows(connection, "documents_waiting"),
            "held": select.rows(connection, "intake_held", limit),
            "unknown": unknown(connection, most),
        }


def unknown(connection: duckdb.DuckDBPyConnection, most: int) -> list[dict[str, Any]]:
    """Return the words that no register has, each with the row to add (``proposal``) and, of the first, what it may mean (``near``).

    A word that is a facility's name may mean its meters or sources; else the names nearest to it are told.
    """
    names = select.rows(connection, "register_names")
    rows = select.rows(connection, "intake_unknown", {"most": most})
    for number, row in enumerate(rows):
        row |= {"proposal": proposal(row), "near": _near(row, names) if number < MOST_NEAR else []}
    return rows


def _near(row: Mapping[str, Any], names: Iterable[Mapping[str, Any]]) -> list[str]:
    fitting = [name for name in names if name["source_kind"] in (row["source_kind"], "facility")]
    if row["facility_id"]:
        of_facility = [name for name in fitting if name["facility_id"] == row["facility_id"]]
        own = sorted({str(name["id"]) for name in of_facility if name["source_kind"] != "facility"})
        return own[: near_names.MOST]
    return near_names.nearest(str(row["word"]), {str(name["word"]): str(name["told"]) for name in fitting})


def proposal(row: dict[str, Any]) -> str:
    """Return the row to add to meters.csv or activity_sources.csv, in the words an office uses; what only a person knows is ``?``.

    Args:
        row: A row of ``unknown_names``.
    """
    name = str(row["word"])
    register = "activity_sources" if row["source_kind"] == "activity" else "meters"
    known: dict[str, str] = {"facility_id": row["facility_id"] or UNSURE, "unit": row["unit"] or UNSURE}
    if register == "activity_sources":
        known |= {"activity_source_id": name, "activity": UNSURE, "frequency": "month"}
    else:
        is_point = len(name) == 22 and name.isdigit()
        known |= {
            "meter_id": f"{known['facility_id']}-{name[-4:]}" if is_point else name,
            "energy_type": _suggested(known["unit"]),
            "reading_kind": row["reading_kind"] or UNSURE,
            "supply_point": name if is_point else "",
        }
    known = {column: spoken.usual(register, column).get(word, word) for column, word in known.items()}
    columns = [column.name for column in tables.table(register).columns]
    stream = io.StringIO()
    csv.writer(stream, lineterminator="").writerow([known.get(column, "") for column in columns])
    return f"{register}.csv: {stream.getvalue().rstrip(',')}"


def _suggested(unit: str) -> str:
    try:
        canonical = units.canonical(unit)
    except units.UnitError:
        return UNSURE
    if canonical.startswith(("kW", "Wh", "MWh", "thousand_kWh")):
        return "electricity"
    return "city_gas" if canonical.endswith("m3") else UNSURE
