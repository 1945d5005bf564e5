-- spreading_conserves: per meter and kind, the days add up to the accepted readings, to the last digit.
WITH scales AS (
    SELECT DISTINCT unit, energy_type, scale FROM counted_units WHERE rule_id IS NULL
),
accepted AS (
    SELECT r.meter_id, r.reading_kind,
        sum(CAST(CAST(r.quantity AS DECIMAL(26, 6)) * CAST(CAST(s.scale AS DECIMAL(24, 9)) * coalesce(m.multiplier, 1) AS DECIMAL(20, 9))
            AS DECIMAL(18, 6))) AS quantity
    FROM current_readings AS r
    JOIN meters AS m ON m.meter_id = r.meter_id AND r.started_at >= coalesce(m.valid_from, DATE '0001-01-01')
        AND r.started_at < coalesce(m.valid_to, DATE '9999-12-31')
    JOIN scales AS s ON s.unit = r.unit AND s.energy_type = m.energy_type
    GROUP BY ALL
),
spread AS (
    SELECT meter_id, reading_kind, sum(quantity) AS quantity FROM meter_days GROUP BY ALL
)
SELECT a.meter_id, a.reading_kind, a.quantity AS accepted, s.quantity AS spread
FROM accepted AS a
FULL JOIN spread AS s ON s.meter_id = a.meter_id AND s.reading_kind = a.reading_kind
WHERE a.quantity IS DISTINCT FROM s.quantity
