-- intake_counts: one row: files, unreadable ones, late sources, values held back (of a path the latest content, see held_back), unknown words, superseded readings.
-- Reads expected_inputs, quarantine, readings, source_files, unknown_names.
WITH standing AS (
    SELECT s.sha256 FROM source_files AS s
    ANTI JOIN source_files AS later
        ON later.source = s.source AND later.path = s.path AND later.sha256 <> s.sha256 AND later.status = 'read' AND later.received_at > s.received_at
    WHERE s.status = 'read'
)
SELECT (SELECT count(*) FROM source_files) AS files, (SELECT count(*) FROM source_files WHERE status = 'unreadable') AS unreadable,
    (SELECT count(*) FROM expected_inputs WHERE is_late) AS late, (SELECT count(*) FROM quarantine WHERE source_sha256 IN (FROM standing)) AS held,
    (SELECT count(*) FROM unknown_names) AS unknown, (SELECT count(*) FROM readings WHERE known_to IS NOT NULL) AS superseded
