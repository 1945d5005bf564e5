-- expected_days: one row per meter and day on which data is expected: the meter is in force, a facility at which it counts (or is shown)
-- is open, the day is over. What is expected follows the shares: whatever happens to a shared meter's home, the others wait for it.
-- Silence on such a day is a missing day, never a saving.
-- Inputs: meter_allocations, facilities, window_months (those that are looked at). Parameters: first_day (of the first year that any target looks at), today.
WITH spans AS (
    SELECT a.meter_id, greatest(a.valid_from, coalesce(f.opened_on, a.valid_from), CAST($first_day AS DATE), w.month) AS since,
        least(a.valid_to, coalesce(f.closed_on, a.valid_to), CAST($today AS DATE), last_day(w.month) + 1) AS until
    FROM meter_allocations AS a
    JOIN facilities AS f ON f.facility_id = a.facility_id
    JOIN window_months AS w ON w.meter_id = a.meter_id
)
SELECT DISTINCT meter_id, CAST(unnest(generate_series(CAST(since AS TIMESTAMP), CAST(until - 1 AS TIMESTAMP), INTERVAL 1 DAY)) AS DATE) AS local_date
FROM spans
WHERE since < until
