"""Load the reference CSVs, and the factors the city entered itself, into the warehouse.

Writes: factor_editions, reference_sources, energy_types, activities, waste_categories, factor_rules,
emission_factors, heat_contents, densities, gwp, gaps, legal_posts, manager_numbers, report_tables, published_examples, thresholds,
quality_rules.
Reads the registers supplier_factors,
supplier_properties and own_factors.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import duckdb

from pipelines import tables, units
from pipelines.reference.editions import Edition, source_row
from pipelines.warehouse import database

FOLDER = Path(__file__).parent
PLAIN_FILES = {
    "sources.csv": "reference_sources",
    "energy_types.csv": "energy_types",
    "activities.csv": "activities",
    "waste_categories.csv": "waste_categories",
    "factor_rules.csv": "factor_rules",
    "gwp.csv": "gwp",
    "gaps.csv": "gaps",
    "posts.csv": "legal_posts",
    "manager_numbers.csv": "manager_numbers",
    "report_tables.csv": "report_tables",
    "published_totals.csv": "published_examples",
    "thresholds.csv": "thresholds",
    "quality_rules.csv": "quality_rules",
}
# These also take rows of the city's registers.
MERGED_FILES = {
    "emission_factors.csv": "emission_factors",
    "heat_contents.csv": "heat_contents",
    "densities.csv": "densities",
}
EDITION_COLUMNS = (
    "edition_id", "kind", "result_fy", "activity_fy", "issued_on", "sha256", "file_name", "taken_at", "rows",
)  # fmt: skip
RENAMED = {("published_totals.csv", "value"): "published_value"}


def packaged() -> dict[str, Path]:
    """Return the reference files that come with the program: name -> path."""
    return {path.name: path for path in sorted(FOLDER.glob("*.csv"))}


def load(
    connection: duckdb.DuckDBPyConnection,
    files: Mapping[str, Path] | None = None,
    editions: Sequence[Edition] = (),
) -> None:
    """Create and fill the reference tables; the registers must be loaded before.

    Args:
        connection: The warehouse under construction.
        files: Name -> path of each reference file, where they are to be taken as kept on a past day.
        editions: The lists that the city took in.

    Raises:
        StageError: when a CSV of ours does not fit the catalogue.
    """
    _load(connection, PLAIN_FILES, files or packaged(), editions)
    database.create(connection, "factor_editions")
    database.insert_rows(
        connection, "factor_editions", [tuple(getattr(e, n) for n in EDITION_COLUMNS) for e in editions]
    )


def load_factors(connection: duckdb.DuckDBPyConnection, editions: Sequence[Edition] = ()) -> None:
    """Create and fill only the tables that a conversion needs."""
    _load(connection, ("sources.csv", "energy_types.csv", "factor_rules.csv", "gwp.csv"), packaged(), editions)


def _load(
    connection: duckdb.DuckDBPyConnection,
    plain_files: Iterable[str],
    files: Mapping[str, Path],
    editions: Sequence[Edition],
) -> None:
    """Load the named files and those that the city's registers and editions add to."""
    _translate_units(connection)
    script = [s for name in plain_files for s in _plain(name, files.get(name))]
    script += [s for name in MERGED_FILES for s in _merged(name, files[name], editions)]
    database.run(connection, ";\n".join(script), what="reference/*.csv")
    database.insert_rows(connection, "reference_sources", [source_row(edition) for edition in editions])


def _plain(file_name: str, path: Path | None) -> list[str]:
    """A file that an older version did not have yet leaves its table empty."""
    table = tables.table(PLAIN_FILES[file_name])
    if path is None:
        return [tables.create_statement(table)]
    given = _columns(path)
    columns = []
    for column in table.columns:
        stands_as = next(
            (old for (f, old), new in RENAMED.items() if f == file_name and new == column.name), column.name
        )
        if stands_as in given:
            columns.append(
                f"CAST(nullif({tables.quoted(stands_as)}, '') AS {column.type}) AS {tables.quoted(column.name)}"
            )
    insert = f"INSERT INTO {table.name} BY NAME SELECT {', '.join(columns)} FROM {_reader(path)}"
    return [tables.create_statement(table), insert]


def _merged(file_name: str, path: Path, editions: Sequence[Edition]) -> list[str]:
    """A file kept from an older version may lack a column that the statement names: it is empty then."""
    table_name = MERGED_FILES[file_name]
    present = packaged().get(file_name, path)
    parts = [f"FROM {_reader(path)}"]
    if path != present:
        parts.append(f"FROM (FROM {_reader(present)} LIMIT 0)")
    if file_name == "emission_factors.csv":
        parts += [f"FROM {_reader(edition.path)}" for edition in editions]
    published = f"CREATE OR REPLACE TEMP TABLE published_{table_name} AS {' UNION ALL BY NAME '.join(parts)}"
    return [published, *database.fill_statements(table_name, FOLDER / f"{table_name}.sql")]


def _columns(path: Path) -> list[str]:
    with path.open(encoding="utf-8", newline="") as stream:
        return next(csv.reader(stream))


def _reader(path: Path) -> str:
    """The file as text columns; nothing is left to be guessed."""
    columns = ", ".join(f"{tables.literal(name)}: 'VARCHAR'" for name in _columns(path))
    return (
        f"read_csv({tables.literal(str(path))}, columns = {{{columns}}}, header = true, auto_detect = false,"
        " delim = ',', quote = '\"', escape = '\"')"
    )


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
