-- weather_days: one row per station, day and element in use, as observed, with the Agency's marks.
-- Inputs: candidates, losers, known_files.
SELECT
    c.key AS station, CAST(c.started_at AS DATE) AS local_date, c.category AS element, c.quantity AS value_observed,
    TRY_CAST(c.note AS SMALLINT) AS quality_mark, TRY_CAST(c.substance AS SMALLINT) AS homogeneity_no, f.sha256 AS source_sha256,
    c.source_line, c.source_column, c.stage, c.issued_on, c.received_at AS known_from, l.known_to
FROM candidates AS c
JOIN known_files AS f ON f.file_no = c.file_no
LEFT JOIN losers AS l ON l.candidate_id = c.candidate_id
WHERE c.record = 'weather'
