-- catalogue_holds: every published table and column is the one the catalogue describes, with its type, in the schema of its tier.
-- Reads dictionary.
SELECT coalesce(d.table_name, c.table_name) AS table_name, coalesce(d.column_name, c.column_name) AS column_name,
    d.column_type AS described, c.data_type AS found
FROM (FROM dictionary WHERE column_name IS NOT NULL) AS d
FULL JOIN (
    SELECT schema_name, table_name, column_name, data_type FROM duckdb_columns()
    WHERE NOT internal AND database_name = current_database()
) AS c ON c.table_name = d.table_name AND c.column_name = d.column_name
WHERE d.column_type IS DISTINCT FROM c.data_type OR (d.tier = 'internal') <> (c.schema_name = 'internal')
