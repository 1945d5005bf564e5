"""Contracts of tables, made from the catalogue: columns as described, nothing needed is empty, the key is unique."""

from __future__ import annotations

import great_expectations.expectations as gxe

from expectations.check import Check, rows_that
from pipelines import tables


def contract(table_name: str) -> list[Check]:
    """Return the checks that follow from a table's description in the catalogue."""
    table = tables.table(table_name)
    needed = [column.name for column in table.columns if not column.nullable]
    filled = rows_that(
        f"{table_name}_filled",
        "SELECT * FROM {batch} WHERE " + " OR ".join(f"{tables.quoted(name)} IS NULL" for name in needed),
    )
    return [
        Check(
            table_name,
            gxe.ExpectTableColumnsToMatchSet(column_set=list(table.column_names), exact_match=True),
            "列は台帳のとおり",
            "columns as catalogued",
        ),
        Check(table_name, filled, "必須の列に空欄がない", "needed columns are filled"),
        Check(
            table_name,
            gxe.ExpectCompoundColumnsToBeUnique(column_list=list(table.key), ignore_row_if="never")
            if len(table.key) > 1
            else gxe.ExpectColumnValuesToBeUnique(column=table.key[0]),
            f"一意である（{table.grain_ja}）",
            f"unique ({table.grain_en})",
        ),
    ]
