-- counted_days: one row per meter, day, band and unit that counts: the kind of reading meters.csv names on that day,
-- joined with the days on which data is expected. A day has bands day and night as soon as one of them came.
-- is_covered: all 24 hours have a value that says its hours, or a day's and a night's value that do not.
-- Inputs: meter_days, meter_versions, expected_days.
WITH present AS (
    SELECT d.*, v.reading_kind AS counted_kind,
        CASE WHEN d.reading_kind = 'delivery' THEN coalesce(v.delivery_rule, 'on_day') END AS booked
    FROM meter_days AS d
    JOIN meter_versions AS v
        ON v.meter_id = d.meter_id AND v.reading_kind = d.reading_kind AND d.local_date >= v.since AND d.local_date < v.until
),
covered AS (
    SELECT
        meter_id, local_date, any_value(counted_kind) AS reading_kind, bool_and(is_all_zero) AS is_all_zero,
        sum(clock_seconds) + least(coalesce(sum(covered_seconds - clock_seconds) FILTER (time_band = 'day'), 0),
            coalesce(sum(covered_seconds - clock_seconds) FILTER (time_band = 'night'), 0)) >= 86400 AS is_covered,
        bool_or(has_provisional) AS has_provisional, bool_or(has_estimate) AS has_estimate, any_value(booked) AS booked,
        sum(quantity) AS day_quantity, min(zero_file) AS zero_file, max(top_slot) AS top_slot,
        CASE WHEN bool_and(slot_seconds IS NOT NULL) AND min(slot_seconds) = max(slot_seconds) THEN min(slot_seconds) END AS slot_seconds
    FROM present
    GROUP BY meter_id, local_date
),
silent AS (
    SELECT e.meter_id, e.local_date, v.reading_kind
    FROM expected_days AS e
    JOIN meter_versions AS v ON v.meter_id = e.meter_id AND e.local_date >= v.since AND e.local_date < v.until
    ANTI JOIN covered AS c ON c.meter_id = e.meter_id AND c.local_date = e.local_date
)
SELECT
    p.meter_id, p.local_date, c.reading_kind, p.time_band, p.unit, p.quantity, c.is_covered, c.is_all_zero,
    c.has_provisional, c.has_estimate, c.booked, c.day_quantity, c.zero_file, c.top_slot, c.slot_seconds, e.meter_id IS NOT NULL AS expected
FROM present AS p
JOIN covered AS c ON c.meter_id = p.meter_id AND c.local_date = p.local_date
LEFT JOIN expected_days AS e ON e.meter_id = p.meter_id AND e.local_date = p.local_date
UNION ALL BY NAME
SELECT
    meter_id, local_date, reading_kind, 'all' AS time_band, NULL AS unit, NULL AS quantity, false AS is_covered,
    false AS is_all_zero, false AS has_provisional, false AS has_estimate, true AS expected
FROM silent
