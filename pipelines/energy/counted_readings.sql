-- counted_readings: the readings in use, in the unit they are counted in (exact; the check held back what is not).
-- Inputs: current_readings, meters, counted_units.
WITH scales AS (
    SELECT DISTINCT unit, energy_type, counted_unit, scale FROM counted_units WHERE rule_id IS NULL
),
versions AS (
    SELECT meter_id, energy_type, coalesce(multiplier, 1) AS multiplier, coalesce(valid_from, DATE '0001-01-01') AS since,
        coalesce(valid_to, DATE '9999-12-31') AS until
    FROM meters
)
SELECT
    r.meter_id, r.reading_kind, r.time_band, r.started_at, r.ended_at, s.counted_unit AS unit,
    CAST(CAST(r.quantity AS DECIMAL(26, 6)) * CAST(CAST(s.scale AS DECIMAL(24, 9)) * v.multiplier AS DECIMAL(20, 9)) AS DECIMAL(18, 6)) AS quantity,
    r.reading_kind <> 'delivery' OR r.quantity = 0 AS covers, r.stage = 'provisional' AS is_provisional,
    r.quality IN ('supplier_estimated', 'interpolated') AS is_estimate,
    CAST(r.started_at AS DATE) AS first_date, CAST(r.ended_at - INTERVAL 1 MICROSECOND AS DATE) AS last_date
FROM current_readings AS r
JOIN versions AS v ON v.meter_id = r.meter_id AND r.started_at >= v.since AND r.started_at < v.until
JOIN scales AS s ON s.unit = r.unit AND s.energy_type = v.energy_type
