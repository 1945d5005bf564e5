"""The DuckDB file: opening it, filling tables from .sql files, publishing by swap."""
