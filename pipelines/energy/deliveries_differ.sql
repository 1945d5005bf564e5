-- deliveries_differ: the tanks and years whose row of delivery_closings states a total that the slips do not add up to: one is missing, or
-- written twice, or the statement is of something else. All tanks that the row closes, since nobody knows which.
-- Inputs: delivery_closings, closed_deliveries, counted_readings.
WITH stated AS (
    SELECT concat_ws(' ', 'delivery_closings.csv', fiscal_year, supplier, department, meter_id, unit) AS closing_row, quantity, unit
    FROM delivery_closings
    WHERE quantity IS NOT NULL
),
slips AS (
    SELECT meter_id, unit, first_date, delivered FROM counted_readings WHERE reading_kind = 'delivery' AND delivered IS NOT NULL
),
found AS (
    SELECT d.closing_row, coalesce(sum(s.delivered), 0) AS delivered
    FROM closed_deliveries AS d
    LEFT JOIN slips AS s ON s.meter_id = d.meter_id AND s.unit = d.unit AND s.first_date >= d.valid_from AND s.first_date < d.valid_to
    GROUP BY d.closing_row
)
SELECT d.meter_id, d.valid_from, d.valid_to, 'deliveries_differ' AS rule_id,
    to_json({stated: CAST(t.quantity AS DOUBLE), found: CAST(f.delivered AS DOUBLE), unit: t.unit, closing_row: t.closing_row}) AS evidence
FROM stated AS t
JOIN found AS f ON f.closing_row = t.closing_row
JOIN closed_deliveries AS d ON d.closing_row = t.closing_row
WHERE f.delivered <> t.quantity AND d.valid_from < d.valid_to
