-- site_basis_days: the emission days of those facility-years on the plan's basis, each source by the rule of the year in force for it.
-- Reads all_emission_days, site_basis_years, bill_years.
SELECT d.facility_id, d.fiscal_year, d.source_kind, d.source_id, d.source_type, d.facility_share, d.local_date, d.counted_on, d.unit, d.gas,
    d.quantity, d.emissions_kg, d.co2e_kg, d.factor_id, d.state, d.reason
FROM all_emission_days AS d
SEMI JOIN site_basis_years AS y ON y.facility_id = d.facility_id AND y.fiscal_year = d.fiscal_year
LEFT JOIN bill_years AS b ON b.meter_id = d.source_id AND b.basis = d.basis AND b.fiscal_year = d.fiscal_year
WHERE d.basis = 'plan' AND d.year_rule = CASE WHEN b.rule_id IS NULL THEN 'by_day' ELSE 'twelve_bills' END
