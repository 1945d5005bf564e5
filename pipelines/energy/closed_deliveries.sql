-- closed_deliveries: one row per tank and period of which the registers say that no further delivery came: a row of delivery_closings (of a
-- tank, of a supplier while its contract with the tank runs, of the department that has the facility on the last day of the year), or
-- a contract that has ended and no delivery after it. Only years that are over close. stock: what the tank held at the end, where the row
-- states it; without it the row closes the year, and says nothing of what was left in the tank. The row of a year
-- before the tank's first day or before its first delivery, which states no total, closes nothing and says what was in it then (valid_from = valid_to).
-- Inputs: delivery_closings, meters, contracts, facilities, facility_periods, energy_types, counted_units, current_readings. Parameter: today.
WITH tanks AS (
    SELECT m.meter_id, m.facility_id, coalesce(u.counted_unit, t.usual_unit) AS unit, coalesce(m.valid_from, DATE '0001-01-01') AS since,
        coalesce(m.valid_to, DATE '9999-12-31') AS until
    FROM meters AS m
    JOIN energy_types AS t ON t.energy_type = m.energy_type
    LEFT JOIN (SELECT energy_type, unit, min(counted_unit) AS counted_unit FROM counted_units WHERE rule_id IS NULL GROUP BY ALL) AS u
        ON u.energy_type = m.energy_type AND u.unit = m.unit
    WHERE m.reading_kind = 'delivery'
),
years AS (
    SELECT *, make_date(fiscal_year, 4, 1) AS since, make_date(fiscal_year + 1, 4, 1) AS until,
        concat_ws(' ', 'delivery_closings.csv', fiscal_year, supplier, department, meter_id, unit) AS closing_row
    FROM delivery_closings
    WHERE make_date(fiscal_year + 1, 4, 1) <= CAST($today AS DATE)
),
first_slips AS (
    SELECT meter_id, CAST(min(started_at) AS DATE) AS first_on FROM current_readings WHERE reading_kind = 'delivery' AND quantity <> 0 GROUP BY meter_id
),
closed AS (
    SELECT t.meter_id, t.unit, CASE WHEN y.stock IS NOT NULL AND y.quantity IS NULL AND t.until >= y.until AND coalesce(s.first_on >= y.until, true)
            THEN y.until ELSE greatest(t.since, y.since) END AS valid_from,
        least(t.until, y.until) AS valid_to, y.closing_row, y.stock
    FROM years AS y
    JOIN tanks AS t ON t.meter_id = y.meter_id AND coalesce(y.unit, t.unit) = t.unit AND t.until > y.since
    LEFT JOIN first_slips AS s ON s.meter_id = t.meter_id
    UNION ALL
    SELECT t.meter_id, t.unit, greatest(t.since, y.since, coalesce(c.valid_from, y.since)), least(t.until, y.until, coalesce(c.valid_to, y.until)),
        y.closing_row, NULL
    FROM years AS y
    JOIN contracts AS c ON y.supplier IN (c.supplier, c.supplier_no)
    JOIN tanks AS t ON t.meter_id = c.meter_id AND coalesce(y.unit, t.unit) = t.unit
    UNION ALL
    SELECT t.meter_id, t.unit, greatest(t.since, y.since), least(t.until, y.until), y.closing_row, NULL
    FROM years AS y
    JOIN tanks AS t ON coalesce(y.unit, t.unit) = t.unit
    JOIN facilities AS f ON f.facility_id = t.facility_id
    LEFT JOIN facility_periods AS p
        ON p.facility_id = f.facility_id AND y.until > coalesce(p.valid_from, DATE '0001-01-01') AND y.until <= coalesce(p.valid_to, DATE '9999-12-31')
    WHERE coalesce(p.department, f.department) = y.department
    UNION ALL
    SELECT e.meter_id, e.unit, e.valid_from, e.valid_to, 'contracts.csv valid_to', NULL
    FROM (
        SELECT t.meter_id, t.unit, c.valid_to AS ended_on, greatest(t.since, c.valid_to) AS valid_from,
            least(t.until, make_date(fiscal_year_of(CAST($today AS DATE)), 4, 1),
                coalesce(lead(c.valid_from) OVER (PARTITION BY t.meter_id, t.since ORDER BY c.valid_to NULLS LAST), DATE '9999-12-31')) AS valid_to
        FROM tanks AS t
        JOIN contracts AS c ON c.meter_id = t.meter_id) AS e
    WHERE e.ended_on IS NOT NULL AND NOT EXISTS (SELECT 1 FROM current_readings AS r
        WHERE r.meter_id = e.meter_id AND r.reading_kind = 'delivery' AND r.quantity <> 0 AND r.started_at >= e.valid_from AND r.started_at < e.valid_to)
)
SELECT meter_id, 'delivery' AS reading_kind, valid_from, valid_to, unit, closing_row, CAST(any_value(stock) AS DECIMAL(18, 6)) AS stock
FROM closed
WHERE valid_from < valid_to OR valid_from = valid_to AND stock IS NOT NULL
GROUP BY ALL
