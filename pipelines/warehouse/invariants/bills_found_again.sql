-- bills_found_again: per meter and fiscal year, the days of its bills hold at least the bills that lie within the year and at most
-- those that touch it: to the digit where no bill crosses 1 April. What conserves over all time may still stand in the wrong year.
-- Inputs: current_readings, meters, counted_units, meter_days.
WITH bills AS (
    SELECT r.meter_id, fiscal_year_of(CAST(r.started_at AS DATE)) AS first_fy,
        fiscal_year_of(CAST(r.ended_at - INTERVAL 1 MICROSECOND AS DATE)) AS last_fy,
        CAST(CAST(r.quantity AS DECIMAL(26, 6)) * CAST(CAST(u.scale AS DECIMAL(24, 9)) * coalesce(m.multiplier, 1) AS DECIMAL(20, 9))
            AS DECIMAL(18, 6)) AS quantity
    FROM current_readings AS r
    JOIN meters AS m
        ON m.meter_id = r.meter_id AND r.started_at >= coalesce(m.valid_from, DATE '0001-01-01')
        AND r.started_at < coalesce(m.valid_to, DATE '9999-12-31')
    JOIN (SELECT DISTINCT unit, energy_type, scale FROM counted_units WHERE rule_id IS NULL) AS u
        ON u.unit = r.unit AND u.energy_type = m.energy_type
    WHERE r.reading_kind = 'bill'
),
years AS (
    SELECT meter_id, fiscal_year, sum(quantity) FILTER (first_fy = last_fy) AS within, sum(quantity) AS touching
    FROM (SELECT *, unnest(range(first_fy, last_fy + 1)) AS fiscal_year FROM bills)
    GROUP BY ALL
),
days AS (
    SELECT meter_id, fiscal_year_of(local_date) AS fiscal_year, sum(quantity) AS quantity
    FROM meter_days
    WHERE reading_kind = 'bill'
    GROUP BY ALL
)
SELECT h.facility_id, coalesce(y.fiscal_year, d.fiscal_year) AS fiscal_year, y.within, d.quantity AS days, y.touching
FROM years AS y
FULL JOIN days AS d ON d.meter_id = y.meter_id AND d.fiscal_year = y.fiscal_year
JOIN (SELECT DISTINCT meter_id, facility_id FROM meters) AS h ON h.meter_id = coalesce(y.meter_id, d.meter_id)
WHERE NOT coalesce(d.quantity BETWEEN coalesce(y.within, 0) AND y.touching, false)
