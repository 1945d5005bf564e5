-- bill_year_length: meters counted by twelve bills whose bills of a year cover fewer than 350 or more than 380 days, in the last closed year.
-- Inputs: bill_years, meter_allocations. Parameter: last_closed.
SELECT DISTINCT a.facility_id, b.fiscal_year, b.meter_id AS subject, NULL AS co2e_at_stake_kg,
    to_json({days: b.bill_days, first: strftime(b.first_date, '%Y-%m-%d'), last: strftime(b.last_date, '%Y-%m-%d')}) AS evidence
FROM bill_years AS b
JOIN meter_allocations AS a
    ON a.meter_id = b.meter_id AND a.facility_share > 0 AND a.facility_id <> 'outside'
    AND a.valid_from < make_date(b.fiscal_year + 1, 4, 1) AND a.valid_to > make_date(b.fiscal_year, 4, 1)
WHERE b.fiscal_year = CAST($last_closed AS INTEGER) AND b.bill_days NOT BETWEEN 350 AND 380
