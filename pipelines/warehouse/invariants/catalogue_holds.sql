-- catalogue_holds: every published table and column is the one the catalogue describes, with its type.
-- Reads dictionary.
SELECT coalesce(d.table_name, c.table_name) AS table_name, coalesce(d.column_name, c.column_name) AS column_name,
    d.column_type AS described, c.data_type AS found
FROM dictionary AS d
FULL JOIN (
    SELECT table_name, column_name, data_type FROM duckdb_columns()
    WHERE NOT internal AND database_name = current_database() AND schema_name = 'main'
) AS c ON c.table_name = d.table_name AND c.column_name = d.column_name
WHERE d.column_type IS DISTINCT FROM c.data_type
