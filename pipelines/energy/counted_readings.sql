-- counted_readings: the readings in use, in the unit they are counted in (exact; the check held back what is not).
-- Interval values of electricity are told apart by day and night while the Act counts them differently (施行規則別表第三,
-- to FY2022); a slot that crosses the hour stays undivided. states_hours: the value says itself which hours it covers.
-- zero_file: the file that says zero.
-- A delivery counts on its day, or where meters.csv says spread until the next one (the last: until the last closing statement).
-- Inputs: current_readings, meters, counted_units, thresholds (the hours).
WITH scales AS (
    SELECT DISTINCT unit, energy_type, counted_unit, scale FROM counted_units WHERE rule_id IS NULL
),
versions AS (
    SELECT m.meter_id, m.energy_type, m.delivery_rule, s.unit, s.counted_unit,
        CAST(CAST(s.scale AS DECIMAL(24, 9)) * coalesce(m.multiplier, 1) AS DECIMAL(20, 9)) AS scale,
        coalesce(m.valid_from, DATE '0001-01-01') AS since, coalesce(m.valid_to, DATE '9999-12-31') AS until
    FROM meters AS m
    JOIN scales AS s ON s.energy_type = m.energy_type
),
hours AS (
    SELECT CAST(any_value(value) FILTER (threshold_id = 'day_tariff_from') AS INTEGER) * 3600 AS day_from,
        CAST(any_value(value) FILTER (threshold_id = 'day_tariff_to') AS INTEGER) * 3600 AS day_to,
        coalesce(any_value(valid_to) FILTER (threshold_id = 'day_tariff_from'), DATE '0001-01-01') AS ends_on
    FROM thresholds
),
closings AS (
    SELECT meter_id, max(ended_at) AS closed_until FROM current_readings WHERE reading_kind = 'delivery' AND quantity = 0 GROUP BY meter_id
),
spread_deliveries AS (
    SELECT r.* REPLACE (coalesce(
        min(r.started_at) OVER (PARTITION BY r.meter_id ORDER BY r.started_at
            RANGE BETWEEN INTERVAL 1 MICROSECOND FOLLOWING AND UNBOUNDED FOLLOWING),
        CASE WHEN c.closed_until > r.ended_at THEN c.closed_until END, r.ended_at) AS ended_at)
    FROM current_readings AS r
    LEFT JOIN closings AS c ON c.meter_id = r.meter_id
    WHERE r.reading_kind = 'delivery' AND r.quantity <> 0
        AND r.meter_id IN (SELECT meter_id FROM versions WHERE delivery_rule = 'spread')
),
in_use AS (
    SELECT * FROM current_readings
    WHERE reading_kind <> 'delivery' OR quantity = 0 OR meter_id NOT IN (SELECT meter_id FROM versions WHERE delivery_rule = 'spread')
    UNION ALL BY NAME FROM spread_deliveries
),
counted AS (
    SELECT
        r.meter_id, r.reading_kind, r.time_band, r.started_at, r.ended_at, v.counted_unit AS unit, v.energy_type,
        CASE WHEN v.scale = 1 THEN r.quantity
            ELSE CAST(CAST(r.quantity AS DECIMAL(26, 6)) * v.scale AS DECIMAL(18, 6)) END AS quantity,
        r.reading_kind <> 'delivery' OR r.quantity = 0 AS covers, r.stage = 'provisional' AS is_provisional,
        r.quality IN ('supplier_estimated', 'interpolated') AS is_estimate,
        CASE WHEN r.quantity = 0 THEN r.source_sha256 END AS zero_file, CAST(r.started_at AS DATE) AS first_date, CAST(r.ended_at - INTERVAL 1 MICROSECOND AS DATE) AS last_date
    FROM in_use AS r
    JOIN versions AS v ON v.meter_id = r.meter_id AND v.unit = r.unit AND r.started_at >= v.since AND r.started_at < v.until
)
SELECT
    c.meter_id, c.reading_kind, c.started_at, c.ended_at, c.unit, c.quantity, c.covers, c.is_provisional, c.is_estimate,
    c.zero_file, c.first_date, c.last_date, c.time_band = 'all' AS states_hours,
    CASE
        WHEN c.reading_kind <> 'interval' OR c.time_band <> 'all' OR c.energy_type <> 'electricity' OR c.first_date >= h.ends_on
            THEN c.time_band
        WHEN second_of_day(c.first_date, c.started_at) >= h.day_from AND second_of_day(c.first_date, c.ended_at) <= h.day_to THEN 'day'
        WHEN second_of_day(c.first_date, c.ended_at) <= h.day_from
            OR second_of_day(c.first_date, c.started_at) >= h.day_to AND second_of_day(c.first_date, c.ended_at) <= 86400 THEN 'night'
        ELSE c.time_band
    END AS time_band
FROM counted AS c
CROSS JOIN hours AS h
