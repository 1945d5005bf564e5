-- spreading_conserves: per meter and kind, the days add up to the accepted readings, to the last digit; of a tank whose stock is stated
-- by as much as that more (what no slip explains) or less (what is not used yet).
-- Reads counted_units, current_readings, meter_days, meters, closed_deliveries.
WITH scales AS (
    SELECT DISTINCT unit, energy_type, scale FROM counted_units WHERE rule_id IS NULL
),
versions AS (
    SELECT m.meter_id, s.unit, CAST(CAST(s.scale AS DECIMAL(24, 9)) * coalesce(m.multiplier, 1) AS DECIMAL(20, 9)) AS scale,
        coalesce(m.valid_from, DATE '0001-01-01') AS since, coalesce(m.valid_to, DATE '9999-12-31') AS until
    FROM meters AS m
    JOIN scales AS s ON s.energy_type = m.energy_type
),
accepted AS (
    SELECT r.meter_id, r.reading_kind,
        sum(CASE WHEN v.scale = 1 THEN r.quantity ELSE CAST(CAST(r.quantity AS DECIMAL(26, 6)) * v.scale AS DECIMAL(18, 6)) END) AS quantity
    FROM current_readings AS r
    JOIN versions AS v ON v.meter_id = r.meter_id AND v.unit = r.unit AND r.started_at >= v.since AND r.started_at < v.until
    GROUP BY ALL
),
spread AS (
    SELECT meter_id, reading_kind, sum(quantity) AS quantity FROM meter_days GROUP BY ALL
),
stated AS (
    SELECT meter_id, reading_kind, sum(coalesce(stock, 0)) AS stock FROM closed_deliveries GROUP BY ALL
)
SELECT coalesce(a.meter_id, s.meter_id) AS meter_id, a.reading_kind, a.quantity AS accepted, s.quantity AS spread
FROM accepted AS a
FULL JOIN spread AS s ON s.meter_id = a.meter_id AND s.reading_kind = a.reading_kind
LEFT JOIN stated AS t ON t.meter_id = coalesce(a.meter_id, s.meter_id) AND t.reading_kind = coalesce(a.reading_kind, s.reading_kind)
WHERE CASE WHEN t.meter_id IS NULL THEN a.quantity IS DISTINCT FROM s.quantity
    ELSE abs(coalesce(a.quantity, 0) - coalesce(s.quantity, 0)) > t.stock END
