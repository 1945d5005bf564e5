"""The stage of the Act alone, on registers and no reading."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date

import duckdb

from pipelines.emissions import build as emissions
from pipelines.energy_act import build as energy_act
from pipelines.reference import load
from pipelines.registers import read
from pipelines.warehouse import database
from tests.making import TODAY, City


@contextmanager
def built(city: City, today: date = TODAY) -> Iterator[duckdb.DuckDBPyConnection]:
    """The stage's tables and findings for a city's registers."""
    connection = database.connect(quick=True)
    for table in ("energy_by_meter_day", "meter_allocations", "energy_choices"):
        database.create(connection, table)
    read.store(connection, read.read(city.paths.registers))
    load.load(connection)
    database.fill(connection, "facility_spans", emissions.HERE / "facility_spans.sql")
    findings = energy_act.build(connection, city.paths.settings, today)
    database.create(connection, "findings")
    database.insert_rows(connection, "findings", [finding.row() for finding in findings])
    with closing(connection):
        yield connection
