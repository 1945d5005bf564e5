-- further_days: the days of every longer reading that covers a touched day, as far as they are not touched yet.
-- Inputs: long_kept, touched_days.
WITH crossing AS (
    SELECT l.* FROM long_kept AS l
    SEMI JOIN touched_days AS t
        ON t.meter_id = l.meter_id AND t.reading_kind = l.reading_kind AND t.local_date BETWEEN l.first_date AND l.last_date
),
days AS (
    SELECT DISTINCT meter_id, reading_kind,
        CAST(unnest(generate_series(CAST(first_date AS TIMESTAMP), CAST(last_date AS TIMESTAMP), INTERVAL 1 DAY)) AS DATE) AS local_date
    FROM crossing
)
FROM days ANTI JOIN touched_days USING (meter_id, reading_kind, local_date)
