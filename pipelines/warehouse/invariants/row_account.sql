-- row_account: every value of every file stands in exactly one place: received = loaded + superseded + quarantined + blank.
-- Reads source_files.
SELECT sha256, source, path, rows_received, rows_loaded, rows_superseded, rows_quarantined, rows_blank
FROM source_files
WHERE rows_received <> rows_loaded + rows_superseded + rows_quarantined + rows_blank
