-- accepted_do_not_overlap: no two readings in use of one meter, kind and band cover the same moment.
-- A delivery of zero is a closing statement and stands beside the slips of its period.
SELECT meter_id, reading_kind, time_band, started_at, reach
FROM (
    SELECT *, max(ended_at) OVER (
        PARTITION BY meter_id, reading_kind, time_band, reading_kind = 'delivery' AND quantity = 0
        ORDER BY started_at, ended_at ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS reach
    FROM current_readings)
WHERE started_at < reach
