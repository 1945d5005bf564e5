-- row_account_tables: the account agrees with the tables themselves, so that no value was counted but not kept.
-- Reads activity_readings, quarantine, readings, register_states, returned_answers, source_files, waste_samples, weather_days.
WITH accounts AS (
    SELECT sha256, sum(rows_loaded) AS loaded, sum(rows_superseded) AS superseded, sum(rows_quarantined) AS held
    FROM source_files GROUP BY sha256
),
kept AS (
    SELECT source_sha256, known_to FROM readings WHERE reading_kind <> 'register'
    UNION ALL SELECT source_sha256, known_to FROM register_states
    UNION ALL SELECT source_sha256, known_to FROM activity_readings
    UNION ALL SELECT source_sha256, known_to FROM waste_samples
    UNION ALL SELECT source_sha256, known_to FROM weather_days
    UNION ALL SELECT source_sha256, CASE WHEN answer_outcome = 'superseded' THEN judged_at END AS known_to FROM returned_answers
        WHERE answer_outcome <> 'quarantined'
),
found AS (
    SELECT source_sha256, count(*) FILTER (known_to IS NULL) AS loaded, count(*) FILTER (known_to IS NOT NULL) AS superseded
    FROM kept GROUP BY source_sha256
),
held AS (
    SELECT source_sha256, count(*) AS held FROM quarantine GROUP BY source_sha256
)
SELECT a.sha256, a.loaded, f.loaded AS found_loaded, a.superseded, f.superseded AS found_superseded, a.held, h.held AS found_held
FROM accounts AS a
LEFT JOIN found AS f ON f.source_sha256 = a.sha256
LEFT JOIN held AS h ON h.source_sha256 = a.sha256
WHERE a.loaded <> coalesce(f.loaded, 0) OR a.superseded <> coalesce(f.superseded, 0) OR a.held <> coalesce(h.held, 0)
