-- site_half_hours: one row per meter of bought electricity read by the half hour and day of the span that counts for it: its half hours from 0:00 in
-- millionths of the unit it is counted in (where fewer than 48 have a reading, slots says which) and the worst state of the day. Readings of
-- another length stand in none of it; nothing is shared out. Facilities whose publication is withheld have no row. Parameters: first, end.
-- Reads meters, facilities, counted_units, current_readings, energy_by_meter_day.
WITH versions AS (
    SELECT m.meter_id, m.facility_id, m.energy_type, CAST(coalesce(m.multiplier, 1) AS DECIMAL(12, 6)) AS multiplier,
        CAST(coalesce(m.valid_from, DATE '0001-01-01') AS TIMESTAMP) AS since, CAST(coalesce(m.valid_to, DATE '9999-12-31') AS TIMESTAMP) AS until
    FROM meters AS m
    JOIN facilities AS f ON f.facility_id = m.facility_id
    WHERE m.energy_type = 'electricity' AND m.reading_kind = 'interval' AND coalesce(m.role, 'main') = 'main'
        AND coalesce(f.publication, 'public') <> 'withheld'
),
scales AS (
    SELECT DISTINCT unit, energy_type, counted_unit, scale FROM counted_units WHERE rule_id IS NULL
),
halves AS (
    SELECT v.facility_id, v.meter_id, CAST(r.started_at AS DATE) AS local_date, s.counted_unit AS unit,
        hour(r.started_at) * 2 + minute(r.started_at) // 30 AS slot,
        CAST(CAST(CAST(r.quantity AS DECIMAL(26, 6)) * CAST(CAST(s.scale AS DECIMAL(24, 9)) * v.multiplier AS DECIMAL(20, 9)) AS DECIMAL(18, 6))
            * 1000000 AS BIGINT) AS amount
    FROM current_readings AS r
    JOIN versions AS v ON v.meter_id = r.meter_id AND r.started_at >= v.since AND r.started_at < v.until
    JOIN scales AS s ON s.unit = r.unit AND s.energy_type = v.energy_type
    WHERE r.reading_kind = 'interval' AND r.time_band = 'all' AND r.started_at >= CAST($first AS TIMESTAMP) AND r.started_at < CAST($end AS TIMESTAMP)
        AND r.ended_at - r.started_at = INTERVAL 30 MINUTE AND minute(r.started_at) % 30 = 0 AND second(r.started_at) = 0
),
read_days AS (
    SELECT facility_id, meter_id, local_date, any_value(unit) AS unit, list(amount ORDER BY slot) AS amounts,
        CASE WHEN count(*) < 48 THEN list(slot ORDER BY slot) END AS slots
    FROM halves
    GROUP BY facility_id, meter_id, local_date
),
expected_days AS (
    SELECT v.facility_id, v.meter_id, e.local_date, bool_or(e.state = 'doubtful') AS is_doubtful, bool_or(e.state = 'missing') AS is_missing,
        bool_or(e.state = 'interpolated') AS is_interpolated
    FROM energy_by_meter_day AS e
    JOIN versions AS v ON v.meter_id = e.meter_id AND e.local_date >= CAST(v.since AS DATE) AND e.local_date < CAST(v.until AS DATE)
    WHERE e.local_date >= $first AND e.local_date < $end
    GROUP BY v.facility_id, v.meter_id, e.local_date
)
SELECT facility_id, meter_id, local_date, r.unit, r.slots, r.amounts,
    CASE WHEN e.is_doubtful THEN 'doubtful' WHEN e.is_missing THEN 'missing' WHEN e.is_interpolated THEN 'interpolated' ELSE 'measured' END AS state
FROM expected_days AS e
LEFT JOIN read_days AS r USING (facility_id, meter_id, local_date)
WHERE (facility_id, meter_id) IN (SELECT (facility_id, meter_id) FROM read_days)
ORDER BY facility_id, meter_id, local_date
