-- answer_values: the answered rows of sheets that came back, as they were read. Reads parsed_values, parsed_tables (Parquet).
SELECT t.source_sha256, t.batch, coalesce(t.source_member, '') AS source_member, v.source_line, v.note
FROM parsed_values AS v
JOIN parsed_tables AS t ON t.batch_no = v.batch_no AND t.table_no = v.table_no
WHERE t.record = 'answer'
ORDER BY ALL
