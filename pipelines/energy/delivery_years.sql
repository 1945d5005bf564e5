-- delivery_years: one row per tank and fiscal year whose deliveries are spread: what was delivered, what of it came from before the year and
-- what goes on after it, and what is counted: delivered + carried in - carried out. carried: fuel that had come (or was stated as stock and
-- stands on no slip) less what was counted, at the edge of the year.
-- Inputs: counted_readings, meter_days, meters.
WITH spread_tanks AS (
    SELECT DISTINCT meter_id FROM meters WHERE delivery_rule = 'spread'
),
moves AS (
    SELECT meter_id, unit, fiscal_year_of(first_date) AS fiscal_year, sum(delivered) AS delivered, sum(brought) AS brought, 0 AS counted
    FROM counted_readings
    WHERE reading_kind = 'delivery' AND coalesce(delivered, brought) IS NOT NULL
    GROUP BY ALL
    UNION ALL
    SELECT meter_id, unit, fiscal_year_of(local_date), 0, 0, sum(quantity) FROM meter_days WHERE reading_kind = 'delivery' GROUP BY ALL
),
years AS (
    SELECT m.meter_id, m.unit, m.fiscal_year, coalesce(sum(m.delivered), 0) AS delivered, coalesce(sum(m.brought), 0) AS brought, sum(m.counted) AS counted
    FROM moves AS m
    SEMI JOIN spread_tanks AS t ON t.meter_id = m.meter_id
    GROUP BY ALL
),
summed AS (
    SELECT *, brought + coalesce(sum(delivered + brought - counted)
            OVER (PARTITION BY meter_id, unit ORDER BY fiscal_year ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS carried_in
    FROM years
)
SELECT meter_id, fiscal_year, unit, CAST(delivered AS DECIMAL(38, 6)) AS delivered_quantity, CAST(carried_in AS DECIMAL(38, 6)) AS carried_in_quantity,
    CAST(delivered + carried_in - counted AS DECIMAL(38, 6)) AS carried_out_quantity, CAST(counted AS DECIMAL(38, 6)) AS booked_quantity
FROM summed
