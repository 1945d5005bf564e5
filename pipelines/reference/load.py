"""Load the reference CSVs, and the factors the city entered itself, into the warehouse.

Writes: reference_sources, energy_types, activities, factor_rules, emission_factors, heat_contents, densities, gwp,
gaps, legal_posts, report_tables, published_examples, thresholds. Reads the registers supplier_factors,
supplier_properties and own_factors.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable
from pathlib import Path

import duckdb

from pipelines import tables, units
from pipelines.warehouse import database

FOLDER = Path(__file__).parent
PLAIN_FILES = {
    "sources.csv": "reference_sources",
    "energy_types.csv": "energy_types",
    "activities.csv": "activities",
    "factor_rules.csv": "factor_rules",
    "gwp.csv": "gwp",
    "gaps.csv": "gaps",
    "posts.csv": "legal_posts",
    "report_tables.csv": "report_tables",
    "published_totals.csv": "published_examples",
    "thresholds.csv": "thresholds",
}
# These also take rows of the city's registers.
MERGED_FILES = {
    "emission_factors.csv": "emission_factors",
    "heat_contents.csv": "heat_contents",
    "densities.csv": "densities",
}
RENAMED = {("published_totals.csv", "value"): "published_value"}


def load(connection: duckdb.DuckDBPyConnection) -> None:
    """Create and fill the reference tables; the registers must be loaded before.

    Raises:
        StageError: when a CSV of ours does not fit the catalogue.
    """
    _load(connection, PLAIN_FILES)


def load_factors(connection: duckdb.DuckDBPyConnection) -> None:
    """Create and fill only the tables that a conversion needs."""
    _load(connection, ("sources.csv", "energy_types.csv", "factor_rules.csv", "gwp.csv"))


def _load(connection: duckdb.DuckDBPyConnection, plain_files: Iterable[str]) -> None:
    """Load the named files and those that the city's registers add to."""
    _translate_units(connection)
    script = [statement for file_name in plain_files for statement in _plain(file_name)]
    script += [statement for file_name in MERGED_FILES for statement in _merged(file_name)]
    database.run(connection, ";\n".join(script), what="reference/*.csv")


def _plain(file_name: str) -> list[str]:
    table = tables.table(PLAIN_FILES[file_name])
    given = _columns(file_name)
    columns = []
    for column in table.columns:
        stands_as = next(
            (old for (f, old), new in RENAMED.items() if f == file_name and new == column.name), column.name
        )
        if stands_as in given:
            columns.append(
                f"CAST(nullif({tables.quoted(stands_as)}, '') AS {column.type}) AS {tables.quoted(column.name)}"
            )
    insert = f"INSERT INTO {table.name} BY NAME SELECT {', '.join(columns)} FROM {_reader(file_name)}"
    return [tables.create_statement(table), insert]


def _merged(file_name: str) -> list[str]:
    table_name = MERGED_FILES[file_name]
    published = f"CREATE OR REPLACE TEMP TABLE published_{table_name} AS FROM {_reader(file_name)}"
    return [published, *database.fill_statements(table_name, FOLDER / f"{table_name}.sql")]


def content_hash() -> str:
    """Return one hash over every reference file: a changed edition changes the inputs of a run."""
    digest = hashlib.sha256()
    for path in sorted(FOLDER.glob("*.csv")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _columns(file_name: str) -> list[str]:
    with (FOLDER / file_name).open(encoding="utf-8", newline="") as stream:
        return next(csv.reader(stream))


def _reader(file_name: str) -> str:
    """The file as text columns; nothing is left to be guessed."""
    path = tables.literal(str(FOLDER / file_name))
    columns = ", ".join(f"{tables.literal(name)}: 'VARCHAR'" for name in _columns(file_name))
    return f"read_csv({path}, columns = {{{columns}}}, header = true, auto_detect = false, delim = ',', quote = '\"', escape = '\"')"


def _translate_units(connection: duckdb.DuckDBPyConnection) -> None:
    """Make ``factor_units``: each unit that the city wrote in its factor registers, in the registry's form."""
    connection.execute("CREATE OR REPLACE TEMP TABLE factor_units (raw VARCHAR, unit VARCHAR)")
    written = connection.execute(
        "SELECT DISTINCT unit FROM (SELECT unit FROM supplier_factors UNION ALL SELECT unit FROM supplier_properties"
        " UNION ALL SELECT unit FROM own_factors) ORDER BY unit"
    ).fetchall()
    for (raw,) in written:
        connection.execute(
            "INSERT INTO factor_units VALUES ($raw, $unit)", {"raw": raw, "unit": units.factor_unit(raw)}
        )
