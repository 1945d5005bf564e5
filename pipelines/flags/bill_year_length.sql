-- bill_year_length: meters counted by twelve bills whose year covers fewer than 350 or more than 380 days, in the last closed year;
-- more than 380 in a base year, too, whose level it would raise. Where the next year is not counted by bills, the days to 31 March
-- stay in this one.
-- Inputs: bill_years, meter_allocations, targets. Parameter: last_closed.
WITH years AS (
    SELECT b.meter_id, b.fiscal_year, b.first_date,
        CASE WHEN b.is_whole AND n.meter_id IS NULL THEN greatest(b.last_date, make_date(b.fiscal_year + 1, 4, 1) - 1) ELSE b.last_date END AS last_date
    FROM bill_years AS b
    LEFT JOIN bill_years AS n ON n.meter_id = b.meter_id AND n.basis = b.basis AND n.fiscal_year = b.fiscal_year + 1
)
SELECT a.facility_id, y.fiscal_year, y.meter_id AS subject, NULL AS co2e_at_stake_kg,
    to_json({days: max(y.last_date) - y.first_date + 1, first: strftime(y.first_date, '%Y-%m-%d'), last: strftime(max(y.last_date), '%Y-%m-%d')}) AS evidence
FROM years AS y
JOIN meter_allocations AS a
    ON a.meter_id = y.meter_id AND a.facility_share > 0 AND a.facility_id <> 'outside'
    AND a.valid_from < make_date(y.fiscal_year + 1, 4, 1) AND a.valid_to > make_date(y.fiscal_year, 4, 1)
GROUP BY a.facility_id, y.fiscal_year, y.meter_id, y.first_date
HAVING y.fiscal_year = CAST($last_closed AS INTEGER) AND max(y.last_date) - y.first_date + 1 NOT BETWEEN 350 AND 380
    OR y.fiscal_year IN (SELECT base_fy FROM targets) AND max(y.last_date) - y.first_date + 1 > 380
