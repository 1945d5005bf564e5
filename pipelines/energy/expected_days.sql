-- expected_days: one row per meter and day on which data is expected: the meter is in force, its facility open,
-- the day is over. Silence on such a day is a missing day, never a saving.
-- Inputs: meter_versions, facilities, day_windows. Parameters: first_day (of the first year that any target looks at), today.
WITH spans AS (
    SELECT v.meter_id, greatest(v.since, coalesce(f.opened_on, v.since), CAST($first_day AS DATE), w.since) AS since,
        least(v.until, coalesce(f.closed_on, v.until), CAST($today AS DATE), w.until) AS until
    FROM meter_versions AS v
    JOIN facilities AS f ON f.facility_id = v.facility_id
    JOIN day_windows AS w ON w.meter_id = v.meter_id
)
SELECT meter_id, CAST(unnest(generate_series(CAST(since AS TIMESTAMP), CAST(until - 1 AS TIMESTAMP), INTERVAL 1 DAY)) AS DATE) AS local_date
FROM spans
WHERE since < until
