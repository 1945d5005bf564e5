"""Load the reference CSVs, and the factors the city entered itself, into the warehouse.

Writes: reference_sources, energy_types, activities, factor_rules, emission_factors, heat_contents, densities, gwp,
gaps, legal_posts, report_tables, published_examples, thresholds. Reads the registers supplier_factors,
supplier_properties and own_factors.
"""

from __future__ import annotations

import hashlib
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
    for file_name in PLAIN_FILES:
        _load_plain(connection, file_name)
    _load_merged(connection)


def load_factors(connection: duckdb.DuckDBPyConnection) -> None:
    """Create and fill only the tables that a conversion needs."""
    for file_name in ("sources.csv", "energy_types.csv", "factor_rules.csv", "gwp.csv"):
        _load_plain(connection, file_name)
    _load_merged(connection)


def _load_plain(connection: duckdb.DuckDBPyConnection, file_name: str) -> None:
    table_name = PLAIN_FILES[file_name]
    database.create(connection, table_name)
    _insert(connection, file_name, table_name, table_name)


def _load_merged(connection: duckdb.DuckDBPyConnection) -> None:
    _translate_units(connection)
    for file_name, table_name in MERGED_FILES.items():
        connection.execute(f"CREATE OR REPLACE TEMP TABLE published_{table_name} AS FROM {_reader(file_name)}")
        database.fill(connection, table_name, FOLDER / f"{table_name}.sql")


def content_hash() -> str:
    """Return one hash over every reference file: a changed edition changes the inputs of a run."""
    digest = hashlib.sha256()
    for path in sorted(FOLDER.glob("*.csv")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _reader(file_name: str) -> str:
    path = tables.literal(str(FOLDER / file_name))
    return f"read_csv({path}, header = true, all_varchar = true, auto_detect = true, delim = ',', quote = '\"')"


def _insert(connection: duckdb.DuckDBPyConnection, file_name: str, table_name: str, what: str) -> None:
    columns = []
    given = {row[0] for row in connection.execute(f"DESCRIBE FROM {_reader(file_name)}").fetchall()}
    for column in tables.table(table_name).columns:
        stands_as = next(
            (old for (f, old), new in RENAMED.items() if f == file_name and new == column.name), column.name
        )
        if stands_as in given:
            columns.append(
                f"CAST(nullif({tables.quoted(stands_as)}, '') AS {column.type}) AS {tables.quoted(column.name)}"
            )
    statement = f"INSERT INTO {table_name} BY NAME SELECT {', '.join(columns)} FROM {_reader(file_name)}"
    database.run(connection, statement, what=f"{what} ({file_name})")


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
