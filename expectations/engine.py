"""Great Expectations on DuckDB: a dialect whose results outlive their connection, opened read-only.

Great Expectations fetches results after it has closed the connection; with any DuckDB dialect that yields nothing, and
every expectation then looks failed. Here each result is buffered when it is executed. The connection is never pooled:
a pooled one would keep the file open.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb_sqlalchemy
from sqlalchemy.dialects import registry
from sqlalchemy.engine.cursor import FullyBufferedCursorFetchStrategy
from sqlalchemy.pool import NullPool

from pipelines import tables

if TYPE_CHECKING:
    from great_expectations.data_context import EphemeralDataContext
    from great_expectations.datasource.fluent import SQLDatasource


class BufferedContext(duckdb_sqlalchemy.DuckDBExecutionContext):  # type: ignore[misc] # the package is untyped
    """An execution context that fetches all rows at once (suites return counts and a few examples)."""

    def post_exec(self) -> None:
        """Buffer the result while the connection is open."""
        super().post_exec()
        if self.cursor is not None and self.cursor.description is not None:
            self.cursor_fetch_strategy = FullyBufferedCursorFetchStrategy(
                self.cursor, self.cursor.description, initial_buffer=self.cursor.fetchall()
            )


class BufferedDialect(duckdb_sqlalchemy.Dialect):  # type: ignore[misc] # the package is untyped
    """DuckDB with buffered results; known to SQLAlchemy as ``duckdb+buffered``."""

    execution_ctx_cls = BufferedContext
    supports_statement_cache = True

    def connect(self, *arguments: Any, **settings: Any) -> Any:  # noqa: ANN401 - the package is untyped
        """Open the file, so that the names of its internal tables are found too."""
        connection = super().connect(*arguments, **settings)
        connection.execute(f"SET search_path = 'main,{tables.INTERNAL}'")
        return connection


registry.register("duckdb.buffered", "expectations.engine", "BufferedDialect")


def open_file(context: EphemeralDataContext, path: Path, config: Mapping[str, Any]) -> SQLDatasource:
    """Add a DuckDB file as a read-only data source, with DuckDB's settings for its connections."""
    arguments: dict[str, Any] = {"connect_args": {"read_only": True, "config": dict(config)}, "poolclass": NullPool}
    return context.data_sources.add_sql(name="city", connection_string=f"duckdb+buffered:///{path}", kwargs=arguments)
