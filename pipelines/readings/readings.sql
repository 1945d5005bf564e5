-- readings: one row per usable value of a meter; the losers among rivals stay, with the time they were superseded.
-- Inputs: candidates, losers, known_files.
SELECT
    c.owner_id AS meter_id, c.kind AS reading_kind, c.time_band, c.started_at, c.ended_at, c.quantity, c.unit, c.quality,
    c.stage, c.issued_on, f.sha256 AS source_sha256, nullif(c.source_member, '') AS source_member, c.source_line,
    c.source_column, c.received_at AS known_from, l.known_to, c.amount_yen, c.demand_kw
FROM candidates AS c
JOIN known_files AS f ON f.file_no = c.file_no
LEFT JOIN losers AS l ON l.candidate_id = c.candidate_id
WHERE c.record = 'reading'
