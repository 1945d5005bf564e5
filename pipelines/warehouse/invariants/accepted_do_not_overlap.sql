-- accepted_do_not_overlap: no two readings in use of one meter, kind and band cover the same moment.
-- A delivery of zero is a closing statement and stands beside the slips of its period, and slips of one period stand beside each other. Days of equal slots taken once need no
-- sorting (are_slots_apart); every other day is looked at with all readings that touch the day before and after.
-- Reads current_readings.
WITH in_use AS (
    SELECT *, quantity = 0 AS is_closing FROM current_readings WHERE reading_kind = 'delivery'
    QUALIFY quantity = 0 OR row_number() OVER (PARTITION BY meter_id, started_at, ended_at, quantity = 0 ORDER BY source_line) = 1
    UNION ALL
    SELECT *, false AS is_closing FROM current_readings WHERE reading_kind <> 'delivery'
),
days AS (
    SELECT meter_id, reading_kind, time_band, is_closing, CAST(started_at AS DATE) AS day,
        max(minutes_of(started_at, ended_at)) > 1440 AS is_long, are_slots_apart(started_at, ended_at) AS is_apart
    FROM in_use
    GROUP BY ALL
),
long_meters AS (
    SELECT DISTINCT meter_id, reading_kind FROM days WHERE is_long
),
unclear_days AS (
    SELECT DISTINCT meter_id, reading_kind, unnest([day - 1, day, day + 1]) AS day FROM days WHERE NOT is_apart
),
unclear AS (
    SELECT r.* FROM in_use AS r
    WHERE (r.meter_id, r.reading_kind) IN (SELECT (meter_id, reading_kind) FROM long_meters)
        OR (r.meter_id, r.reading_kind, CAST(r.started_at AS DATE)) IN (SELECT (meter_id, reading_kind, day) FROM unclear_days)
)
SELECT meter_id, reading_kind, time_band, started_at, reach
FROM (
    SELECT *, max(ended_at) OVER (
        PARTITION BY meter_id, reading_kind, time_band, is_closing
        ORDER BY started_at, ended_at ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS reach
    FROM unclear)
WHERE started_at < reach
