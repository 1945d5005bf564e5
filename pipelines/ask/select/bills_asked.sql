-- bills_asked: a meter whose bills are entered by hand, and a month of a fiscal year: by whom, under which contract, what last year's bill of the
-- month said. Bills count in the month in which they end. ratio: the constant by which all bills of the last two years follow the register;
-- index_then: the state at which the bill before the year ended.
-- Reads contracts, current_readings, energy_types, facilities, facility_periods, meters.
WITH months AS (
    SELECT CAST(unnest(generate_series(CAST($start AS TIMESTAMP), CAST($end AS TIMESTAMP) - INTERVAL 1 DAY, INTERVAL 1 MONTH)) AS DATE) AS month
),
bills AS (
    SELECT meter_id, started_at, ended_at, quantity, unit, index_after, index_after - index_before AS moved,
        CAST(date_trunc('month', ended_at - INTERVAL 1 MICROSECOND) AS DATE) AS month
    FROM current_readings
    WHERE reading_kind = 'bill' AND time_band = 'all' AND ended_at > CAST($start AS TIMESTAMP) - INTERVAL 2 YEAR
        AND ended_at <= CAST($end AS TIMESTAMP)
),
before AS (
    SELECT meter_id, CAST(month + INTERVAL 1 YEAR AS DATE) AS month, sum(quantity) AS quantity_before, min(unit) AS unit_before
    FROM bills
    GROUP BY meter_id, month
    HAVING count(DISTINCT unit) = 1
),
moved AS (
    SELECT meter_id, quantity, moved, round(arg_max(quantity / moved, moved) OVER (PARTITION BY meter_id)) AS ratio FROM bills WHERE moved > 0
),
ratios AS (
    SELECT meter_id, CAST(min(ratio) AS BIGINT) AS ratio FROM moved GROUP BY meter_id HAVING bool_and(abs(quantity - moved * ratio) < 1)
),
ends AS (
    SELECT meter_id, arg_max(index_after, ended_at) AS index_then
    FROM bills
    WHERE ended_at > CAST($start AS TIMESTAMP) - INTERVAL 31 DAY AND ended_at <= CAST($start AS TIMESTAMP) + INTERVAL 3 DAY
    GROUP BY meter_id
)
SELECT m.meter_id, m.facility_id, f.name, coalesce(p.department, f.department) AS department, e.name_ja AS what, m.supply_point, c.supplier,
    c.contract_no, t.month, m.unit, b.quantity_before, b.unit_before, r.ratio, n.index_then
FROM meters AS m
JOIN months AS t ON t.month < coalesce(m.valid_to, DATE '9999-12-31') AND t.month + INTERVAL 1 MONTH > coalesce(m.valid_from, DATE '0001-01-01')
JOIN facilities AS f ON f.facility_id = m.facility_id
JOIN energy_types AS e ON e.energy_type = m.energy_type
LEFT JOIN facility_periods AS p ON p.facility_id = m.facility_id AND p.department IS NOT NULL
    AND coalesce(p.valid_from, DATE '0001-01-01') <= $start AND coalesce(p.valid_to, DATE '9999-12-31') > $start
LEFT JOIN contracts AS c ON c.meter_id = m.meter_id
    AND t.month < coalesce(c.valid_to, DATE '9999-12-31') AND t.month + INTERVAL 1 MONTH > coalesce(c.valid_from, DATE '0001-01-01')
LEFT JOIN before AS b ON b.meter_id = m.meter_id AND b.month = t.month
LEFT JOIN ratios AS r ON r.meter_id = m.meter_id
LEFT JOIN ends AS n ON n.meter_id = m.meter_id
WHERE m.reading_kind = 'bill' AND t.month < coalesce(f.closed_on, DATE '9999-12-31') AND t.month + INTERVAL 1 MONTH > coalesce(f.opened_on, DATE '0001-01-01')
QUALIFY row_number() OVER (PARTITION BY m.meter_id, t.month ORDER BY m.valid_from DESC NULLS LAST, c.valid_from DESC NULLS LAST, c.contract_no) = 1
ORDER BY department, m.facility_id, m.meter_id, t.month
