-- intake_counts: one row: files, unreadable ones, late sources, values held back, unknown words, superseded readings.
-- Reads expected_inputs, quarantine, readings, source_files, unknown_names.
SELECT (SELECT count(*) FROM source_files) AS files, (SELECT count(*) FROM source_files WHERE status = 'unreadable') AS unreadable,
    (SELECT count(*) FROM expected_inputs WHERE is_late) AS late, (SELECT count(*) FROM quarantine) AS held,
    (SELECT count(*) FROM unknown_names) AS unknown, (SELECT count(*) FROM readings WHERE known_to IS NOT NULL) AS superseded
