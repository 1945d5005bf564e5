"""Every layout: a file in its form, read to the last cell, against a golden table that a person has looked at."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from pipelines.settings.city import Limits
from pipelines.sources.layouts import register as layouts
from pipelines.sources.open.inspect_file import inspect
from pipelines.sources.open.open_file import Inbound
from pipelines.sources.parse import ParseOptions, parse
from pipelines.warehouse import database
from tests.sources import made
from tests.sources.made import Made

GOLDEN = Path(__file__).with_name("golden")
COLUMNS = (
    "source_member", "source_line", "source_column", "key", "started_at", "ended_at", "quantity", "unit", "reading_kind",
    "time_band", "quality", "stage", "issued_on", "amount_yen", "demand_kw", "contract_kw", "substance", "note",
)  # fmt: skip
ALSO = {"grid_confirmed": "grid_messages", "grid_zip": "grid_messages", "tohoku_30min": "day_columns"}


def parsed(folder: Path, file: Made, reading: ParseOptions | None = None, wanted: str = "") -> dict[str, Any]:
    """Read one file as the night does: outcome, values, rejects and counts."""
    source, _, rest = file.path.partition("/")
    path = folder / "inbox" / file.path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(file.content)
    reading = reading or ParseOptions(Limits())
    connection = database.connect()
    scratch = folder / "scratch"
    scratch.mkdir(exist_ok=True)
    outcome = parse([Inbound(source, rest, inspect(path, reading.limits), wanted)], connection, reading, scratch)[0]
    values = _rows(connection, f"SELECT {', '.join(COLUMNS)} FROM parsed_values ORDER BY ALL")
    rejects = _rows(
        connection,
        "SELECT source_member, source_line, source_column, rule_id, raw FROM parsed_rejects ORDER BY ALL",
    )
    counted = connection.execute("SELECT rows_received, rows_blank, rows_ignored FROM parsed_files").fetchone()
    connection.close()
    assert counted is not None
    assert counted[0] == len(values) + len(rejects) + counted[1], "received = values + rejects + blanks"
    return {"outcome": outcome, "values": values, "rejects": rejects, "blank": counted[1], "ignored": counted[2]}


def _rows(connection: Any, statement: str) -> list[tuple[str, ...]]:
    return [
        tuple("" if cell is None else str(cell) for cell in row) for row in connection.execute(statement).fetchall()
    ]


def golden(name: str) -> list[tuple[str, ...]]:
    with (GOLDEN / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream))
    assert tuple(rows[0]) == COLUMNS
    return [tuple(row) for row in rows[1:]]


def write_golden(name: str, rows: list[tuple[str, ...]]) -> None:
    """Write a golden table; only by hand, to be read before it is kept."""
    GOLDEN.mkdir(exist_ok=True)
    with (GOLDEN / f"{name}.csv").open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows([COLUMNS, *rows])


@pytest.mark.parametrize("name", made.ALL)
def test_a_file_of_each_layout_reads_as_its_golden_table(tmp_path: Path, name: str) -> None:
    told = parsed(tmp_path, made.ALL[name]())
    assert told["outcome"].problem is None
    assert told["outcome"].layout == ALSO.get(name, name)
    assert told["rejects"] == []
    assert told["values"] == golden(name)


def test_every_layout_has_a_file() -> None:
    assert {ALSO.get(name, name) for name in made.ALL} == set(layouts.names())
