-- activity_readings: one row per usable activity figure; superseded ones stay.
-- Inputs: candidates, losers, known_files.
SELECT
    c.owner_id AS activity_source_id, c.started_at, c.ended_at, c.quantity, c.unit, c.substance, c.note, c.slip_no, c.quality,
    c.stage, c.issued_on, f.sha256 AS source_sha256, nullif(c.source_member, '') AS source_member, c.source_line,
    c.source_column, c.received_at AS known_from, l.known_to
FROM candidates AS c
JOIN known_files AS f ON f.file_no = c.file_no
LEFT JOIN losers AS l ON l.candidate_id = c.candidate_id
WHERE c.record = 'activity'
