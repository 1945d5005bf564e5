-- taken_tables: one row per table of a parsed file whose values are to be taken in, with its receipt.
-- Inputs: parsed_tables (Parquet), known_files.
SELECT t.batch_no, t.table_no, t.record, t.source_member, f.file_no, f.received_at, f.source AS source_folder
FROM parsed_tables AS t
JOIN known_files AS f ON f.sha256 = t.source_sha256 AND f.wanted = t.wanted AND f.member = t.file_member AND f.batch = t.batch
WHERE f.is_taken
