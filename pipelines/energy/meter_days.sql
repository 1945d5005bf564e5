-- meter_days: one row per meter, kind, day, band and unit. A reading within a day counts there; a longer one is spread.
-- Spreading conserves exactly: each day gets its whole millionths, the rest goes to the largest remainders, ties by date
-- (calendarisation by day). Whole days have equal weights, so the earliest days get the rest without any sorting.
-- Of values within the day: top_slot, the largest; slot_seconds, where all are equally long; flat_slot, where all say the same (two or
-- more, or one of a whole day). zero_file: a file that says zero.
-- Inputs: counted_readings, long_readings.
WITH within_day AS (
    SELECT meter_id, reading_kind, time_band, unit, first_date AS local_date, quantity,
        date_diff('second', started_at, ended_at) AS seconds, covers, states_hours, is_provisional, is_estimate, quantity = 0 AS is_zero,
        zero_file, CASE WHEN reading_kind = 'interval' THEN quantity END AS slot
    FROM counted_readings
    WHERE first_date = last_date
),
whole_days AS (
    SELECT *, last_date - first_date + 1 AS days, unnest(range(0, last_date - first_date + 1)) AS place
    FROM long_readings
    WHERE started_at = CAST(first_date AS TIMESTAMP)
        AND ended_at = CAST(last_date + 1 AS TIMESTAMP)
),
spread_evenly AS (
    SELECT meter_id, reading_kind, time_band, unit, CAST(first_date + CAST(place AS INTEGER) AS DATE) AS local_date,
        from_micro(micro(quantity) // days + CASE WHEN place < micro(quantity) % days THEN 1 ELSE 0 END) AS quantity,
        86400 AS seconds, covers, states_hours, is_provisional, is_estimate, quantity = 0 AS is_zero, zero_file
    FROM whole_days
),
parts AS (
    SELECT row_number() OVER () AS part_of, *, unnest(range(0, last_date - first_date + 1)) AS place
    FROM long_readings
    WHERE started_at <> CAST(first_date AS TIMESTAMP) OR ended_at <> CAST(last_date + 1 AS TIMESTAMP)
),
weighed AS (
    SELECT *, CAST(first_date + CAST(place AS INTEGER) AS DATE) AS local_date,
        date_diff('second', greatest(started_at, CAST(first_date + CAST(place AS INTEGER) AS TIMESTAMP)),
            least(ended_at, CAST(first_date + CAST(place AS INTEGER) + 1 AS TIMESTAMP))) AS seconds,
        date_diff('second', started_at, ended_at) AS all_seconds
    FROM parts
),
floored AS (
    SELECT *, CAST(micro(quantity) AS HUGEINT) * seconds // all_seconds AS whole,
        CAST(micro(quantity) AS HUGEINT) * seconds % all_seconds AS remainder
    FROM weighed
),
spread_by_seconds AS (
    SELECT meter_id, reading_kind, time_band, unit, local_date,
        from_micro(whole + CASE WHEN row_number() OVER (PARTITION BY part_of ORDER BY remainder DESC, local_date)
            <= micro(quantity) - sum(whole) OVER (PARTITION BY part_of) THEN 1 ELSE 0 END) AS quantity,
        seconds, covers, states_hours, is_provisional, is_estimate, quantity = 0 AS is_zero, zero_file
    FROM floored
)
SELECT
    meter_id, reading_kind, local_date, time_band, unit, sum(quantity) AS quantity,
    coalesce(sum(seconds) FILTER (covers), 0) AS covered_seconds,
    coalesce(sum(seconds) FILTER (covers AND states_hours), 0) AS clock_seconds,
    bool_and(is_zero) AS is_all_zero, bool_or(is_provisional) AS has_provisional, bool_or(is_estimate) AS has_estimate,
    min(zero_file) AS zero_file, max(slot) AS top_slot,
    CASE WHEN count(slot) = count(*) AND min(seconds) = max(seconds) THEN min(seconds) END AS slot_seconds,
    CASE WHEN count(slot) = count(*) AND min(slot) = max(slot) AND (count(*) > 1 OR min(seconds) = 86400) THEN min(slot) END AS flat_slot
FROM (FROM within_day UNION ALL BY NAME FROM spread_evenly UNION ALL BY NAME FROM spread_by_seconds)
GROUP BY meter_id, reading_kind, local_date, time_band, unit
