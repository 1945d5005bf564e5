-- site_results: one row per facility and fiscal year: its result, under which target, and what the plan's basis counted of energy.
-- Reads facility_results, targets, facility_years.
SELECT r.facility_id, r.fiscal_year, r.basis, r.target_id, r.is_inherited, r.baseline_low_co2e_kg, r.baseline_high_co2e_kg, r.allowed_co2e_kg,
    r.allowed_high_co2e_kg, r.actual_low_co2e_kg, r.actual_high_co2e_kg, r.coverage, r.verdict, r.reasons, r.year_state, r.collecting_note,
    r.method_marks, t.base_fy, t.target_fy, t.reduction_rate, t.path_status, t.subject_kind, t.source AS target_source,
    y.energy_gj, y.crude_oil_kl, y.electricity_kwh, y.city_gas_m3, y.co2e_t, y.floor_area_m2, y.is_provisional
FROM facility_results AS r
LEFT JOIN (SELECT * FROM targets QUALIFY row_number() OVER (PARTITION BY target_id ORDER BY adopted_on DESC NULLS LAST, subject_id) = 1) AS t
    ON t.target_id = r.target_id
LEFT JOIN facility_years AS y ON y.facility_id = r.facility_id AND y.fiscal_year = r.fiscal_year
QUALIFY row_number() OVER (PARTITION BY r.facility_id, r.fiscal_year ORDER BY r.basis <> 'plan', r.basis) = 1
ORDER BY r.facility_id, r.fiscal_year
