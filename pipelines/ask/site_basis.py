"""How the figures of a facility's page came about: for all facilities at once what ``explain`` tells of one, down to the documents.

A few SELECTs a night (``select``, site_basis_*.sql): which fiscal years, their days, the sources with what they add, the factors that
served, and the files. The sums of the factors are those of the sources, and these the year's total, to the last digit.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import duckdb

from pipelines.ask import select
from pipelines.warehouse import database

Row = dict[str, Any]
Basis = dict[int, list[Row]]  # fiscal year -> sources, each with its ``factors`` and ``documents``
OF_FACILITY = ("facility_id", "fiscal_year", "source_kind", "source_id")
OF_SOURCE = OF_FACILITY[1:]


def gather(connection: duckdb.DuckDBPyConnection, years: dict[str, Any]) -> dict[str, Basis]:
    """Return facility -> fiscal year -> sources, the newest year first; the temporary steps stay in the connection.

    Args:
        connection: The published file.
        years: ``fiscal_year``, the last one that is over, and ``this_year``, the running one; base years are found by themselves.
    """
    select.step(connection, "site_basis_years", years)
    select.view(connection, "site_basis_days")
    factors = _grouped(select.rows(connection, "site_basis_factors"), OF_FACILITY)
    select.step(connection, "site_basis_sources")
    documents = _grouped(select.rows(connection, "site_basis_documents"), OF_SOURCE)
    found: dict[str, Basis] = defaultdict(lambda: defaultdict(list))
    for source in database.dicts(connection, "FROM site_basis_sources"):
        source["factors"] = factors.get(_key(source, OF_FACILITY), [])
        source["documents"] = documents.get(_key(source, OF_SOURCE), [])
        found[source["facility_id"]][source["fiscal_year"]].append(source)
    return {facility_id: dict(basis) for facility_id, basis in found.items()}


def _grouped(rows: list[Row], by: tuple[str, ...]) -> dict[tuple[Any, ...], list[Row]]:
    found: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in rows:
        found[_key(row, by)].append(row)
    return found


def _key(row: Row, by: tuple[str, ...]) -> tuple[Any, ...]:
    return tuple(row[name] for name in by)
