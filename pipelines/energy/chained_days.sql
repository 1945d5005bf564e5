-- chained_days: the days of bills whose register readings prove them: the state at the start is the one at which the bill before ended, and
-- the two differ by what is billed, in the ratio of the bill before (the meter's constant). Zeros and slips there are no question.
-- Input: current_readings.
WITH bills AS (
    SELECT meter_id, started_at, ended_at, quantity, index_before, index_after,
        lag(ended_at) OVER chain AS ended_before, lag(index_after) OVER chain AS index_then,
        lag(quantity) OVER chain AS quantity_then, lag(index_after - index_before) OVER chain AS moved_then
    FROM current_readings
    WHERE reading_kind = 'bill' AND time_band = 'all' AND quality = 'measured'
    WINDOW chain AS (PARTITION BY meter_id ORDER BY started_at, ended_at)
)
SELECT DISTINCT meter_id, CAST(unnest(generate_series(date_trunc('day', started_at), ended_at - INTERVAL 1 MICROSECOND, INTERVAL 1 DAY)) AS DATE) AS local_date
FROM bills
WHERE ended_before = started_at AND index_then = index_before AND index_after >= index_before AND moved_then > 0 AND quantity_then > 0
    AND CAST(micro(quantity) AS HUGEINT) * micro(moved_then) = CAST(micro(quantity_then) AS HUGEINT) * micro(index_after - index_before)
