-- restatements: a total once published that changed, since a moment; is_closed: an operator has closed that fiscal year.
-- Reads facilities, restatements, year_closings.
SELECT r.published_time, r.facility_id, f.name, r.fiscal_year, r.basis, r.year_rule, r.before_co2e_kg, r.after_co2e_kg,
    r.data_co2e_kg, r.register_co2e_kg, r.factor_co2e_kg, r.method_co2e_kg, r.inputs_changed, r.run_id,
    EXISTS (SELECT 1 FROM year_closings AS c WHERE c.fiscal_year = r.fiscal_year) AS is_closed
FROM restatements AS r
LEFT JOIN facilities AS f ON f.facility_id = r.facility_id
WHERE r.published_time >= CAST($since AS TIMESTAMP)
ORDER BY r.published_time DESC, r.facility_id, r.fiscal_year, r.basis, r.year_rule
