-- waste_samples: one row per usable line of a composition analysis; superseded ones stay.
-- Inputs: candidates, losers, known_files, waste_categories.
SELECT
    c.key AS facility_id, CAST(c.started_at AS DATE) AS sampled_on, c.category, w.activity, c.quantity AS percent, c.basis,
    c.moisture_percent, c.laboratory, c.stage, c.issued_on, f.sha256 AS source_sha256, nullif(c.source_member, '') AS source_member, c.source_line,
    c.source_column, c.received_at AS known_from, l.known_to
FROM candidates AS c
JOIN known_files AS f ON f.file_no = c.file_no
LEFT JOIN waste_categories AS w ON w.category = c.category
LEFT JOIN losers AS l ON l.candidate_id = c.candidate_id
WHERE c.record = 'composition'
